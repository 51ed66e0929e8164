// What other names lead to from the flip on, where the sides of a plan are names or pools whose addresses have to be found out.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { addressesOf, type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { soon } from '../support/soon.ts';
import { type Script, startUpstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const plan = 'www.example.org';
const [oldName, newName] = ['old.example.net', 'new.example.net'];
const [a, b] = ['192.0.2.1', '198.51.100.1'];
// Priority 1, the owner itself, and a list of addresses: RFC 9460 section 2.2.
const hint4 = (last: string) => `\\# 11 0001 00 0004 0004 c00002${last}`;

/** Where the names of the vendor lead, to be changed by a test, and answers for other names that lead to the same places. */
async function vendor(more: Script = {}) {
  const leads = { old: [a], new: [b] };
  const upstream = await startUpstream({
    [`${oldName} A`]: () => ({ answer: leads.old.map((address) => `${oldName} 2 A ${address}`) }),
    [`${newName} A`]: () => ({ answer: leads.new.map((address) => `${newName} 2 A ${address}`) }),
    'direct.example.org A': () => ({ answer: [`direct.example.org 300 A ${a}`] }),
    'alias.example.org A': () => ({ answer: [`alias.example.org 300 CNAME ${oldName}`, `${oldName} 300 A ${a}`] }),
    'hint.example.org HTTPS': [`hint.example.org 60 HTTPS ${hint4('01')}`, `hint.example.org 60 HTTPS ${hint4('63')}`],
    'svcb.example.org SVCB': [`svcb.example.org 60 SVCB ${hint4('01')}`],
    '_db.example.org SRV': { answer: [`_db.example.org 60 SRV 1 1 5432 ${oldName}`], additional: [`${oldName} 300 A ${a}`] },
    'mail.example.org MX': { answer: [`mail.example.org 60 MX 1 ${oldName}`], additional: [`${oldName} 300 A ${a}`] },
    'other.example.org A': ['other.example.org 300 A 203.0.113.9'],
    ...more,
    '* *': [],
  });
  onTestFinished(() => upstream.stop());
  return { leads, upstream };
}

interface Sides {
  readonly from: string;
  readonly to: string;
  readonly mode?: string;
  readonly more?: readonly string[];
  readonly before?: string;
}

async function serve(
  { upstream }: Awaited<ReturnType<typeof vendor>>,
  { from, to, mode = 'exclusive', more = [], before = '' }: Sides,
): Promise<PlanServer> {
  const fence = mode === 'exclusive' ? ['fence exec /bin/sh -c "until test -e {{DIR}}/go; do sleep 0.05; done"'] : [];
  const lines = [`from ${from}`, `to ${to}`, `mode ${mode}`, ...fence, 'ttl 5', 'transition_ttl 2', 'hold 30ms', 'admin 127.0.0.1:0', ...more];
  const server = await servePlan(`. {\n ${before}\n migrate ${plan} {\n ${lines.join('\n ')}\n}\n forward . ${upstream.endpoint}\n}\n`);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function toFlipping(server: PlanServer): Promise<void> {
  await server.when(plan, (status) => status.upstream.before !== null);
  expect(await server.order(plan, 'start')).toBeUndefined();
  await server.advance(plan);
  await server.until(plan, 'flipping');
}

async function toDone(server: PlanServer): Promise<void> {
  const go = join(server.running.directory, 'go');
  if (!existsSync(go)) writeFileSync(go, '');
  await server.until(plan, 'done');
}

const lastOf = (lines: readonly string[]) => lines.map((line) => line.split(' ').slice(3).join(' '));

const pools = `pool ${oldName} {\n member ${a}\n check tcp 9 interval 1s timeout 100ms\n admin off\n}\n pool ${newName} {\n member ${b}\n admin off\n}`;

describe.each([
  { sides: 'names', from: oldName, to: newName, before: '' },
  { sides: 'addresses', from: a, to: b, before: '' },
  { sides: 'pools, of which the old one is down', from: `pool ${oldName}`, to: `pool ${newName}`, before: pools },
  { sides: 'a name and an address', from: oldName, to: b, before: '' },
])('exclusive, the sides are $sides:', (sides) => {
  test('between A and B what leads to A is not answered, after it B is in its place', async () => {
    const server = await serve(await vendor(), sides);
    await toFlipping(server);
    await expect.poll(async () => (await server.ask('direct.example.org')).rcode, soon).toBe('SERVFAIL');
    expect((await server.ask('alias.example.org')).rcode).toBe('SERVFAIL');
    expect((await server.ask('hint.example.org', 'HTTPS')).answers).toEqual([expect.stringContaining('c0000263')]);
    expect(await server.ask('_db.example.org', 'SRV')).toMatchObject({ rcode: 'NOERROR', additionals: [] });
    expect(addressesOf(await server.ask('other.example.org'))).toEqual(['203.0.113.9']);
    await toDone(server);
    expect(lastOf((await server.ask('direct.example.org')).answers)).toEqual([`A ${b}`]);
    expect(addressesOf(await server.ask('alias.example.org')).at(-1)).toBe(b);
    expect((await server.ask('hint.example.org', 'HTTPS')).answers).toEqual([expect.stringContaining('c0000263')]);
    expect((await server.ask('svcb.example.org', 'SVCB')).answers).toEqual([]);
    for (const [name, type] of [
      ['_db.example.org', 'SRV'],
      ['mail.example.org', 'MX'],
    ] as const) {
      const { answers, additionals } = await server.ask(name, type);
      expect(answers).toHaveLength(1);
      expect(lastOf(additionals)).toEqual([`A ${b}`]);
    }
    expect(addressesOf(await server.ask('other.example.org'))).toEqual(['203.0.113.9']);
    expect(Number(/guard_hits_total\{plan="www.example.org"\} (\d+)/.exec(await server.running.metrics())?.[1])).toBeGreaterThanOrEqual(9);
  });
});

test('blend: what leads to the addresses behind a name is counted, and left as it is', async () => {
  const server = await serve(await vendor(), { from: oldName, to: newName, mode: 'blend' });
  await server.when(plan, (status) => status.upstream.before !== null);
  expect(await server.order(plan, 'start')).toBeUndefined();
  await server.advance(plan);
  await server.advance(plan);
  await server.until(plan, 'draining');
  await expect
    .poll(async () => {
      expect(addressesOf(await server.ask('direct.example.org'))).toEqual([a]);
      return server.running.metrics();
    }, soon)
    .toMatch(/guard_hits_total\{plan="www.example.org"\} [1-9]/);
});

test('a name that leads elsewhere in the course of the move: what it led to counts as long as it may be kept, and what it leads to now', async () => {
  const behind = await vendor({ 'second.example.org A': ['second.example.org 300 A 192.0.2.7'] });
  const server = await serve(behind, { from: oldName, to: newName });
  await toFlipping(server);
  behind.leads.old = ['192.0.2.7'];
  const refused = async (name: string) => (await server.ask(name)).rcode;
  await server.when(plan, () => true);
  for (let i = 0; i < 100 && (await refused('second.example.org')) !== 'SERVFAIL'; i++) await server.pass(plan, 500);
  expect(await refused('second.example.org')).toBe('SERVFAIL');
  expect(await refused('direct.example.org')).toBe('SERVFAIL');
  // The TTL of 5 s and the slack of 3 s later nobody is led there by an answer of the plan.
  await server.pass(plan, 20_000);
  expect(addressesOf(await server.ask('direct.example.org'))).toEqual([a]);
  expect(await refused('second.example.org')).toBe('SERVFAIL');
});

test('an address that is behind both sides is not given up', async () => {
  const behind = await vendor();
  behind.leads.new = [a];
  const server = await serve(behind, { from: oldName, to: newName });
  await toFlipping(server);
  await server.pass(plan, 1000);
  expect(addressesOf(await server.ask('direct.example.org'))).toEqual([a]);
});

test('the checks of a side that is a name look at its own addresses, also after the flip', async () => {
  const behind = await vendor();
  behind.leads.old = ['127.0.0.1'];
  behind.leads.new = ['127.0.0.2'];
  const server = await serve(behind, { from: oldName, to: newName, more: [`check from tcp ${behind.upstream.port} interval 1s`] });
  await toFlipping(server);
  await toDone(server);
  await server.pass(plan, 10_000);
  await expect.poll(async () => (await server.status(plan)).health.from, soon).toBe('healthy');
});
