// What other processes of a server answer by: granted for a while, by a clock of their own.
import { type Move, migration } from 'ferrydns/built-in/moves';
import { describe, expect, test } from 'vitest';
import { Follower } from '../../plugins/migrate/workers/follower.ts';
import { type Snapshot, snapshotOf } from '../../plugins/migrate/workers/snapshot.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';
import { a5, snapshot } from '../support/snapshot.ts';

const wall = Date.parse('2026-06-01T12:00:00Z');

function moveOf(text = ''): Move {
  return readPlanFile(`plan: www\nnames:\n  www.example.org: { from: 192.0.2.1, to: 192.0.2.2 }\nttl: 30\ntransition_ttl: 5\n${text}`, 'plan.yaml')
    .move;
}

const { plan } = moveOf();

describe('a follower', () => {
  const clock = { mono: 0, wall };
  const make = () => {
    Object.assign(clock, { mono: 50_000, wall });
    const follower = new Follower({ plan, now: () => clock.mono, wall: () => clock.wall });
    const grant = (granted: Snapshot, { asked = clock.mono, number = 1 } = {}) => {
      follower.hear({ kind: 'grant', number, snapshot: granted, asked: { [follower.message().follower]: asked } });
    };
    const pass = (milliseconds: number) => {
      clock.mono += milliseconds;
      clock.wall += milliseconds;
    };
    return { follower, grant, pass };
  };
  const silent = expect.objectContaining({ kind: 'silent' });

  test('is silent until it is granted something, and by what is granted to others', () => {
    const { follower } = make();
    expect(follower.steering()).toEqual(silent);
    follower.hear({ kind: 'grant', number: 1, snapshot: snapshot(), asked: { another: clock.mono } });
    expect(follower.steering()).toEqual(silent);
  });

  test('answers by what it is granted for as long as that lasts from when it asked', () => {
    const { follower, grant, pass } = make();
    const asked = clock.mono;
    pass(300);
    grant(snapshot(), { asked });
    expect(follower.steering()).toEqual(a5);
    pass(699);
    expect(follower.steering()).toEqual(a5);
    pass(1);
    expect(follower.steering()).toEqual(silent);
  });

  test('does not answer by what it was granted before its machine was asleep', () => {
    const { follower, grant, pass } = make();
    const asked = clock.mono;
    pass(300);
    grant(snapshot(), { asked });
    expect(follower.steering()).toEqual(a5);
    // The monotonic clock stood still.
    clock.wall += 700;
    expect(follower.steering()).toEqual(silent);
    grant(snapshot(), { number: 2 });
    expect(follower.steering()).toEqual(a5);
    clock.wall -= 60_000;
    expect(follower.steering()).toEqual(a5);
  });

  test('does not begin to answer by a grant that has been on its way for too long', () => {
    const { follower, grant, pass } = make();
    const asked = clock.mono;
    pass(1000);
    grant(snapshot(), { asked });
    expect(follower.steering()).toEqual(silent);
  });

  test('answers for good by what is never taken back', () => {
    const { follower, grant, pass } = make();
    const how = { kind: 'fixed', answer: 'to', ttl: 30 } as const;
    grant(snapshot({ how, lasts: undefined }));
    pass(1e9);
    expect(follower.steering()).toEqual(how);
    // The process that runs the plan may stand still before it says what comes next.
    expect(follower.hear({ kind: 'withdraw' })).toMatchObject({ bound: false });
    expect(follower.steering()).toEqual(how);
  });

  test('falls silent at once when that is withdrawn, and says so', () => {
    const { follower, grant } = make();
    grant(snapshot(), { number: 7 });
    expect(follower.hear({ kind: 'renew' })).toMatchObject({ bound: true, got: 7 });
    expect(follower.hear({ kind: 'withdraw' })).toMatchObject({ bound: false, got: 7 });
    expect(follower.steering()).toEqual(silent);
  });

  test('does not take up again what it has given back, by whatever way that comes once more', () => {
    const { follower, grant } = make();
    grant(snapshot(), { number: 7 });
    follower.hear({ kind: 'withdraw' });
    grant(snapshot(), { number: 7 });
    expect(follower.steering()).toEqual(silent);
    grant(snapshot(), { number: 8 });
    expect(follower.steering()).toEqual(a5);
    // Another one runs the plan now.
    follower.hear({ kind: 'withdraw' });
    grant(snapshot(), { number: 1, asked: clock.mono + 1 });
    expect(follower.steering()).toEqual(a5);
  });

  test('that has ended stays silent, whatever is still on its way to it', () => {
    const { follower, grant } = make();
    follower.close();
    grant(snapshot());
    expect(follower.hear({ kind: 'renew' })).toBeUndefined();
    expect(follower.steering()).toEqual(silent);
    expect(follower.message()).toMatchObject({ bound: false, leaves: true });
  });

  test('counts the TTL down to the flip, 0 in its last second, and is silent from there', () => {
    const { follower, grant, pass } = make();
    grant(snapshot({ flip: { at: wall + 6500, left: 6500 }, lasts: 60_000 }));
    const ttls: (number | string)[] = [];
    for (; follower.steering().kind === 'fixed'; pass(500)) {
      const how = follower.steering();
      ttls.push(how.kind === 'fixed' ? how.ttl : '');
    }
    expect(ttls).toEqual([5, 5, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0]);
    expect(clock.wall).toBe(wall + 6500);
  });

  test.each([
    ['set forward', 10_000],
    ['set back', -10_000],
  ])('a wall clock that is %s does not make A last longer', (_, jump) => {
    const { follower, grant, pass } = make();
    grant(snapshot({ flip: { at: wall + 6500, left: 6500 }, lasts: 60_000 }));
    clock.wall += jump;
    expect(follower.steering().kind).toBe(jump > 0 ? 'silent' : 'fixed');
    pass(6500);
    expect(follower.steering()).toEqual(silent);
  });

  test('the time that a grant was on its way counts against the flip', () => {
    const { follower, grant, pass } = make();
    const asked = clock.mono;
    pass(900);
    grant(snapshot({ flip: { at: wall + 3000, left: 2900 }, lasts: 10_000 }), { asked });
    expect(follower.steering()).toMatchObject({ ttl: 2 });
    pass(2000);
    expect(follower.steering()).toEqual(silent);
  });

  test('tells whom it has answered, when, and once', () => {
    const { follower, grant, pass } = make();
    grant(snapshot());
    follower.handed('192.0.2.7', 'from', 5);
    pass(100);
    follower.handed('192.0.2.8', 'both', 5);
    pass(50);
    expect(follower.message().handed).toEqual({
      lists: [
        { answer: 'from', clients: [['192.0.2.7', 5, 150]] },
        { answer: 'both', clients: [['192.0.2.8', 5, 50]] },
      ],
      unlisted: { from: 0, to: 0 },
    });
    expect(follower.message().handed.lists).toEqual([]);
  });

  test('keeps the later end when a client is answered twice with TTLs that go down', () => {
    const { follower, pass } = make();
    follower.handed('192.0.2.7', 'from', 5);
    pass(100);
    follower.handed('192.0.2.7', 'from', 4);
    expect(follower.message().handed.lists).toEqual([{ answer: 'from', clients: [['192.0.2.7', 5, 100]] }]);
  });

  test('lists no more clients than fit into a message, and forgets no lease', () => {
    const { follower, pass } = make();
    for (let i = 0; i < 20_010; i++) follower.handed(`10.0.${i >> 8}.${i & 255}`, 'from', 5);
    pass(200);
    const { lists, unlisted } = follower.message().handed;
    expect(lists[0]?.clients).toHaveLength(20_000);
    expect(unlisted).toEqual({ from: 4800, to: 0 });
  });

  test('lets queries that wait go on when it is granted an answer', async () => {
    const { follower, grant } = make();
    const waiting = follower.held.wait(10_000);
    grant(snapshot({ how: { kind: 'silent', why: 'between A and B' }, lasts: undefined }));
    expect(follower.held.count).toBe(1);
    grant(snapshot(), { number: 2 });
    expect(await waiting).toBe(true);
  });
});

