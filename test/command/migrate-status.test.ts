import { expect, test } from 'vitest';
import { printStatuses } from '../../src/command/migrate-status.ts';
import { bar, timeLeft } from '../../src/command/text-table.ts';
import type { PlanStatus } from '../../src/plans/plan-status.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const after = (seconds: number) => new Date(now + seconds * 1000).toISOString();

const database: PlanStatus = {
  plan: 'database',
  now: after(0),
  hash: 'abc',
  mode: 'exclusive',
  role: 'shared',
  epoch: 2,
  phase: 'draining',
  step: 0,
  paused: false,
  since: after(-15),
  damage: null,
  names: [{ name: 'a.example.', from: ['192.0.2.1'], to: ['192.0.2.2', '192.0.2.3'] }],
  answers: { kind: 'fixed', answer: 'to', ttl: 5 },
  wait: { why: 'leases on A are alive', until: after(45) },
  ttl: { steady: 300, transition: 5, before: 300 },
  flip: { at: after(-15), committed: true },
  fence: { command: ['shut'], state: 'done', attempt: 2, may_have_run: false, output: null },
  orders: [
    { verb: 'start', replica: null, refusal: 'already in draining', unless: null },
    { verb: 'pause', replica: null, refusal: null, unless: null },
    { verb: 'rollback', replica: null, refusal: 'the fence has run', unless: null },
    { verb: 'forget', replica: 'b', refusal: null, unless: null },
  ],
  horizon: { a_may_be_switched_off: after(3665), b_may_be_switched_off: null, missing: [] },
  leases: { from: 3, to: 1200, cut: false, last: [], pinned: [{ client: '192.0.2.9', last_asked: after(-60) }] },
  health: { from: 'unknown', to: 'healthy' },
  gates: [],
  upstream: { now: null, before: null, longest_ttl: 0, answers: { seen: 0, wanted: 20, seconds_left: null, wrong_once_in: 1, missing: [] } },
  without_plan: [],
  alarms: [{ about: 'store', text: 'replica b is silent' }],
  replica: 'a',
  replicas: [
    { replica: 'a', phase: 'draining', epoch: 2, bound: true, silent_for: 0 },
    { replica: 'b', phase: 'lowering', epoch: 1, bound: true, silent_for: 75.2 },
  ],
  store: { kind: 'etcd', place: 'etcd http://127.0.0.1:2379 /ferrydns/database', heard: false },
  changed: null,
  journal: '/var/lib/ferrydns/database.journal',
};

const web: PlanStatus = {
  ...database,
  plan: 'web',
  mode: 'blend',
  epoch: 1,
  phase: 'transition',
  step: 1,
  paused: true,
  answers: { kind: 'canary', share: 10, ttl: 5 },
  wait: null,
  horizon: { a_may_be_switched_off: null, b_may_be_switched_off: null, missing: ['b'] },
  alarms: [],
};

type Fence = NonNullable<PlanStatus['fence']>;

function fenced(more: Partial<Fence>): Fence {
  return { command: ['shut'], state: 'none', attempt: 1, may_have_run: false, output: null, ...more };
}

test('one plan is shown in full', () => {
  expect(printStatuses([database], { most: new Map([['database', { from: 30, to: 1200 }]]) })).toBe(
    [
      'plan database: exclusive, role shared',
      '  phase                  [######..] draining',
      '  epoch                  2',
      '  name                   a.example.  192.0.2.1 -> 192.0.2.2, 192.0.2.3',
      '  answers                B, ttl 5',
      '  waits                  [#####...............] 45 s left: leases on A are alive',
      '  orders                 pause, forget b',
      '  no rollback            the fence has run',
      '  fence                  done, attempt 2',
      '  health                 A unknown, B healthy',
      '  upstream               not asked yet',
      '  leases on A            [##..................] 3 clients may hold A, 1 look pinned to it',
      '  leases on B            [####################] 1200 clients may hold B',
      `  A may be switched off  ${after(3665)}, in 1 h 1 min`,
      '  store                  etcd http://127.0.0.1:2379 /ferrydns/database, not heard',
      '  replica                a  draining, this one',
      '  replica                b  lowering, epoch 1, heard 1 min 16 s ago',
      '  alarm                  replica b is silent',
    ].join('\n'),
  );
});

