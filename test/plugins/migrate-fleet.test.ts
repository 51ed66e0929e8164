// What is granted to the other processes of a server: counted as leases, and given back before the plan goes on.
import { migration } from 'ferrydns/built-in/moves';
import { describe, expect, test } from 'vitest';
import { Fleet } from '../../plugins/migrate/processes/fleet.ts';
import type { FollowerWord, Posture, Signal } from '../../plugins/migrate/processes/posture.ts';

const wall = Date.parse('2026-06-01T12:00:00Z');
const a5: migration.Steering = { kind: 'fixed', answer: 'from', ttl: 5 };
const posture = (more: Partial<Posture> = {}): Posture => ({ how: a5, phase: 'lowering', damage: undefined, flip: undefined, lasts: 1000, ...more });

/** A fleet on a clock of the test's own, whose followers hear and are heard when the test says so. */
function fleetOf({ current = posture() } = {}) {
  const clock = { now: 0 };
  const ledger = new migration.Ledger({ slack: 3000, caches: 0 });
  const soon: (() => void)[] = [];
  const state = { posture: current };
  const fleet = new Fleet({
    now: () => clock.now,
    posture: () => state.posture,
    ledger: () => ledger,
    slack: () => 3000,
    soon: (run) => soon.push(run),
  });
  const told: Signal[] = [];
  fleet.join((signal) => void told.push(signal));
  const flush = () => {
    for (const run of soon.splice(0)) run();
  };
  const word = (follower: string, more: Partial<FollowerWord> = {}): FollowerWord => ({
    follower,
    said: clock.now,
    got: 0,
    bound: false,
    leaves: false,
    handed: { lists: [], unlisted: { from: 0, to: 0 } },
    ...more,
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { fleet, ledger, clock, state, told, flush, word, turn, leases: () => fleet.leases(ledger.latest) };
}

describe('a fleet', () => {
  test('answers those who ask at the same time by one message', () => {
    const { fleet, told, flush, word } = fleetOf();
    fleet.hear(word('one', { said: 11 }));
    fleet.hear(word('two', { said: 12 }));
    flush();
    expect(told.filter(({ kind }) => kind === 'grant')).toEqual([{ kind: 'grant', number: 1, posture: posture(), asked: { one: 11, two: 12 } }]);
  });

  test('counts what it grants as a lease until it is given back with an account of what was handed out', () => {
    const { fleet, clock, flush, word, leases, ledger } = fleetOf();
    fleet.hear(word('one'));
    flush();
    expect(leases()).toEqual({ from: 1000 + 5000 + 3000, to: 0 });
    clock.now = 500;
    const handed = { lists: [{ answer: 'from', clients: [['192.0.2.7', 5, 400]] }], unlisted: { from: 0, to: 0 } } as const;
    fleet.hear(word('one', { got: 1, bound: true, handed }));
    expect(leases()).toEqual({ from: 9000, to: 0 });
    fleet.hear(word('one', { got: 1, bound: false }));
    expect(leases()).toEqual({ from: 100 + 5000 + 3000, to: 0 });
    expect(ledger.last(1)).toMatchObject([{ client: '192.0.2.7', from: 8100 }]);
  });

  test('does not take a follower for free that has not received the last grant yet', () => {
    const { fleet, flush, word, leases } = fleetOf();
    fleet.hear(word('one'));
    flush();
    fleet.hear(word('one', { got: 0, bound: false }));
    expect(leases().from).toBe(9000);
  });

  test('counts what it granted before, until that is over, when it grants something else', () => {
    const { fleet, clock, state, flush, word, leases, ledger } = fleetOf({ current: posture({ lasts: 3000 }) });
    fleet.hear(word('one'));
    flush();
    state.posture = posture({ how: { kind: 'fixed', answer: 'to', ttl: 5 } });
    fleet.hear(word('one', { got: 1, bound: true }));
    flush();
    expect(leases()).toEqual({ from: 11_000, to: 9000 });
    clock.now = 2999;
    fleet.tick();
    expect(ledger.latest).toEqual({ from: 0, to: 0 });
    clock.now = 3000;
    fleet.tick();
    expect(ledger.latest).toEqual({ from: 11_000, to: 9000 });
  });

  test('counts a lease on each side that a posture leads to, and none beyond the flip', () => {
    const share = fleetOf({ current: posture({ how: { kind: 'weight', share: 10, ttl: 5 } }) });
    share.fleet.hear(share.word('one'));
    share.flush();
    expect(share.leases()).toEqual({ from: 9000, to: 9000 });
    const flip = fleetOf({ current: posture({ flip: { at: wall + 2000, left: 2000 } }) });
    flip.fleet.hear(flip.word('one'));
    flip.flush();
    expect(flip.leases()).toEqual({ from: 5000, to: 0 });
  });

  test('keeps the lease of a follower that never gave back', () => {
    const { fleet, clock, flush, word, leases, ledger } = fleetOf();
    fleet.hear(word('one'));
    flush();
    clock.now = 1000;
    fleet.tick();
    expect(ledger.latest.from).toBe(9000);
    expect(leases().from).toBe(9000);
  });

  test('withdraws at once where nobody follows', async () => {
    const { fleet, told } = fleetOf();
    const resume = await fleet.withdraw();
    resume();
    expect(told.at(-1)).toEqual({ kind: 'muster' });
  });

  test('has withdrawn only when each follower has let go, and grants nothing meanwhile', async () => {
    const { fleet, told, flush, word, turn } = fleetOf();
    for (const each of ['one', 'two']) fleet.hear(word(each));
    flush();
    let withdrawn = false;
    const withdrawal = fleet.withdraw().then((resume) => {
      withdrawn = true;
      return resume;
    });
    for (const each of ['one', 'two']) fleet.hear(word(each, { got: 1, bound: true }));
    await turn();
    expect(told.at(-1)).toEqual({ kind: 'withdraw' });
    fleet.hear(word('one', { got: 1 }));
    fleet.hear(word('three'));
    flush();
    await turn();
    expect(withdrawn).toBe(false);
    fleet.hear(word('two', { got: 1 }));
    const resume = await withdrawal;
    flush();
    expect(told.at(-1)).toEqual({ kind: 'withdraw' });
    resume();
    expect(told.at(-1)).toEqual({ kind: 'muster' });
  });

  test('waits for one that does not answer while the others go on, and no longer than it was granted', async () => {
    const { fleet, clock, told, flush, word, turn } = fleetOf();
    for (const each of ['quick', 'stopped']) fleet.hear(word(each));
    flush();
    const withdrawal = fleet.withdraw();
    for (clock.now = 200; clock.now < 1000; clock.now += 200) {
      fleet.hear(word('quick', { got: 1, bound: true }));
      flush();
      fleet.tick();
      await turn();
      expect(told.some(({ kind }) => kind === 'withdraw')).toBe(false);
    }
    fleet.tick();
    await turn();
    expect(told.at(-1)).toEqual({ kind: 'withdraw' });
    fleet.hear(word('quick', { got: 5 }));
    await withdrawal;
  });

  test('waits for nobody who answers by what is never taken back', async () => {
    const { fleet, flush, word } = fleetOf({ current: posture({ lasts: undefined }) });
    fleet.hear(word('one'));
    flush();
    await fleet.withdraw();
  });

  test('asks everybody as soon as what is answered by changes, and otherwise now and then', () => {
    const { fleet, clock, state, told } = fleetOf();
    fleet.tick();
    const musters = () => told.filter(({ kind }) => kind === 'muster').length;
    const before = musters();
    clock.now = 100;
    fleet.tick();
    expect(musters()).toBe(before);
    state.posture = posture({ how: { kind: 'fixed', answer: 'to', ttl: 5 } });
    fleet.tick();
    expect(musters()).toBe(before + 1);
    clock.now = 300;
    fleet.tick();
    expect(musters()).toBe(before + 2);
  });

  test('waits for what an earlier run may have left behind, where there are several processes', async () => {
    const { fleet, clock, word, leases, ledger, turn } = fleetOf();
    fleet.succeed({ from: 8000, to: 0 });
    expect(leases().from).toBe(0);
    fleet.hear(word('one'));
    expect(leases().from).toBe(11_000);
    let withdrawn = false;
    void fleet.withdraw().then(() => {
      withdrawn = true;
    });
    fleet.hear(word('one'));
    clock.now = 2900;
    fleet.tick();
    await turn();
    expect(withdrawn).toBe(false);
    clock.now = 3000;
    fleet.tick();
    await turn();
    expect(withdrawn).toBe(true);
    expect(ledger.latest.from).toBe(11_000);
  });
});