describe('what is granted', () => {
  const now: migration.Moment = { wall, mono: 1000, leased: { from: 0, to: 0 } };
  const at = (phase: migration.Phase, { text = '', flip = null }: { text?: string; flip?: migration.View['flip'] } = {}) => {
    const view = { epoch: 1, phase, step: 0, ttl: 30, oldTtl: 30, flip, member: true, bound: true, settled: false, stamp: wall };
    const state = migration.begin({ plan: moveOf(text).plan, replica: 'here', view, now });
    return snapshotOf({ ...state, known: { version: 1, agreement: null } }, now);
  };

  test.each([
    ['blend', 'original', 3000],
    ['blend', 'lowering', 1000],
    ['blend', 'transition', 1000],
    ['blend', 'draining', 1000],
    ['blend', 'done', undefined],
    ['blend', 'released', undefined],
    ['exclusive', 'flipping', undefined],
    ['exclusive', 'draining', undefined],
    ['exclusive', 'done', undefined],
  ] as const)('in %s mode, %s, lasts %s ms', (mode, phase, lasts) => {
    expect(at(phase, { text: `mode: ${mode}\n` }).lasts).toBe(lasts);
  });

  test('in the countdown names the flip and the TTL to count down from', () => {
    const flip = { round: 1, at: wall + 1500 };
    expect(at('countdown', { text: 'mode: exclusive\n', flip })).toMatchObject({ how: a5, flip: { at: wall + 1500, left: 1500 }, lasts: 1000 });
  });
});