test('several plans are shown as a table', () => {
  expect(printStatuses([database, web]).split('\n')).toEqual([
    expect.stringMatching(/^plan {6}phase {28,}epoch {2}on A {2}on B {2}alarms {2}A may be switched off +waits$/),
    expect.stringMatching(/^database {2}\[######\.\.\] draining +2 {6}3 {5}1200 {2}1 {7}2026-\S+, in 1 h 1 min {2}45 s left: leases on A are alive$/),
    expect.stringMatching(/^web {7}\[###\.{5}\] transition 10%, step 2, paused {2}1 {6}3 {5}1200 {2}0 {7}not known: replica b +for 'resume'$/),
  ]);
  expect(printStatuses([])).toBe('no plan');
});

test('a plan whose names are not answered says why', () => {
  const stopped: PlanStatus = {
    ...database,
    phase: null,
    damage: 'the journal is damaged',
    answers: { kind: 'silent', why: 'no state' },
    wait: null,
  };
  const text = printStatuses([stopped]);
  expect(text).toMatch(/phase +\[\.{8}\] not known\n/);
  expect(text).toMatch(/answers +nothing: no state\n/);
  expect(text).toMatch(/stopped +the journal is damaged$/);
});

test.each<[string, Partial<PlanStatus>, string]>([
  ['original', { phase: 'original' }, "for 'start'"],
  ['lowering', { phase: 'lowering' }, "for 'advance'"],
  ['countdown', { phase: 'countdown', flip: { at: after(4), committed: false } }, '4 s left: until the flip'],
  ['flipping', { phase: 'flipping', fence: fenced({ state: 'begun' }) }, 'for the fence'],
  ['a failed fence', { phase: 'flipping', fence: fenced({ state: 'failed' }) }, "for 'advance' or 'rollback': the fence has failed"],
  ['flipping without a fence', { phase: 'flipping', fence: null }, 'for the last lease on A'],
  ['done', { phase: 'done' }, "for 'advance'"],
  ['released', { phase: 'released' }, 'for nothing'],
  ['no phase', { phase: null }, 'for the journal or the store'],
])('%s: what has to come is named where nothing is in the way', (_, part, next) => {
  const line = printStatuses([{ ...database, wait: null, ...part }])
    .split('\n')
    .find((each) => each.startsWith('  waits'));
  expect(line).toBe(`  waits                  ${next}`);
});

test('what the upstream shows, and which gate is closed, is told', () => {
  const gates = [
    { gate: 'http http://127.0.0.1/', holds: true, reason: null },
    { gate: 'exec ready', holds: null, reason: null },
    { gate: 'exec lag', holds: false, reason: 'exit status 4: 7 s' },
  ];
  const text = printStatuses([
    { ...database, gates, upstream: { ...database.upstream, now: { shows: 'mixed', ttl: 300 }, before: { ttl: 300, mixed: true } } },
  ]);
  expect(text).toMatch(
    /gate +http http:\/\/127\.0\.0\.1\/: holds\n {2}gate +exec ready: not looked at yet\n {2}gate +exec lag: does not hold: exit status 4: 7 s\n/,
  );
  expect(text).toMatch(/upstream +A and B, ttl 300; it has mixed A and B\n/);
});

test('a fence that was cut short says what a person has to do', () => {
  const fence = fenced({ state: 'unknown', attempt: 2, may_have_run: true, output: 'killed after 60 s' });
  const wait = "for 'advance', or 'rollback -a-is-open' when you have seen that A is open: a fence may have run";
  const text = printStatuses([{ ...database, phase: 'flipping', wait: null, fence }]);
  expect(text).toMatch(/^ {2}fence +cut short, may have run, attempt 2: killed after 60 s$/m);
  expect(text).toContain(wait);
  expect(printStatuses([{ ...database, phase: 'flipping', wait: null, fence: { ...fence, state: 'failed' } }])).toContain(wait);
});

test('why a fence has failed is told in one line', () => {
  const fence = fenced({ state: 'failed', attempt: 2, output: 'exit status 4: cannot\nreach\x1b[2J firewall' });
  expect(printStatuses([{ ...database, fence }])).toMatch(/^ {2}fence +failed, attempt 2: exit status 4: cannot reach \[2J firewall$/m);
  expect(printStatuses([{ ...database, fence: { ...fence, state: 'done', output: 'exit status 0' } }])).toMatch(/^ {2}fence +done, attempt 2$/m);
});

test('after a rollback, the end of B is told', () => {
  const horizon = { a_may_be_switched_off: null, b_may_be_switched_off: after(7), missing: [] };
  expect(printStatuses([{ ...database, phase: 'original', horizon }])).toContain(`B may be switched off  ${after(7)}, in 7 s`);
  expect(printStatuses([{ ...database, phase: 'draining', horizon }])).not.toContain('B may be switched off');
});

test('bars are full and empty only when what they show is', () => {
  expect([0, 0.001, 0.5, 0.999, 1, 2].map((share) => bar(share, 4))).toEqual(['[....]', '[#...]', '[##..]', '[###.]', '[####]', '[####]']);
});

test('lengths of time are said as people say them', () => {
  expect([-5, 400, 59_000, 60_000, 3_599_000, 3_600_000, 172_800_000].map(timeLeft)).toEqual([
    '0 s',
    '1 s',
    '59 s',
    '1 min 0 s',
    '59 min 59 s',
    '1 h 0 min',
    '2 d 0 h',
  ]);
});

test('what is left is told by the clock of the server, also while nothing more is heard of it', () => {
  expect(printStatuses([{ ...database, now: after(20) }])).toContain('25 s left: leases on A are alive');
  expect(printStatuses([database], { passed: () => 30_000 })).toContain('15 s left: leases on A are alive');
});
