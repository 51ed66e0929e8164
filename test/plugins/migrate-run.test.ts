// How a process that takes the name of a replica tells whether the one before it has ended, and what it does where it cannot.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { migration } from 'ferrydns/built-in/moves';
import { expect, test } from 'vitest';
import { Link } from '../../plugins/migrate/store/link.ts';
import { beginRun, endRun, idOf, isOver } from '../../plugins/migrate/store/run-identity.ts';
import type { Kept, Proposal, Store } from '../../plugins/migrate/store/store.ts';
import { planFor } from '../migration/scenarios.ts';

const now = { wall: 1_000_000, mono: 0, leased: { from: 0, to: 0 } };

/** What is agreed on when replica `a` has registered alone, as the run of this name. */
function keptBy(run: string): Kept {
  const plan = planFor({ mode: 'exclusive', store: 'etcd', ttl: 10, session: 0 });
  const { effects } = migration.step(migration.begin({ plan, replica: 'a', view: null, now }), { kind: 'read', version: 0, agreement: null }, now);
  const founding = effects.find((effect) => effect.kind === 'commit');
  if (founding === undefined) throw new Error('nothing is founded');
  return { agreement: founding.agreement, changed: null, runs: { a: run } };
}

/** What a new process called `a` makes of it. */
async function claimed(kept: Kept, earlier: readonly string[] = []): Promise<Kept> {
  const swaps: Proposal[] = [];
  const store: Store = {
    place: 'here',
    read: async () => ({ version: 1, kept }),
    swap: async (proposal) => ({ done: true, version: swaps.push(proposal) + 1 }),
    close: () => {},
  };
  const log = { debugging: false, debug() {}, info() {}, warn() {}, error() {} };
  const link = new Link({ store, replica: 'a', shared: true, earlier: new Set(earlier), log, now: () => 0, heard() {}, changed() {}, usurped() {} });
  await link.read();
  link.close();
  const [swap] = swaps;
  if (swap === undefined) throw new Error('nothing is claimed');
  return swap.kept;
}

test('one of this machine has ended when its process has', async () => {
  const run = beginRun();
  expect(isOver(run)).toBe(false);
  endRun(run);
  expect(isOver(run)).toBe(true);
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const running = run.replace(`#${process.pid}#`, `#${child.pid}#`);
  // The process of this number was begun at another time than the one that is looked for.
  expect(isOver(running)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isOver(running)).toBe(true);
});

test.each(['1b4e28ba-2fa1-11d2-883f-0016d3cca427', '1b4e28ba-2fa1-11d2-883f-0016d3cca427 another-boot/4026531836#1#2 pod'])(
  'of one that is elsewhere nobody knows: %s',
  (run) => {
    expect(isOver(run)).toBeUndefined();
  },
);

test('one that may not have ended is one more replica from then on', async () => {
  const before = keptBy('1b4e28ba-2fa1-11d2-883f-0016d3cca427 elsewhere');
  const { agreement, runs, changed } = await claimed(before);
  expect(agreement.members).toEqual({ 'a~1b4e28ba': before.agreement.members['a'] });
  expect(runs).toMatchObject({ 'a~1b4e28ba': '1b4e28ba-2fa1-11d2-883f-0016d3cca427 elsewhere' });
  expect(changed?.why).toBe('replica a is another process than before, which is waited for as a~1b4e28ba');
});

test('one that had the same journal has ended, and one of this machine whose process has', async () => {
  const id = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';
  expect(Object.keys((await claimed(keptBy(`${id} elsewhere`), [id])).agreement.members)).toEqual(['a']);
  const ended = beginRun();
  expect(Object.keys((await claimed(keptBy(ended), [idOf(ended)])).agreement.members)).toEqual([`a~${ended.slice(0, 8)}`]);
  endRun(ended);
  expect(Object.keys((await claimed(keptBy(ended))).agreement.members)).toEqual(['a']);
});

test('one that answers A no more, whatever it hears, is not waited for', async () => {
  const { agreement, ...kept } = keptBy('1b4e28ba-2fa1-11d2-883f-0016d3cca427 elsewhere');
  const flip = { round: 1, at: 5_000_000, acks: { a: 0 }, committed: true };
  const claim = await claimed({ ...kept, agreement: { ...agreement, phase: 'countdown', flip } });
  expect(Object.keys(claim.agreement.members)).toEqual(['a']);
  const proposed = await claimed({ ...kept, agreement: { ...agreement, phase: 'countdown', flip: { ...flip, committed: false } } });
  expect(proposed.agreement).toMatchObject({ members: { 'a~1b4e28ba': {} }, flip: { acks: { 'a~1b4e28ba': 0 } } });
});
