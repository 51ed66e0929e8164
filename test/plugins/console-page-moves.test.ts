// What the page of the console makes of the status of a plan: orders, history, the drain curve.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { describe, expect, test } from 'vitest';
import { type Curve, pictureOf } from '../../plugins/console/page/moves/drain.ts';
import { merged, noHistory, noted } from '../../plugins/console/page/moves/history.ts';
import { orderBody, ordersOf } from '../../plugins/console/page/moves/orders.ts';
import { trackOf } from '../../plugins/console/page/moves/phases.ts';

const status: PlanStatus = {
  plan: 'database',
  now: '2026-06-01T12:00:00.000Z',
  hash: 'x',
  names: [{ name: 'db.example.org.', from: ['192.0.2.1'], to: ['198.51.100.1'] }],
  role: 'shared',
  mode: 'exclusive',
  damage: null,
  epoch: 3,
  phase: 'original',
  step: 0,
  paused: false,
  since: null,
  answers: { kind: 'fixed', answer: 'from', ttl: 30 },
  ttl: { steady: 30, transition: 5, before: null },
  flip: null,
  fence: null,
  wait: null,
  rollback: { possible: true, refusal: null },
  horizon: { a_may_be_switched_off: null, b_may_be_switched_off: null, missing: [] },
  leases: { from: 0, to: 0, cut: false, last: [], pinned: [] },
  health: { from: 'unknown', to: 'healthy' },
  gates: [],
  upstream: { now: null, before: null, longest_ttl: 0, answers: { seen: 0, wanted: 1, seconds_left: null, wrong_once_in: null, missing: [] } },
  without_plan: [],
  alarms: [],
  replica: 'one',
  replicas: [],
  store: { kind: 'journal', place: '', heard: true },
  changed: null,
  journal: 'j',
};
const fence = { command: ['shut', 'a'], state: 'failed', attempt: 2, may_have_run: false, output: 'exit 1' } as const;
const allowed = (change: Partial<PlanStatus>) =>
  ordersOf({ ...status, ...change })
    .filter(({ refusal }) => refusal === null)
    .map(({ verb }) => verb);
const refused = (change: Partial<PlanStatus>) =>
  Object.fromEntries(ordersOf({ ...status, ...change }).flatMap(({ verb, refusal }) => (refusal === null ? [] : [[verb, refusal]])));

describe('orders', () => {
  test('before the move, only a start', () => expect(allowed({})).toEqual(['start']));

  test('while the old TTL is alive, no countdown', () => {
    const wait = { why: 'answers with the old TTL are still alive', until: '2026-06-01T12:00:30.000Z' };
    expect(allowed({ phase: 'lowering', wait })).toEqual(['pause', 'rollback']);
    expect(refused({ phase: 'lowering', wait })).toEqual({ advance: wait.why });
    expect(allowed({ phase: 'lowering' })).toEqual(['advance', 'pause', 'rollback']);
  });

  test('what is paused is resumed first', () => expect(allowed({ phase: 'lowering', paused: true })).toEqual(['resume', 'rollback']));

  test('countdown and flipping cannot be paused', () => {
    expect(allowed({ phase: 'countdown' })).toEqual(['rollback']);
    expect(allowed({ phase: 'flipping', fence: { ...fence, state: 'begun' } })).toEqual(['rollback']);
  });

  test('a person may be faster than the pace of a transition, but not than a gate', () => {
    const pace = { why: 'this step lasts a while', until: '2026-06-01T12:00:30.000Z' };
    expect(allowed({ mode: 'blend', phase: 'transition', wait: pace })).toContain('advance');
    expect(refused({ mode: 'blend', phase: 'transition', wait: { why: 'gate x does not hold', until: null } })).toEqual({
      advance: 'gate x does not hold',
    });
  });

  test('a fence that failed is run again; one that may have run leads back only by somebody who has seen A open', () => {
    expect(allowed({ phase: 'flipping', fence })).toEqual(['advance', 'rollback']);
    const doubt = {
      phase: 'flipping',
      fence: { ...fence, may_have_run: true },
      rollback: { possible: false, refusal: 'a fence may have run' },
    } as const;
    const order = ordersOf({ ...status, ...doubt }).find(({ verb }) => verb === 'rollback');
    expect(order?.tick?.needed).toBe(true);
    expect(order && orderBody({ ...status, ...doubt }, order, { by: 'ann', ticked: true })).toEqual({ epoch: 3, by: 'ann', a_is_open: 2 });
  });

  test('names are given back against a doubt only where that is ticked, and never in an exclusive plan', () => {
    const wait = { why: 'the upstream has not shown B alone for long enough', until: null };
    expect(refused({ phase: 'done', wait })).toEqual({ advance: wait.why });
    const order = ordersOf({ ...status, mode: 'blend', phase: 'done', wait }).find(({ verb }) => verb === 'advance');
    expect([order?.refusal, order?.tick?.needed]).toEqual([null, true]);
    expect(order && orderBody(status, order, { by: '', ticked: true })).toEqual({ epoch: 3, force: true });
  });

  test('a plan that is stopped, or not known yet, takes none', () => {
    expect(ordersOf({ ...status, damage: 'the journal is damaged' })).toEqual([]);
    expect(ordersOf({ ...status, phase: null })).toEqual([]);
  });

  test('the body has the epoch that was seen', () => {
    const [order] = ordersOf(status);
    expect(order && orderBody(status, order, { by: '', ticked: false })).toEqual({ epoch: 3 });
  });
});

