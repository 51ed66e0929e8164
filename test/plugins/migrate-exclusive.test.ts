// A plan in exclusive mode: A, then B, never both, whatever it takes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addressesOf, type PlanServer, servePlan, stopTime, ttlOf } from '../support/migration.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const primary = 'primary.example.org';
const replica = 'replica.example.org';
const planName = 'database';

const planFile = `
plan: database
names:
  ${primary}: { from: 192.0.2.1, to: 198.51.100.1 }
  ${replica}: { from: 192.0.2.2, to: 198.51.100.2 }
mode: exclusive
ttl: 10
transition_ttl: 3
caches: jvm 4s
hold: 50ms
`;

function corefile(...more: readonly string[]): string {
  return `. {\n migrate database.yaml {\n admin 127.0.0.1:0\n}\n ${more.join('\n ')}\n whoami\n}\n`;
}

/** A query as long as it is answered, and the address that it got; undefined for silence (SERVFAIL). */
async function seen(server: PlanServer, name: string): Promise<{ address: string | undefined; ttl: number }> {
  const answer = await server.ask(name);
  if (answer.rcode === 'SERVFAIL') return { address: undefined, ttl: 0 };
  return { address: addressesOf(answer)[0], ttl: ttlOf(answer) };
}

async function toCountdown(server: PlanServer): Promise<void> {
  expect(await server.order(planName, 'start')).toBeUndefined();
  await server.advance(planName);
}

test('counts the TTL down to the flip, is silent, runs the fence, and only then answers B, all names together', async () => {
  const fence = `fence: [exec, /bin/sh, -c, "date +%s%N >> {{DIR}}/fenced"]`;
  await using server = await servePlan(corefile(), { files: { 'database.yaml': planFile + fence } });
  await toCountdown(server);
  const history: { side: string; at: number; ttl: number }[] = [];
  let flip = 0;
  const done = await server.until(planName, 'done', async () => {
    flip = Date.parse((await server.status(planName)).flip?.at ?? '') || flip;
    const [one, two] = await Promise.all([seen(server, primary), seen(server, replica)]);
    const side = one.address === undefined ? 'none' : one.address.startsWith('192') ? 'A' : 'B';
    expect([`${side} ${two.address}`]).toContain(`${side} ${{ none: undefined, A: '192.0.2.2', B: '198.51.100.2' }[side]}`);
    history.push({ side, at: Date.now(), ttl: one.ttl });
  });
  const sides = history.map(({ side }) => side).filter((side, i, all) => side !== all[i - 1]);
  expect(sides).toEqual(['A', 'none', 'B']);
  const withA = history.filter(({ side }) => side === 'A');
  for (const { at, ttl } of withA) expect(at + ttl * 1000).toBeLessThanOrEqual(flip);
  expect(withA.at(-1)?.ttl).toBe(0);
  const firstB = history.find(({ side }) => side === 'B')?.at ?? 0;
  expect(firstB).toBeGreaterThanOrEqual(flip + 3000);
  expect(readFileSync(join(server.running.directory, 'fenced'), 'utf8').trim().split('\n')).toHaveLength(1);
  expect(Date.parse(done.horizon.a_may_be_switched_off ?? '')).toBeGreaterThanOrEqual(flip + 3000 + 4000);
  expect(await server.order(planName, 'rollback')).toBe('the fence has run: A is shut; `migrate reverse` makes the plan from B to A');
});

test('without a fence nobody is answered until the last lease on A is over', async () => {
  await using server = await servePlan(corefile(), { files: { 'database.yaml': planFile } });
  await toCountdown(server);
  const flipping = await server.until(planName, 'flipping');
  const flip = Date.parse(flipping.flip?.at ?? '');
  expect((await server.ask(primary, 'A', { udpSize: 1232 })).rcode).toBe('SERVFAIL');
  // Draining is over as soon as it begins: the last lease was waited for.
  await server.when(planName, ({ phase }) => phase === 'draining' || phase === 'done');
  expect(Date.now()).toBeGreaterThanOrEqual(flip + 3000 + 4000);
  expect((await seen(server, primary)).address).toBe('198.51.100.1');
});

test('a query that cannot be answered is held, and answered when it can be', async () => {
  const held = planFile.replace('hold: 50ms', 'hold: 20s').replace('caches: jvm 4s', 'fence: [exec, /bin/true]');
  await using server = await servePlan(corefile(), { files: { 'database.yaml': held } });
  await toCountdown(server).catch(() => undefined);
  await server.order(planName, 'advance');
  await server.until(planName, 'flipping');
  const waiting = server.ask(primary, 'A', { timeout: soon.timeout });
  await server.until(planName, 'done');
  expect(addressesOf(await waiting)).toEqual(['198.51.100.1']);
});

