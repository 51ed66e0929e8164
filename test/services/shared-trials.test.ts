// Servers that share a plan in a real etcd: with several processes each, stopped for long, with clocks that are set, and when the plan is new. Clients write down every answer.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Phase, reached } from '../../src/migration/agreement.ts';
import { Etcd } from '../support/etcd.ts';
import { ReplicatedMoves } from '../support/replicated-moves.ts';
import { ServerProcess, type SharedStatus } from '../support/server-process.ts';
import { name, sharedPlan } from '../support/shared-plan.ts';
import { judgeCrossing, type Testimony, Witness } from '../support/witness.ts';

const isA = (address: string) => address === '192.0.2.1';
const isB = (address: string) => !isA(address);
let etcd: Etcd;

beforeAll(async () => {
  etcd = await Etcd.start();
});
afterAll(() => etcd[Symbol.asyncDispose]());

const keyOf = (plan: string) => Buffer.from(`/ferrydns/migrations/${plan}`).toString('base64');
const empty = (plan = name) => etcd.call('kv/deleterange', { key: keyOf(plan) });
const both = ({ replicas }: SharedStatus) => replicas.length === 2;

/** Each phase lasts for some seconds, so that it is seen on a busy machine. */
function corefile(replica: string): string {
  const lines = [`replica ${replica}`, 'advance auto', 'caches jvm 3s'];
  return sharedPlan({ mode: 'exclusive', store: `etcd ${etcd.url}`, lines }).replace('/bin/true', '/bin/sleep 3');
}

test('two servers of two processes each move, take turns with the plan of the way back, and give the store back what it loses', async () => {
  await empty();
  const text = (replica: string) => corefile(replica).replace('bind 127.0.0.1', 'bind 127.0.0.1\n multisocket 2');
  await using one = await ServerProcess.start({ corefile: text('one') });
  await using two = await ServerProcess.start({ corefile: text('two') });
  await one.until(name, both);
  await using first = new Witness(one.port, [name]);
  await using second = new Witness(two.port, [name]);
  const since = (time: number): Testimony[] => [...first.since(time), ...second.since(time)];
  const there = Date.now();
  expect(await one.order(name, { verb: 'start' })).toBeUndefined();
  const done = await two.until(name, ({ phase }) => phase === 'done');
  await one.until(name, ({ answers }) => answers.answer === 'to');
  await expect
    .poll(() => [first, second].every((each) => each.since(Date.now() - 500).every(({ address }) => address !== undefined && isB(address))))
    .toBe(true);
  const { leasesEnd } = judgeCrossing(since(there), isA, { servers: 2 });
  expect(leasesEnd + 3000).toBeLessThanOrEqual(Date.parse(done.horizon.a_may_be_switched_off ?? ''));
  const back = Date.now();
  const turned = (replica: string) =>
    text(replica).replace('from 192.0.2.1', 'plan back\n continues www.example.org\n from 198.51.100.1').replace(' to 198.51.100.1', ' to 192.0.2.1');
  await one.reload(turned('one'));
  await two.reload(turned('two'));
  await one.until('back', ({ phase, epoch }) => phase === 'original' && epoch === 2);
  await empty();
  await one.until('back', ({ phase, epoch, replicas }) => phase === 'original' && epoch === 2 && replicas.length === 2);
  await expect.poll(() => one.order('back', { verb: 'start', epoch: 2 })).toBeUndefined();
  await two.until('back', ({ phase }) => phase === 'done');
  await one.until('back', ({ answers }) => answers.answer === 'to');
  await expect
    .poll(() => [first, second].every((each) => each.since(Date.now() - 500).every(({ address }) => address !== undefined && isA(address))))
    .toBe(true);
  judgeCrossing(since(back), isB, { servers: 2 });
});

describe('stopped for ten seconds', () => {
  test.each(['lowering', 'countdown', 'flipping', 'draining', 'done'])('in %s, a server of three leads nobody back', async (phase) => {
    await using moves = await ReplicatedMoves.begin([`stopped-in-${phase}`], etcd);
    await moves.run({ kind: 'paused', victim: 1, phase, after: 0, lasts: 10_000 });
  });
});

/** A server whose wall clock the test sets. */
class Shifted {
  readonly server: ServerProcess;

  constructor(text: string) {
    const preload = pathToFileURL(join(import.meta.dirname, '../support/shifted-clock.ts')).href;
    this.server = new ServerProcess({ corefile: text, files: { clock: '0' }, env: { NODE_OPTIONS: `--import ${preload}` } });
  }

  /** Seconds. */
  set(shift: number): void {
    const file = join(this.server.folder, 'clock');
    writeFileSync(`${file}.new`, String(shift * 1000));
    renameSync(`${file}.new`, file);
  }
}

describe('one of two clocks is set', () => {
  test.each([
    [20, 'lowering', 'original 2'],
    [3600, 'lowering', 'original 2'],
    [-20, 'lowering', 'done 1'],
    [-3 * 86_400, 'lowering', 'done 1'],
    [3600, 'flipping', 'done 1'],
    [-3600, 'flipping', 'done 1'],
    [20, 'draining', 'done 1'],
  ] as const)('by %s s in %s: the move ends in %s, and nobody is led back', async (seconds, phase, end) => {
    await empty();
    await using one = await ServerProcess.start({ corefile: corefile('one') });
    const other = new Shifted(corefile('two'));
    await using two = other.server;
    await two.start();
    await one.until(name, both);
    await using first = new Witness(one.port, [name]);
    await using second = new Witness(two.port, [name]);
    const begun = Date.now();
    expect(await one.order(name, { verb: 'start' })).toBeUndefined();
    await two.until(name, (status) => reached((status.phase ?? 'original') as Phase, phase));
    other.set(seconds);
    if (end === 'original 2') {
      // It stays where it is with A until somebody sees to the clock, unless it has been called off by itself.
      await one.until(name, ({ alarms, epoch }) => epoch === 2 || alarms.some(({ about }) => about === 'clock'));
      await one.order(name, { verb: 'rollback' });
    }
    const ended = (status: SharedStatus) => `${status.phase} ${status.epoch}` === end;
    await one.until(name, ended);
    await two.until(name, ended);
    const side = end === 'done 1' ? isB : isA;
    const isThere = (each: Witness) => each.since(Date.now() - 500).every(({ address }) => address !== undefined && side(address));
    await expect.poll(() => isThere(first) && isThere(second)).toBe(true);
    const seen = [...first.since(begun), ...second.since(begun)];
    if (end === 'done 1') judgeCrossing(seen, isA, { servers: 2 });
    else expect(seen.filter(({ address }) => address !== undefined && isB(address))).toEqual([]);
  });
});

test('a reload that brings a new plan waits until it is registered: clients are answered all the time', async () => {
  await empty();
  const hosts = 'hosts {\n 192.0.2.1 www.example.org\n }';
  const other = 'migrate other.example.org {\n from 192.0.2.1\n to 198.51.100.1\n admin 127.0.0.1:0\n }';
  await using one = await ServerProcess.start({ corefile: `. {\n bind 127.0.0.1\n ${other}\n ${hosts}\n}\n` });
  await using client = new Witness(one.port, [name]);
  await expect.poll(() => client.seen.length).toBeGreaterThan(0);
  await one.reload(corefile('one').replace(/}\n$/, `${hosts}\n}\n`));
  const from = Date.now();
  await one.until(name, ({ answers }) => answers.answer === 'from');
  await expect.poll(() => client.since(from).length).toBeGreaterThan(0);
  expect(client.seen.filter(({ address }) => address !== '192.0.2.1')).toEqual([]);
});
