// A plan in blend mode, phase by phase, as its clients see it.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addressesOf, deadline, elapse, type PlanServer, servePlan, stopTime, ttlOf } from '../support/migration.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const a = '192.0.2.1';
const b = '192.0.2.2';

function plan(...options: readonly string[]): string {
  return `. {\n migrate www.example.org {\n from ${a}\n to ${b}\n ttl 60\n admin 127.0.0.1:0\n ${options.join('\n ')}\n}\n whoami\n}\n`;
}

const name = 'www.example.org';

/** Asks so often and returns which addresses came first. */
async function firsts(server: PlanServer, times: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: times }, () => server.ask(name)));
  return answers.map((answer) => addressesOf(answer)[0] ?? '');
}

test('a plan that has not been started answers A with the TTL of before', async () => {
  await using server = await servePlan(plan());
  const answer = await server.ask('WWW.Example.org');
  expect(answer.answers).toEqual(['WWW.Example.org. 60 IN A 192.0.2.1']);
  expect(answer.flags).toContain('aa');
});

test('a move lowers the TTL, answers both in turn, then B, and tells when A may be switched off', async () => {
  await using server = await servePlan(plan());
  const started = Date.now();
  expect(await server.order(name, 'start')).toBeUndefined();
  expect((await server.ask(name)).answers).toEqual([`${name}. 5 IN A ${a}`]);
  await server.when(name, ({ wait }) => wait?.until != null);
  expect(await server.order(name, 'advance')).toMatch(/^answers with the old TTL are still alive, until 2026-06-01T12:01:03/);

  await server.advance(name);
  expect(Date.now() - started).toBeGreaterThanOrEqual(63_000);
  const answers = await Promise.all(Array.from({ length: 40 }, () => server.ask(name)));
  for (const answer of answers) expect([...addressesOf(answer)].sort()).toEqual([a, b]);
  expect(answers.filter((answer) => addressesOf(answer)[0] === a)).toHaveLength(20);
  expect(new Set(answers.map(ttlOf))).toEqual(new Set([5]));

  const lastWithA = Date.now();
  expect(await server.order(name, 'advance')).toBeUndefined();
  expect((await server.ask(name)).answers).toEqual([`${name}. 5 IN A ${b}`]);
  const done = await server.until(name, 'done');
  expect(Date.now()).toBeGreaterThanOrEqual(lastWithA + 8000);
  expect(Date.parse(done.horizon.a_may_be_switched_off ?? '')).toBeGreaterThanOrEqual(lastWithA + 8000);
  expect((await server.ask(name)).answers).toEqual([`${name}. 60 IN A ${b}`]);
});

test('the plan answers A, AAAA, ANY and hints, and leaves other types to the next plugin', async () => {
  const upstream = await startUpstream({ [`${name} TXT`]: [`${name} 30 TXT "hello"`], '* *': 'NXDOMAIN' });
  const corefile = plan().replace(`to ${b}`, `to ${b} 2001:db8::2`).replace('whoami', `forward . ${upstream.endpoint}`);
  await using server = await servePlan(corefile);
  expect((await server.ask(name, 'AAAA')).answers).toEqual([]);
  expect((await server.ask(name, 'AAAA')).rcode).toBe('NOERROR');
  expect((await server.ask(name, 'HTTPS')).answers).toEqual([]);
  expect(addressesOf(await server.ask(name, 'ANY'))).toEqual([a]);
  expect((await server.ask(name, 'TXT')).answers).toEqual([`${name}. 30 IN TXT "hello"`]);
  expect((await server.ask('other.example.org')).rcode).toBe('NXDOMAIN');
  await upstream.stop();
});

