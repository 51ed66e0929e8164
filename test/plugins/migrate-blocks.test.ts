// Every pair of server blocks of which one holds a plan: no query for its name passes the plan by, or the configuration is refused.
import { ask, freePort } from 'ferrydns/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const name = 'www.example.org';
const [a, b] = ['192.0.2.1', '198.51.100.1'] as const;
const planOf = (moved: string, from: string = a, to: string = b) => `migrate ${moved} {
  from ${from}
  to ${to}
  mode exclusive
  fence exec /bin/true
  ttl 2
  transition_ttl 1
  admin 127.0.0.1:0
}`;
const plan = planOf(name);

let upstream: Upstream;
let forward: string;
let port: number;
beforeAll(async () => {
  stopTime();
  const leading = [`${name} 2 A ${a}`];
  upstream = await startUpstream({ [`${name} A`]: leading, 'alias.other.net A': [`alias.other.net 2 CNAME ${name}`, ...leading], '* *': 'NXDOMAIN' });
  forward = `forward . ${upstream.endpoint}`;
  port = await freePort('127.0.0.1', '127.0.0.2');
});
afterAll(async () => {
  vi.useRealTimers();
  await upstream.stop();
});

interface Where {
  readonly zone: string;
  readonly port: number;
  readonly bind: string;
}

/** The server block at a place; `what` is the plan, what stands in its place, or nothing. */
const block = ({ zone, port: listening, bind }: Where, ...what: readonly string[]) =>
  `${zone}:${listening} {\nbind ${bind}\n${[...what, forward].join('\n')}\n}\n`;
const at = (zone: string, where = '0 127.0.0.1'): Where => ({ zone, port: Number(where.split(' ')[0]), bind: where.split(' ')[1] ?? '' });

/** Clients that are inside are taken by their own server block: everybody here is. */
const inside = "view inside {\nexpr incidr(client_ip(), '127.0.0.0/8')\n}";

/** A server whose plan is done: B is answered, and whatever passes the plan by answers A. */
async function moved(corefile: string): Promise<PlanServer> {
  const server = await servePlan(corefile);
  onTestFinished(() => server[Symbol.asyncDispose]());
  await server.when(name, (status) => status.upstream.before !== null);
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.advance(name);
  await server.until(name, 'done');
  return server;
}

/** What every listener answers for a name, told apart by its address and port. */
async function answers(server: PlanServer, asked = name, type = 'A'): Promise<Map<string, string>> {
  const sockets = server.running.server.listening();
  const found = sockets.map(async ({ transport, address, port: listening }) => {
    const { rcode, answers: records } = await ask({ name: asked, type, address, port: listening, transport: transport === 'tcp' ? 'tcp' : 'udp' });
    const where = `${address} ${listening === port ? 'given' : 'chosen'}`;
    return [where, rcode === 'REFUSED' ? rcode : (records.at(-1)?.split(' ').at(-1) ?? rcode)] as const;
  });
  return new Map(await Promise.all(found));
}

const zones = ['.', 'org', 'example.org', name];
const others = [...zones, `sub.${name}`, 'other.net', '192.0.2.0/24'];
const holdsName = (zone: string) => zone === '.' || name === zone || name.endsWith(`.${zone}`);
/** The listener of the other block beside the one of the plan. */
const listeners = { 'the same listener': '0 127.0.0.1', 'another address': '0 127.0.0.2', 'another port': 'port 127.0.0.1' } as const;

interface Case {
  readonly zone: string;
  readonly other: string;
  readonly where: keyof typeof listeners;
}

/** By this table alone, and not by the server: whether queries for the name come to the other block. */
const passes = ({ zone, other, where }: Case) => holdsName(other) && (where !== 'the same listener' || other.length > zone.length);