test('a track has the phases of its mode, each with its place', () => {
  expect(trackOf({ mode: 'blend', phase: 'draining' }).map(({ phase, place }) => `${phase} ${place}`)).toEqual([
    'original past',
    'lowering past',
    'transition past',
    'draining now',
    'done to come',
    'released to come',
  ]);
  expect(trackOf({ mode: 'exclusive', phase: null }).every(({ place }) => place === 'to come')).toBe(true);
});

/** A move as the page hears of it: a status every second. */
function heard(steps: readonly { readonly second: number; readonly phase: PlanStatus['phase']; readonly from: number; readonly to: number }[]) {
  return steps.reduce((history, { second, phase, from, to }) => {
    const now = new Date(Date.parse(status.now) + second * 1000).toISOString();
    return noted(history, { ...status, now, phase, leases: { ...status.leases, from, to }, changed: { why: `${phase} begins`, by: 'ann', at: now } });
  }, noHistory);
}

const move = heard([
  { second: 0, phase: 'original', from: 8, to: 0 },
  { second: 10, phase: 'lowering', from: 10, to: 0 },
  { second: 40, phase: 'draining', from: 10, to: 0 },
  { second: 45, phase: 'draining', from: 4, to: 6 },
]);
const curve: Curve = {
  every: 5,
  onA: [100, 100, 100, 60, 0],
  onB: [0, 0, 0, 40, 100],
  waiting: [0, 0, 0, 0, 0],
  phases: [
    { phase: 'lowering', at: 0 },
    { phase: 'draining', at: 10 },
  ],
  horizon: 20,
  lastOnA: 20,
  stayed: 0,
};

describe('history', () => {
  test('has each change once, whoever tells of it', () => {
    expect(merged(move, move)).toEqual(move);
    expect(merged(noHistory, move).changes.map(({ why }) => why)).toEqual([
      'original begins',
      'lowering begins',
      'draining begins',
      'draining begins',
    ]);
  });

  test('a status that says nothing new adds nothing', () => expect(noted(noted(noHistory, status), status)).toEqual(noted(noHistory, status)));
});

describe('the drain curve', () => {
  test('is not there before the move', () => expect(pictureOf(noted(noHistory, status), 3, curve)).toBeUndefined());

  test('begins with the move, and another epoch is another move', () => {
    const picture = pictureOf(move, 3, undefined);
    expect(picture?.times).toEqual([0, 30, 35]);
    expect(picture?.onA).toEqual([10, 10, 4]);
    expect(picture?.bands.map(({ label, from }) => `${label} ${from}`)).toEqual(['lowering 0', 'draining 30']);
    expect(pictureOf(move, 4, undefined)).toBeUndefined();
  });

  test('stands beside the forecast, which goes on from the phase that was reached, for as many clients', () => {
    const picture = pictureOf(move, 3, curve);
    const at = (second: number) => picture?.times.indexOf(second) ?? -1;
    // Draining was foretold for second 10, and began at 30.
    expect(picture?.foretoldA[at(30)]).toBe(10);
    expect(picture?.foretoldA[at(35)]).toBe(6);
    expect(picture?.foretoldA[at(40)]).toBe(0);
    expect(picture?.scaledTo).toBe(10);
    // What is to come was not measured.
    expect(picture?.onA[at(40)]).toBeNull();
  });
});