describe('in the transition', () => {
  async function transition(server: PlanServer): Promise<void> {
    await server.order(name, 'start');
    await server.advance(name);
  }

  test('a weight gives B its share of answers', async () => {
    await using server = await servePlan(plan('weight 25'));
    await transition(server);
    const found = await firsts(server, 800);
    const share = found.filter((each) => each === b).length / 800;
    expect(share).toBeGreaterThan(0.25 - 4 * Math.sqrt((0.25 * 0.75) / 800));
    expect(share).toBeLessThan(0.25 + 4 * Math.sqrt((0.25 * 0.75) / 800));
  });

  test('a canary leads its share of clients to B, and who has seen B stays there', async () => {
    await using server = await servePlan(plan('canary 10% 50%'));
    await transition(server);
    const sides = async () => {
      const seen: string[] = [];
      for (let i = 0; i < 300; i++) seen.push((await subnetAnswer(server, i)) ?? '');
      return seen;
    };
    const first = await sides();
    expect(await server.order(name, 'advance')).toBeUndefined();
    const second = await sides();
    const onB = (list: readonly string[]) => list.filter((each) => each === b).length;
    expect(onB(first)).toBeGreaterThan(10);
    expect(onB(first)).toBeLessThan(55);
    expect(onB(second)).toBeGreaterThan(110);
    expect(onB(second)).toBeLessThan(190);
    expect(first.some((each, i) => each === b && second[i] === a)).toBe(false);
    expect(await sides()).toEqual(second);
  });

  test('a rollback answers A in a new epoch and says when the last lease on B is over', async () => {
    await using server = await servePlan(plan('weight 100'));
    await transition(server);
    expect(addressesOf(await server.ask(name))).toEqual([b]);
    expect(await server.order(name, 'rollback')).toBeUndefined();
    expect(addressesOf(await server.ask(name))).toEqual([a]);
    const rolledBack = Date.now();
    const status = await server.when(name, ({ horizon }) => horizon.b_may_be_switched_off !== null);
    expect(status).toMatchObject({ epoch: 2, phase: 'original' });
    expect(Date.parse(status.horizon.b_may_be_switched_off ?? '')).toBeGreaterThanOrEqual(rolledBack + 8000);
    expect(await server.order(name, 'start', 1)).toBe('the plan is in epoch 2, the command is for epoch 1');
    expect(await server.order(name, 'start', 2)).toBeUndefined();
  });

  test('a paused plan goes nowhere', async () => {
    await using server = await servePlan(plan());
    await transition(server);
    expect(await server.order(name, 'pause')).toBeUndefined();
    expect(await server.order(name, 'advance')).toBe('paused');
    expect(await server.order(name, 'resume')).toBeUndefined();
    expect(await server.order(name, 'advance')).toBeUndefined();
  });
});

test('the answer of a plan never comes from the cache and is not cached', async () => {
  await using server = await servePlan(plan().replace('whoami', 'cache 3600\n whoami'));
  expect(addressesOf(await server.ask(name))).toEqual([a]);
  await server.order(name, 'start');
  expect(ttlOf(await server.ask(name))).toBe(5);
  const cached = (await server.running.metrics()).split('\n').filter((line) => /^coredns_cache_(entries|requests_total)\{/.test(line));
  expect(cached.filter((line) => !line.endsWith(' 0'))).toEqual([]);
});

test('a rewritten name reaches its plan', async () => {
  await using server = await servePlan(plan().replace('whoami', `rewrite name old.example.org ${name}\n whoami`));
  expect((await server.ask('old.example.org')).answers).toEqual([`old.example.org. 60 IN A ${a}`]);
});

test.each([
  ['a higher TTL is not given', '3600', 60],
  ['a lower one is', '7', 7],
  ['a range lowers', '-20', 20],
  ['a range does not raise', '90-', 60],
])('rewrite ttl on an answer that a plan counts on: %s', async (_, rule, ttl) => {
  await using server = await servePlan(plan().replace('whoami', `rewrite ttl ${name} ${rule}\n whoami`));
  expect(ttlOf(await server.ask(name))).toBe(ttl);
});

test('names are answered as CNAME, with what they lead to', async () => {
  const upstream = await startUpstream({ 'a.example.net A': ['a.example.net 3600 A 198.51.100.1'] });
  const corefile = `. {\n migrate ${name} {\n from a.example.net\n to b.example.net\n ttl 60\n admin off\n}\n forward . ${upstream.endpoint}\n}\n`;
  await using server = await servePlan(corefile);
  expect((await server.ask(name)).answers).toEqual([`${name}. 60 IN CNAME a.example.net.`, 'a.example.net. 60 IN A 198.51.100.1']);
  await upstream.stop();
});

test('a pool of the block is a side of the move, answered under the name that moves', async () => {
  const corefile = plan()
    .replace(`from ${a}`, 'from pool old.example.org')
    .replace('whoami', `pool old.example.org {\n member ${a}\n member 192.0.2.9\n}\n whoami`);
  await using server = await servePlan(corefile);
  const answer = await server.ask(name);
  expect([...answer.answers].sort()).toEqual([`${name}. 60 IN A 192.0.2.1`, `${name}. 60 IN A 192.0.2.9`]);
});

test('the TTL is learnt from the upstream, past our own cache', async () => {
  const upstream = await startUpstream({ [`${name} A`]: [`${name} 300 A ${a}`] });
  const corefile = plan().replace('ttl 60\n', '').replace('whoami', `cache 30\n forward . ${upstream.endpoint}`);
  await using server = await servePlan(corefile);
  const { upstream: found } = await server.when(name, (status) => status.upstream.before !== null);
  expect(found).toMatchObject({ now: { shows: 'from', ttl: expect.any(Number) }, before: { mixed: false } });
  expect(upstream.asked.length).toBeGreaterThan(1);
  await upstream.stop();
});

test('gates must hold before a phase begins', async () => {
  const open = { http: false };
  const gate = createServer((_, response) => response.writeHead(open.http ? 204 : 503).end()).listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}/`;
  await using server = await servePlan(plan(`gate http ${url}`, 'gate exec /bin/sh -c "test -e {{DIR}}/open"'));
  const refusedFor = async (reason: string | undefined) => {
    let last: string | undefined = '';
    for (const late = deadline(); !late() && last !== reason; await elapse(100)) last = await server.order(name, 'start');
    expect(last).toBe(reason);
  };
  await refusedFor(`gate http ${url} does not hold`);
  open.http = true;
  await refusedFor(`gate exec /bin/sh -c test -e ${server.running.directory}/open does not hold`);
  writeFileSync(join(server.running.directory, 'open'), '');
  await refusedFor(undefined);
  gate.close();
});

test.each([
  ['a value below the limit', '{"resultType":"vector","result":[{"value":[0,"0.5"]},{"value":[0,"0"]}]}', true],
  ['one of two series above it', '{"resultType":"vector","result":[{"value":[0,"0.5"]},{"value":[0,"2"]}]}', false],
  ['no series', '{"resultType":"vector","result":[]}', false],
  ['a scalar', '{"resultType":"scalar","result":[0,"0.25"]}', true],
  ['no number', '{"resultType":"scalar","result":[0,"NaN"]}', false],
])('a Prometheus gate: %s', async (_, data, holds) => {
  let asked = '';
  const prometheus = createServer((request, response) => {
    asked = request.url ?? '';
    response.end(`{"status":"success","data":${data}}`);
  }).listen(0, '127.0.0.1');
  await once(prometheus, 'listening');
  const { port } = prometheus.address() as AddressInfo;
  await using server = await servePlan(plan(`gate prometheus http://127.0.0.1:${port} "rate(errors[1m])" < 1`));
  await vi.waitFor(async () => expect((await server.status(name)).gates[0]?.holds).toBe(holds), soon);
  expect(asked).toBe('/api/v1/query?query=rate%28errors%5B1m%5D%29');
  prometheus.close();
});