/** Loads the other block beside that of the plan, without the plan and then with it, and looks what is answered. */
async function tryBeside(server: PlanServer, alone: string, each: Case): Promise<void> {
  const { zone, other, where } = each;
  const place = at(other, listeners[where].replace('port', String(port)));
  const says = `${zone} with ${other} at ${where}`;
  const found = async () => [...(await answers(server)).values()];
  await server.running.reload(alone);
  if (!passes(each)) {
    await server.running.reload(`${alone}${block(place)}`);
    expect(await found(), says).toEqual(where === 'the same listener' ? [b] : [b, 'REFUSED']);
    return;
  }
  const reload = server.running.reload(`${alone}${block(place)}`).catch((error: Error) => error.message);
  const line = alone.split('\n').length;
  expect(await reload, says).toMatch(
    new RegExp(`Corefile:3 - .*plan ${name} is passed by: queries for ${name}\\. at dns://\\S+ are answered by .*Corefile:${line},`),
  );
  expect(await reload).toContain(
    `expected the same plan in that block as well, or 'migrate ${name}. { off }' there if it is to answer without the plan`,
  );
  expect(await found(), says).toEqual([b]);
  // The same plan in both is one plan.
  await server.running.reload(`${alone}${block(place, plan)}`);
  expect(await found(), says).toEqual(where === 'the same listener' ? [b] : [b, b]);
}

describe('the plan in one of two blocks', () => {
  const cases = zones.flatMap((zone) =>
    others.flatMap((other) => (Object.keys(listeners) as (keyof typeof listeners)[]).map((where): Case => ({ zone, other, where }))),
  );
  // The zone of one listener twice is no configuration at all.
  const possible = cases.filter(({ zone, other, where }) => zone !== other || where !== 'the same listener');

  test.each(zones)('of zone %s, each other block that a reload brings is refused, or leaves the name to the plan', async (zone) => {
    const alone = block(at(zone), plan);
    const server = await moved(alone);
    for (const each of possible) if (each.zone === zone) await tryBeside(server, alone, each);
  });

  test('a start is refused as a reload is', async () => {
    await expect(servePlan(`${block(at('.'), plan)}${block(at('example.org'))}`)).rejects.toThrow(`plan ${name} is passed by`);
  });

  test('a view that takes queries away from the plan is refused, and one for which the plan is there too is not', async () => {
    const view = (...what: readonly string[]) => block(at('.'), inside, ...what);
    await expect(servePlan(`${block(at('.'), plan)}${view()}`)).rejects.toThrow(`plan ${name} is passed by`);
    const server = await moved(`${block(at('.'), plan)}${view(plan)}`);
    expect([...(await answers(server)).values()]).toEqual([b]);
  });

  test('reverse names, and names with a letter case of their own', async () => {
    const reverse = '9.2.0.192.in-addr.arpa';
    const both = (other: string) => `${block(at('.'), planOf(reverse))}${block(at(other))}`;
    await expect(servePlan(both('192.0.2.0/24'))).rejects.toThrow(`queries for ${reverse}. at`);
    await using _other = await servePlan(both('198.51.100.0/24'));
    await expect(servePlan(`${block(at('.'), planOf('WWW.Example.ORG'))}${block(at('EXAMPLE.org'))}`)).rejects.toThrow(
      'queries for www.example.org. at',
    );
  });
});

describe("a block that is told to be without the plan by 'off'", () => {
  const off = `migrate ${name} {\noff\n}`;
  const beside = at('example.org', `0 127.0.0.2`);

  test('answers without it, and the status says where', async () => {
    const server = await moved(`${block(at('.'), plan)}${block(beside, off)}`);
    expect([...(await answers(server)).entries()].sort()).toEqual([
      ['127.0.0.1 chosen', b],
      ['127.0.0.2 chosen', a],
    ]);
    expect((await server.status(name)).without_plan).toEqual([
      { server: 'dns://127.0.0.2:0', zone: 'example.org.', place: expect.stringMatching(/Corefile:\d+$/) },
    ]);
  });
});