test('a fence that fails keeps B shut; advance runs it again, rollback goes back to A', async () => {
  const fence = `fence: [exec, /bin/sh, -c, "echo no; test -e {{DIR}}/may"]`;
  await using server = await servePlan(corefile(), { files: { 'database.yaml': planFile + fence } });
  await toCountdown(server);
  const status = await server.when(planName, ({ fence }) => fence?.state === 'failed');
  expect(status).toMatchObject({ phase: 'flipping', fence: { state: 'failed', attempt: 1 } });
  expect((await seen(server, primary)).address).toBeUndefined();
  expect(server.journal(planName).join('\n')).toContain('fence failed: exit status 1: no');
  expect(await server.order(planName, 'rollback')).toBeUndefined();
  expect((await seen(server, primary)).address).toBe('192.0.2.1');
  expect((await server.status(planName)).epoch).toBe(2);
});

test('an answer for another name that leads to A after the flip is counted and put right', async () => {
  const upstream = await startUpstream({ 'alias.example.org A': ['alias.example.org 300 A 192.0.2.2'] });
  const text = corefile().replace('whoami', `cache 30\n forward . ${upstream.endpoint}`);
  await using server = await servePlan(text, { files: { 'database.yaml': `${planFile}fence: [exec, /bin/true]\n` } });
  expect(addressesOf(await server.ask('alias.example.org'))).toEqual(['192.0.2.2']);
  await toCountdown(server);
  await server.until(planName, 'done');
  expect(addressesOf(await server.ask('alias.example.org'))).toEqual(['198.51.100.2']);
  expect(ttlOf(await server.ask('alias.example.org'))).toBeLessThanOrEqual(3);
  expect(await server.running.metrics()).toContain('ferrydns_migration_guard_hits_total{plan="database"} 2');
  expect(server.running.lines.filter((line) => line.includes('alias.example.org. leads to A'))).toHaveLength(1);
  await upstream.stop();
});

test('a name that another plan moves from the same address stays with that plan', async () => {
  const other = 'migrate other.example.org {\n from 192.0.2.1\n to 198.51.100.9\n mode exclusive\n ttl 5\n admin 127.0.0.1:0\n}';
  await using server = await servePlan(corefile().replace('whoami', `${other}\n whoami`), {
    files: { 'database.yaml': `${planFile}fence: [exec, /bin/true]\n` },
  });
  await toCountdown(server);
  await server.until(planName, 'done');
  expect(addressesOf(await server.ask('other.example.org'))).toEqual(['192.0.2.1']);
});

test('names are given back only when the upstream has shown B, and nothing but B, for longer than its TTL', async () => {
  let turn = 0;
  let clean = false;
  const answer = (name: string, a: string, b: string) => ({ answer: [`${name} 100 A ${clean || turn++ % 2 === 1 ? b : a}`] });
  const upstream = await startUpstream({
    [`${primary} A`]: () => answer(primary, '192.0.2.1', '198.51.100.1'),
    [`${replica} A`]: () => answer(replica, '192.0.2.2', '198.51.100.2'),
  });
  const text = corefile().replace('whoami', `cache 30\n forward . ${upstream.endpoint}`);
  await using server = await servePlan(text, { files: { 'database.yaml': `${planFile}fence: [exec, /bin/true]\nhandback: on\n` } });
  await toCountdown(server);
  await server.until(planName, 'done');
  await server.pass(planName, 60_000);
  expect((await server.status(planName)).phase).toBe('done');
  await expect(server.running.reload('. {\n whoami\n}\n')).rejects.toThrow('the upstream, which still leads to A, expected B alone');
  // Pausing lets go of a move, and not of what it has come to.
  expect(await server.order(planName, 'pause')).toBeUndefined();
  await expect(server.running.reload('. {\n whoami\n}\n')).rejects.toThrow('the upstream, which still leads to A, expected B alone');
  expect(await server.order(planName, 'resume')).toBeUndefined();
  clean = true;
  const from = Date.now();
  await server.pass(planName, 30_000);
  await expect(server.running.reload('. {\n whoami\n}\n')).rejects.toThrow('the upstream, which has not shown B alone for long enough');
  await server.until(planName, 'released');
  expect(Date.now() - from).toBeGreaterThanOrEqual(100_000);
  expect((await seen(server, primary)).address).toBe('198.51.100.1');
  await upstream.stop();
});

test('names are given back, and the TTL of before is learnt, by both families of addresses', async () => {
  const both = planFile
    .replace('from: 192.0.2.1, to: 198.51.100.1', "from: [192.0.2.1, '2001:db8::1'], to: [198.51.100.1, '2001:db8::2']")
    .replace('ttl: 10\n', '');
  const upstream = await startUpstream({
    [`${primary} A`]: [`${primary} 5 A 192.0.2.1`],
    [`${primary} AAAA`]: [`${primary} 20 AAAA 2001:db8::1`],
    [`${replica} A`]: [`${replica} 5 A 192.0.2.2`],
  });
  const text = corefile().replace('whoami', `forward . ${upstream.endpoint}`);
  await using server = await servePlan(text, { files: { 'database.yaml': `${both}fence: [exec, /bin/true]\nhandback: on\n` } });
  const { upstream: looked } = await server.when(planName, (status) => status.upstream.before !== null);
  expect(looked.before).toMatchObject({ ttl: 20, mixed: false });
  await toCountdown(server);
  upstream.script = {
    [`${primary} A`]: [`${primary} 5 A 198.51.100.1`],
    [`${primary} AAAA`]: [`${primary} 20 AAAA 2001:db8::1`],
    [`${replica} A`]: [`${replica} 5 A 198.51.100.2`],
  };
  await server.until(planName, 'done');
  await server.pass(planName, 60_000);
  expect((await server.status(planName)).phase).toBe('done');
  upstream.script = { ...upstream.script, [`${primary} AAAA`]: [`${primary} 20 AAAA 2001:db8::2`] };
  await server.until(planName, 'released');
  await upstream.stop();
});

