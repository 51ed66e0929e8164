// A plan in a server of several processes: one runs it, all answer by it, whatever happens to any of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { place } from '../../src/migration/answers.ts';
import { type Client, isA, isB, judge, type Seen, Several } from '../support/several.ts';

const names = ['primary.example.org', 'replica.example.org'] as const;
const caches = 400;

const addresses = `
names:
  ${names[0]}: { from: 192.0.2.1, to: 198.51.100.1 }
  ${names[1]}: { from: 192.0.2.2, to: 198.51.100.2 }
ttl: 1
transition_ttl: 1
caches: jvm ${caches}ms
slack: 500ms
hold: 20ms
`;
const exclusive = `${addresses}mode: exclusive\ncountdown: 1500ms\nfence: [exec, /bin/sh, -c, "date +%s%N >> {{DIR}}/fenced; sleep 0.2"]\n`;

const seenBy = (clients: readonly Client[]) => clients.flatMap(({ seen }) => seen);
/** What is answered to a query that is asked now. */
const now = (client: Client) => client.ask(`${names[0]} A`, 2000);
const said = (each: Seen | undefined) => (each === undefined ? 'none' : isA(each) ? 'A' : isB(each) ? 'B' : 'silent');

async function loaded(server: Several, count = 4) {
  const byPid = await server.clientsOf(count);
  const all = [...byPid.values()].flat();
  for (const client of all) client.load(names);
  await expect.poll(() => all.every(({ seen }) => seen.some(isA))).toBe(true);
  return { byPid, all, rest: () => Promise.all(all.map((client) => client.rest())) };
}

test('an exclusive move under load: no process answers A once any has answered B, nor longer than it says', async () => {
  await using server = await Several.start(exclusive);
  const { byPid, all, rest } = await loaded(server);
  expect(await server.order('start')).toBeUndefined();
  await server.reach('countdown', 'advance');
  const flipping = await server.reach('flipping');
  await server.reach('draining');
  await expect.poll(() => all.every(({ seen }) => seen.some(isB))).toBe(true);
  const done = await server.reach('done');
  await rest();
  for (const clients of byPid.values()) {
    expect(seenBy(clients).filter(isA).length).toBeGreaterThan(0);
    judge(seenBy(all), { horizon: done.horizon.a_may_be_switched_off, caches, exclusive: true });
  }
  const flip = Date.parse(flipping.flip?.at ?? '');
  for (const { sent, ttl } of seenBy(all).filter(isA)) expect(sent + ttl * 1000).toBeLessThanOrEqual(flip);
  const fenced = Number(readFileSync(join(server.folder, 'fenced'), 'utf8').split('\n')[0]?.slice(0, -6));
  expect(
    Math.min(
      ...seenBy(all)
        .filter(isB)
        .map(({ received }) => received),
    ),
  ).toBeGreaterThanOrEqual(fenced);
});

test('a blend move: the process that runs the plan knows who holds A, whichever process has answered', async () => {
  await using server = await Several.start(`${addresses}canary: [50]\n`.replaceAll('ttl: 1\n', 'ttl: 3\n'));
  const { all, rest } = await loaded(server);
  const counted = async () => {
    const { leases } = await server.status();
    return leases;
  };
  await expect.poll(async () => (await counted()).from).toBe(all.length);
  expect((await counted()).cut).toBe(false);
  await server.order('start');
  await server.reach('transition', 'advance');
  const entered = Date.now();
  // Whoever has to wait too long on a busy machine is told nothing, which is no side.
  const since = ({ seen }: Client) => seen.filter(({ sent, addresses: found }) => sent > entered && found.length > 0);
  await expect.poll(() => all.every((client) => since(client).length >= 5)).toBe(true);
  // Whichever process is asked, a client is led to the same side.
  for (const client of all) {
    const side = place(client.address, 'plan') < 0.5 ? 'B' : 'A';
    expect(new Set(since(client).map(said)), client.address).toEqual(new Set([side]));
  }
  await server.reach('draining', 'advance');
  await expect.poll(() => all.every(({ seen }) => seen.some(isB))).toBe(true);
  const done = await server.reach('done');
  await rest();
  expect(done.leases.from).toBe(0);
  judge(seenBy(all), { horizon: done.horizon.a_may_be_switched_off, caches, exclusive: false });
});

