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
  orders: [],
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
const told = (
  verb: 'start' | 'advance' | 'pause' | 'resume' | 'rollback',
  refusal: string | null = null,
  unless: 'force' | 'a_is_open' | null = null,
) => ({ verb, replica: null, refusal, unless }) as const;
const shown = (change: Partial<PlanStatus>) => ordersOf({ ...status, ...change }).map(({ verb, refusal }) => `${verb}: ${refusal ?? 'now'}`);

describe('orders', () => {
  test('are those that the server allows, those that go on first', () => {
    const orders = [told('pause'), told('rollback'), told('advance'), told('start', 'already in lowering'), told('resume', 'not paused')];
    expect(shown({ phase: 'lowering', orders })).toEqual(['advance: now', 'pause: now', 'rollback: now']);
  });

  test('one that would be next says why it is refused; one that makes no sense now is not there', () => {
    const lowering = [told('start', 'already in lowering'), told('advance', 'the old TTL is alive'), told('resume', 'not paused'), told('rollback')];
    expect(shown({ phase: 'lowering', orders: lowering })).toEqual(['advance: the old TTL is alive', 'rollback: now']);
    const original = [told('start', 'gate x does not hold'), told('advance', 'not started'), told('rollback', 'nothing has begun')];
    expect(shown({ phase: 'original', orders: original })).toEqual(['start: gate x does not hold']);
    const countdown = [told('advance', 'ends by itself'), told('pause', 'countdown cannot be paused'), told('rollback', 'the fence has begun')];
    expect(shown({ phase: 'countdown', orders: countdown })).toEqual(['rollback: the fence has begun']);
  });

  test('one that is carried out only against a doubt has to have it ticked, and says so in its body', () => {
    const doubt = {
      phase: 'flipping',
      fence: { ...fence, may_have_run: true },
      orders: [told('rollback', 'a fence may have run', 'a_is_open')],
    } as const;
    const [back] = ordersOf({ ...status, ...doubt });
    expect([back?.refusal, back?.tick?.label]).toEqual([null, 'I have seen that A is open, after attempt 2 of the fence']);
    expect(back && orderBody({ ...status, ...doubt }, back, { by: 'ann', ticked: true })).toEqual({ epoch: 3, by: 'ann', a_is_open: 2 });
    const done = { mode: 'blend', phase: 'done', orders: [told('advance', 'the upstream shows A', 'force')] } as const;
    const [release] = ordersOf({ ...status, ...done });
    expect(release?.tick?.label).toContain('although the upstream shows A');
    expect(release && orderBody(status, release, { by: '', ticked: true })).toEqual({ epoch: 3, force: true });
  });

  test('a plan that is stopped, or not known yet, takes none', () => {
    const orders = [told('start', 'the journal is damaged')];
    expect(ordersOf({ ...status, orders, damage: 'the journal is damaged' })).toEqual([]);
    expect(ordersOf({ ...status, orders, phase: null })).toEqual([]);
  });

  test('the body has the epoch that was seen', () => {
    const [order] = ordersOf({ ...status, orders: [told('start')] });
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