test('a plan that is done cannot be left out while it is not known whether the upstream still leads to A', async () => {
  const upstream = await startUpstream({ '* *': 'SERVFAIL' });
  const text = corefile().replace('whoami', `forward . ${upstream.endpoint}`);
  await using server = await servePlan(text, { files: { 'database.yaml': `${planFile}fence: [exec, /bin/true]\n` } });
  await toCountdown(server);
  upstream.script = { '* *': { drop: true } };
  await server.until(planName, 'done');
  const drop = () => server.running.reload('. {\n whoami\n}\n');
  await expect(drop()).rejects.toThrow(/the upstream, which (has not been asked yet|does not answer, and may lead to A when it does)/);
  // What is said of an upstream that fails is true as well when it has led to A before.
  upstream.script = { '* *': 'SERVFAIL' };
  await server.when(planName, ({ upstream: { now } }) => now?.shows === 'nothing');
  await expect(drop()).rejects.toThrow('the upstream, which does not answer, and may lead to A when it does');
  upstream.script = { '* *': 'NXDOMAIN' };
  await vi.waitFor(async () => {
    vi.advanceTimersByTime(1000);
    await drop();
  }, soon);
  await upstream.stop();
});

describe('an answer for another name that leads through a moved one', () => {
  const alias = 'alias.example.org';
  const service = '_pg._tcp.example.org';
  const script = {
    [`${alias} A`]: [`${alias} 300 CNAME ${primary}`, `${primary} 300 A 192.0.2.1`],
    [`${service} SRV`]: { answer: [`${service} 300 SRV 0 0 5432 ${primary}`], additional: [`${primary} 300 A 192.0.2.1`] },
    '* *': 'NXDOMAIN',
  };

  test('leads where the plan leads, with its TTL, and counts as a lease', async () => {
    const upstream = await startUpstream(script);
    const text = corefile().replace('whoami', `cache 300\n forward . ${upstream.endpoint}`);
    await using server = await servePlan(text, { files: { 'database.yaml': `${planFile}fence: [exec, /bin/true]\n` } });
    const ask = async () => {
      const { rcode, answers } = await server.ask(alias);
      const [, last] = answers;
      return last === undefined ? rcode : last.replace(`${primary}. `, '');
    };
    expect(await ask()).toMatch(/ 192\.0\.2\.1$/);
    expect(await server.order(planName, 'start')).toBeUndefined();
    expect(await ask()).toBe('3 IN A 192.0.2.1');
    expect((await server.status(planName)).leases.from).toBe(1);
    const srv = await server.ask(service, 'SRV');
    expect(srv.answers).toHaveLength(1);
    expect(srv.additionals).toEqual([]);
    await server.advance(planName);
    const seenThere: string[] = [];
    await server.until(planName, 'done', async () => void seenThere.push(await ask()));
    const kinds = seenThere.map((each) => each.replace(/^\d+ /, '')).filter((each, i, all) => each !== all[i - 1]);
    expect(kinds).toEqual(['IN A 192.0.2.1', 'SERVFAIL', 'IN A 198.51.100.1']);
    expect(await ask()).toBe('10 IN A 198.51.100.1');
    await upstream.stop();
  });

  test('leads to a name that the plan leads to', async () => {
    const named = planFile.replace('from: 192.0.2.1, to: 198.51.100.1', 'from: old.example.net, to: new.example.net');
    const upstream = await startUpstream({
      [`${alias} A`]: [`${alias} 300 CNAME ${primary}`, `${primary} 300 CNAME old.example.net`, 'old.example.net 300 A 192.0.2.1'],
      'old.example.net A': ['old.example.net 300 A 192.0.2.1'],
      'new.example.net A': ['new.example.net 300 A 198.51.100.1'],
      '* *': 'NXDOMAIN',
    });
    const text = corefile().replace('whoami', `forward . ${upstream.endpoint}`);
    await using server = await servePlan(text, { files: { 'database.yaml': `${named}fence: [exec, /bin/true]\n` } });
    await toCountdown(server);
    await server.until(planName, 'done');
    expect((await server.ask(alias)).answers).toEqual([
      expect.stringMatching(/IN CNAME primary\.example\.org\.$/),
      `${primary}. 10 IN CNAME new.example.net.`,
      'new.example.net. 10 IN A 198.51.100.1',
    ]);
    await upstream.stop();
  });
});