test('a process that is stopped before the flip and goes on after it does not answer A, nor to what waited for it', async () => {
  await using server = await Several.start(exclusive);
  const byPid = await server.clientsOf(4);
  const [[stopped = 0, itsClients = []] = [], [, others = []] = []] = [...byPid];
  for (const client of [...itsClients, ...others]) await expect.poll(async () => said(await now(client))).toBe('A');
  for (const client of others) client.load(names);
  await server.order('start');
  await server.reach('lowering');
  process.kill(stopped, 'SIGSTOP');
  try {
    const waiting = itsClients.map((client) => client.ask(`${names[0]} A`, 60_000));
    await server.reach('countdown', 'advance');
    await expect.poll(() => others.every(({ seen }) => seen.some(isB))).toBe(true);
    const asked = itsClients.map((client) => client.ask(`${names[1]} A`, 60_000));
    const resumed = Date.now();
    process.kill(stopped, 'SIGCONT');
    await Promise.all([...waiting, ...asked]);
    for (const { seen } of itsClients) {
      const late = seen.filter(({ received }) => received >= resumed);
      expect(late).toHaveLength(2);
      expect(late.filter(isA)).toEqual([]);
    }
    for (const client of itsClients) await expect.poll(async () => said(await now(client))).toBe('B');
    const done = await server.reach('done');
    await Promise.all(others.map((client) => client.rest()));
    judge(seenBy([...itsClients, ...others]), { horizon: done.horizon.a_may_be_switched_off, caches, exclusive: true });
  } finally {
    process.kill(stopped, 'SIGCONT');
  }
});

test('while the process that runs the plan is stopped the others are soon silent about A, but not about a B that is there to stay', async () => {
  await using server = await Several.start(exclusive);
  const { all, rest } = await loaded(server, 2);
  await server.order('start');
  await server.reach('lowering');
  const stopped = Date.now();
  process.kill(server.pid, 'SIGSTOP');
  await expect.poll(() => all.every(({ seen }) => seen.at(-1)?.addresses.length === 0)).toBe(true);
  process.kill(server.pid, 'SIGCONT');
  expect(seenBy(all).filter((each) => isA(each) && each.sent > stopped + 1000)).toEqual([]);
  await expect.poll(() => all.every(({ seen }) => seen.slice(-1).every(isA))).toBe(true);
  await server.reach('countdown', 'advance');
  const done = await server.reach('done');
  await expect.poll(() => all.every(({ seen }) => seen.slice(-1).every(isB))).toBe(true);
  process.kill(server.pid, 'SIGSTOP');
  await delay(1500);
  const late = Date.now();
  await expect.poll(() => all.every(({ seen }) => seen.some((each) => each.sent > late && isB(each)))).toBe(true);
  process.kill(server.pid, 'SIGCONT');
  await rest();
  judge(seenBy(all), { horizon: done.horizon.a_may_be_switched_off, caches, exclusive: true });
});

test('a process that is killed is replaced, and the move goes on', async () => {
  await using server = await Several.start(exclusive);
  const { byPid, all, rest } = await loaded(server);
  await server.order('start');
  await server.reach('countdown', 'advance');
  process.kill([...byPid.keys()][0] ?? 0, 'SIGKILL');
  await server.reach('draining');
  await expect.poll(() => server.printed).toContain('ended with SIGKILL, starting another one');
  await expect.poll(() => all.every(({ seen }) => seen.slice(-1).every(isB))).toBe(true);
  const done = await server.reach('done');
  await rest();
  judge(seenBy(all), { horizon: done.horizon.a_may_be_switched_off, caches, exclusive: true });
  expect(await server.clientsOf(1)).toHaveProperty('size', 2);
});

test('a reload with another weight, and another number of processes, reaches all of them', async () => {
  await using server = await Several.start(`${addresses}weight: 0\n`);
  const share = async (sockets: number) => {
    const clients = [...(await server.clientsOf(2, sockets)).values()].flat();
    return new Set((await Promise.all(clients.map(now))).map(said));
  };
  await server.order('start');
  await server.reach('transition', 'advance');
  await expect.poll(() => share(2)).toEqual(new Set(['A']));
  server.write(`${addresses}weight: 100\n`, 3);
  await server.reload();
  await expect.poll(() => share(3)).toEqual(new Set(['B']));
  server.write(`${addresses}weight: 0\n`, 1);
  await server.reload();
  await expect.poll(() => share(1)).toEqual(new Set(['A']));
  await server.reach('draining', 'advance');
  await server.reach('done');
  await expect.poll(() => share(1)).toEqual(new Set(['B']));
});

test('metrics are those of one server: answers are added up, the state of the plan is told once', async () => {
  const plan = `migrate ${names[0]} {\n from 192.0.2.1\n to 198.51.100.1\n ttl 30\n admin off\n}`;
  await using server = await serve(`. {\n multisocket 2\n ${plan}\n whoami\n}\n`);
  const answers = await Promise.all(Array.from({ length: 24 }, () => server.ask(names[0])));
  expect(new Set(answers.flatMap((each) => each.answers))).toEqual(new Set([`${names[0]}. 30 IN A 192.0.2.1`]));
  const metrics = (await server.metrics()).split('\n').filter((line) => line.startsWith('ferrydns_migration'));
  for (const line of [
    'ferrydns_migration_answers_total{plan="primary.example.org",target="from"} 24',
    'ferrydns_migration_phase{phase="original",plan="primary.example.org"} 1',
    'ferrydns_migration_epoch{plan="primary.example.org"} 1',
    'ferrydns_migration_held{plan="primary.example.org"} 0',
  ])
    expect(metrics).toContain(line);
});
