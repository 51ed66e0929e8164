// What is granted to the other processes of a server: counted as leases, and given back before the plan goes on.
import { migration } from 'ferrydns/built-in/moves';
import { describe, expect, test } from 'vitest';
import { Followers } from '../../plugins/migrate/workers/followers.ts';
import type { FollowerMessage, Signal } from '../../plugins/migrate/workers/snapshot.ts';
import { snapshot } from '../support/snapshot.ts';

const wall = Date.parse('2026-06-01T12:00:00Z');

/** Followers on a clock of the test's own, who hear and are heard when the test says so. */
function followersOf({ current = snapshot() } = {}) {
  const clock = { now: 0 };
  const ledger = new migration.Ledger({ slack: 3000, caches: 0 });
  const soon: (() => void)[] = [];
  const state = { snapshot: current };
  const followers = new Followers({
    now: () => clock.now,
    snapshot: () => state.snapshot,
    ledger: () => ledger,
    slack: () => 3000,
    soon: (run) => soon.push(run),
  });
  const told: Signal[] = [];
  followers.join((signal) => void told.push(signal));
  const flush = () => {
    for (const run of soon.splice(0)) run();
  };
  const word = (follower: string, more: Partial<FollowerMessage> = {}): FollowerMessage => ({
    follower,
    said: clock.now,
    got: 0,
    bound: false,
    leaves: false,
    handed: { lists: [], unlisted: { from: 0, to: 0 } },
    ...more,
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { followers, ledger, clock, state, told, flush, word, turn, leases: () => followers.leases(ledger.latest) };
}

describe('a followers', () => {
  test('answers those who ask at the same time by one message', () => {
    const { followers, told, flush, word } = followersOf();
    followers.hear(word('one', { said: 11 }));
    followers.hear(word('two', { said: 12 }));
    flush();
    expect(told.filter(({ kind }) => kind === 'grant')).toEqual([{ kind: 'grant', number: 1, snapshot: snapshot(), asked: { one: 11, two: 12 } }]);
  });

  test('counts what it grants as a lease until it is given back with an account of what was handed out', () => {
    const { followers, clock, flush, word, leases, ledger } = followersOf();
    followers.hear(word('one'));
    flush();
    expect(leases()).toEqual({ from: 1000 + 5000 + 3000, to: 0 });
    clock.now = 500;
    const handed = { lists: [{ answer: 'from', clients: [['192.0.2.7', 5, 400]] }], unlisted: { from: 0, to: 0 } } as const;
    followers.hear(word('one', { got: 1, bound: true, handed }));
    expect(leases()).toEqual({ from: 9000, to: 0 });
    followers.hear(word('one', { got: 1, bound: false }));
    expect(leases()).toEqual({ from: 100 + 5000 + 3000, to: 0 });
    expect(ledger.last(1)).toMatchObject([{ client: '192.0.2.7', from: 8100 }]);
  });

  test('does not take a follower for free that has not received the last grant yet', () => {
    const { followers, flush, word, leases } = followersOf();
    followers.hear(word('one'));
    flush();
    followers.hear(word('one', { got: 0, bound: false }));
    expect(leases().from).toBe(9000);
  });

  test('counts what it granted before, until that is over, when it grants something else', () => {
    const { followers, clock, state, flush, word, leases, ledger } = followersOf({ current: snapshot({ lasts: 3000 }) });
    followers.hear(word('one'));
    flush();
    state.snapshot = snapshot({ how: { kind: 'fixed', answer: 'to', ttl: 5 } });
    followers.hear(word('one', { got: 1, bound: true }));
    flush();
    expect(leases()).toEqual({ from: 11_000, to: 9000 });
    clock.now = 2999;
    followers.tick();
    expect(ledger.latest).toEqual({ from: 0, to: 0 });
    clock.now = 3000;
    followers.tick();
    expect(ledger.latest).toEqual({ from: 11_000, to: 9000 });
  });

  test('counts a lease on each side that a snapshot leads to, and none beyond the flip', () => {
    const share = followersOf({ current: snapshot({ how: { kind: 'weight', share: 10, ttl: 5 } }) });
    share.followers.hear(share.word('one'));
    share.flush();
    expect(share.leases()).toEqual({ from: 9000, to: 9000 });
    const flip = followersOf({ current: snapshot({ flip: { at: wall + 2000, left: 2000 } }) });
    flip.followers.hear(flip.word('one'));
    flip.flush();
    expect(flip.leases()).toEqual({ from: 5000, to: 0 });
  });

  test('keeps the lease of a follower that never gave back', () => {
    const { followers, clock, flush, word, leases, ledger } = followersOf();
    followers.hear(word('one'));
    flush();
    clock.now = 1000;
    followers.tick();
    expect(ledger.latest.from).toBe(9000);
    expect(leases().from).toBe(9000);
  });

  test('withdraws at once where nobody follows', async () => {
    const { followers, told } = followersOf();
    const resume = await followers.withdraw();
    resume();
    expect(told.at(-1)).toEqual({ kind: 'renew' });
  });

  test('has withdrawn only when each follower has let go, and grants nothing meanwhile', async () => {
    const { followers, told, flush, word, turn } = followersOf();
    for (const each of ['one', 'two']) followers.hear(word(each));
    flush();
    let withdrawn = false;
    const withdrawal = followers.withdraw().then((resume) => {
      withdrawn = true;
      return resume;
    });
    for (const each of ['one', 'two']) followers.hear(word(each, { got: 1, bound: true }));
    await turn();
    expect(told.at(-1)).toEqual({ kind: 'withdraw' });
    followers.hear(word('one', { got: 1 }));
    followers.hear(word('three'));
    flush();
    await turn();
    expect(withdrawn).toBe(false);
    followers.hear(word('two', { got: 1 }));
    const resume = await withdrawal;
    flush();
    expect(told.at(-1)).toEqual({ kind: 'withdraw' });
    resume();
    expect(told.at(-1)).toEqual({ kind: 'renew' });
  });

  test('waits for one that does not answer while the others go on, and no longer than it was granted', async () => {
    const { followers, clock, told, flush, word, turn } = followersOf();
    for (const each of ['quick', 'stopped']) followers.hear(word(each));
    flush();
    const withdrawal = followers.withdraw();
    for (clock.now = 200; clock.now < 1000; clock.now += 200) {
      followers.hear(word('quick', { got: 1, bound: true }));
      flush();
      followers.tick();
      await turn();
      expect(told.some(({ kind }) => kind === 'withdraw')).toBe(false);
    }
    followers.tick();
    await turn();
    expect(told.at(-1)).toEqual({ kind: 'withdraw' });
    followers.hear(word('quick', { got: 5 }));
    await withdrawal;
  });

  test('waits for nobody who answers by what is never taken back', async () => {
    const { followers, flush, word } = followersOf({ current: snapshot({ lasts: undefined }) });
    followers.hear(word('one'));
    flush();
    await followers.withdraw();
  });

  test('asks everybody as soon as what is answered by changes, and otherwise now and then', () => {
    const { followers, clock, state, told } = followersOf();
    followers.tick();
    const musters = () => told.filter(({ kind }) => kind === 'renew').length;
    const before = musters();
    clock.now = 100;
    followers.tick();
    expect(musters()).toBe(before);
    state.snapshot = snapshot({ how: { kind: 'fixed', answer: 'to', ttl: 5 } });
    followers.tick();
    expect(musters()).toBe(before + 1);
    clock.now = 300;
    followers.tick();
    expect(musters()).toBe(before + 2);
  });

  test('waits for what an earlier run may have left behind, where there are several processes', async () => {
    const { followers, clock, word, leases, ledger, turn } = followersOf();
    followers.succeed({ from: 8000, to: 0 });
    expect(leases().from).toBe(0);
    followers.hear(word('one'));
    expect(leases().from).toBe(11_000);
    let withdrawn = false;
    void followers.withdraw().then(() => {
      withdrawn = true;
    });
    followers.hear(word('one'));
    clock.now = 2900;
    followers.tick();
    await turn();
    expect(withdrawn).toBe(false);
    clock.now = 3000;
    followers.tick();
    await turn();
    expect(withdrawn).toBe(true);
    expect(ledger.latest.from).toBe(11_000);
  });
});