test('with advance auto a move needs one order, and with rollback auto a B that stays ill leads back to A', async () => {
  const service = createTcpServer((socket) => socket.destroy()).listen(0, '127.0.0.2');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  const check = `check to tcp ${port} interval 100ms fall 1 rise 1 dwell 0s`;
  await using server = await servePlan(
    plan('advance auto', 'rollback auto', 'rollback_after 5s', check).replace(`from ${a}\n to ${b}`, 'from 127.0.0.1\n to 127.0.0.2'),
  );
  await vi.waitFor(async () => expect((await server.status(name)).health.to).toBe('healthy'), soon);
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.until(name, 'transition');
  service.close();
  expect(await server.when(name, ({ epoch }) => epoch === 2)).toMatchObject({ phase: 'original' });
  expect(server.journal(name).join('\n')).toContain('rolled back: B stayed unhealthy');
  expect(addressesOf(await server.ask(name))).toEqual(['127.0.0.1']);
});

test('metrics tell phase, epoch, answers and leases', async () => {
  await using server = await servePlan(plan());
  await server.ask(name);
  const metrics = await server.running.metrics();
  expect(metrics).toContain('ferrydns_migration_phase{phase="original",plan="www.example.org"} 1');
  expect(metrics).toContain('ferrydns_migration_epoch{plan="www.example.org"} 1');
  expect(metrics).toContain('ferrydns_migration_answers_total{plan="www.example.org",target="from"} 1');
  expect(metrics).toContain('ferrydns_migration_leases{plan="www.example.org",target="from"} 1');
  expect(metrics).toContain('ferrydns_migration_horizon_seconds{plan="www.example.org"} -1');
});

/** What a client of this subnet is led to (RFC 7871). */
async function subnetAnswer(server: PlanServer, subnet: number): Promise<string | undefined> {
  const { ask } = await import('../support/client.ts');
  const hex = subnet.toString(16).padStart(4, '0');
  const { reply } = await ask({ port: server.running.port }, `${name} A +option=8:00011800${hex}0a`);
  return reply?.answer[0]?.data;
}

test('an edit of the slack after a rollback does not forget who may still hold B', async () => {
  const text = (slack: string) =>
    `. {\n migrate ${name} {\n from 192.0.2.1\n to 192.0.2.2\n ttl 10\n weight 100\n slack ${slack}\n admin 127.0.0.1:0\n}\n whoami\n}\n`;
  await using server = await servePlan(text('3s'));
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.advance(name);
  await server.ask(name);
  const asked = Date.now();
  expect(await server.order(name, 'rollback')).toBeUndefined();
  await server.running.reload(text('4s'));
  const { horizon } = await server.when(name, (status) => status.horizon.b_may_be_switched_off !== null);
  expect(Date.parse(horizon.b_may_be_switched_off ?? '')).toBeGreaterThanOrEqual(asked + 8000);
});
