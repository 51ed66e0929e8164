// One server through restarts, clocks that are moved, a full disk, and an edited plan.
import { describe, expect, test } from 'vitest';
import { begin } from '../../src/migration/begin.ts';
import { step } from '../../src/migration/engine.ts';
import { type Changes, incident, planFor } from './scenarios.ts';
import { Server, start } from './server.ts';

const fence = { command: ['fence'], timeout: 10 };
const server = (options: Changes = {}) => new Server(planFor(options));

describe('a restart', () => {
  test('at or past F is silent, never a countdown (R2)', () => {
    const moved = server({ ...incident, fence: null });
    moved.command('start');
    moved.wait(65);
    expect(moved.answer().answer).toBe('from');
    moved.elapsed += 5000;
    moved.restart();
    expect(moved.answer().answer).toBe('silent');
  });

  test('in a phase that hands out A moves the horizon: the leases of before are unknown', () => {
    const moved = server({ ttl: 10 });
    moved.command('start');
    moved.wait(13);
    moved.command('advance');
    moved.restart();
    moved.command('advance');
    expect(moved.status.waits?.until).toBe(start + 13_000 + 5_000 + 3_000);
    moved.wait(8);
    expect(moved.status).toMatchObject({ phase: 'done', horizon: { at: start + 13_000 + 5_000 + 3_000 }, mayBeSwitchedOff: true });
  });

  test('with a wall clock that went back counts from what was written, and is silent past F until the last lease on A is over', () => {
    const moved = server({ ...incident, fence: null });
    moved.command('start');
    moved.wait(69);
    moved.shifted = -3_600_000;
    moved.restart();
    expect(moved.answer().answer).toBe('silent');
    moved.wait(32);
    expect(moved.answer().answer).toBe('silent');
    moved.wait(2);
    expect(moved.answer().answer).toBe('to');
  });
});

test('a wall clock moved during the run neither brings B early nor A back', () => {
  const ahead = server(incident);
  ahead.command('start');
  ahead.shifted = 3_600_000;
  ahead.wait(62.9);
  expect(ahead.status.phase).toBe('lowering');
  ahead.wait(0.1);
  expect(ahead.status.phase).toBe('countdown');
  const moved = server({ ...incident, fence: null });
  moved.command('start');
  moved.wait(66);
  moved.shifted = 40_000;
  moved.wait(1.9);
  expect(moved.answer()).toMatchObject({ answer: 'from', ttl: 0 });
  moved.wait(0.1);
  expect(moved.answer().answer).toBe('silent');
  moved.shifted = -40_000;
  moved.wait(32.9);
  expect(moved.answer().answer).toBe('silent');
  moved.wait(0.1);
  expect(moved.answer().answer).toBe('to');
});

describe('a full disk', () => {
  test('lets no phase begin, lets answers go on, and raises an alarm', () => {
    const moved = server(incident);
    moved.command('start');
    moved.diskFull = true;
    moved.wait(100);
    expect(moved.status.phase).toBe('lowering');
    expect(moved.answer()).toMatchObject({ answer: 'from', ttl: 5 });
    expect(moved.alarms).toContain('disk');
    moved.diskFull = false;
    moved.wait(0.1);
    expect(moved.status.phase).toBe('countdown');
  });
});

test('an edit of a running plan is refused but for fields no promise rests on', () => {
  const moved = server({ ttl: 10, weight: 10 });
  moved.command('start');
  moved.wait(13);
  moved.command('advance');
  moved.tell({ kind: 'plan', plan: { ...moved.plan, weight: 90 } });
  expect(moved.answer({ random: 0.8 }).answer).toBe('to');
  moved.tell({ kind: 'plan', plan: { ...moved.plan, weight: 0, slack: 0 } });
  expect(moved.answer({ random: 0.8 }).answer).toBe('to');
  expect(moved.alarms).toContain('plan');
});

test('the TTL is learnt in the preflight, and a plan that knows none does not start', () => {
  const moved = server({ mode: 'exclusive', fence, advance: 'auto' });
  expect(moved.command('start')).toBe('the TTL is neither given nor learnt yet');
  moved.tell({ kind: 'preflight', ttl: 40, mixed: true });
  expect(moved.command('start')).toBe('');
  moved.wait(42.9);
  expect(moved.status.phase).toBe('lowering');
  moved.wait(0.1);
  expect(moved.status.phase).toBe('countdown');
});

test('the longest TTL that was learnt outlives a restart, after which a cache shows what is left of it', () => {
  const moved = server({ mode: 'exclusive', fence, advance: 'auto' });
  moved.tell({ kind: 'preflight', ttl: 40, mixed: false });
  expect(moved.answer().ttl).toBe(40);
  moved.restart();
  moved.tell({ kind: 'preflight', ttl: 7, mixed: false });
  expect(moved.command('start')).toBe('');
  moved.wait(42.9);
  expect(moved.status.phase).toBe('lowering');
  moved.wait(0.1);
  expect(moved.status.phase).toBe('countdown');
});

test('a TTL that was edited just before the start has been handed out', () => {
  const moved = server({ mode: 'exclusive', fence, advance: 'auto', ttl: 40 });
  moved.tell({ kind: 'plan', plan: { ...moved.plan, ttl: 10 } });
  expect(moved.command('start')).toBe('');
  moved.wait(42.9);
  expect(moved.status.phase).toBe('lowering');
});

test('leases on B are counted after a rollback and a restart as well', () => {
  const moved = server({ ttl: 10 });
  moved.command('start');
  moved.wait(13);
  moved.command('advance');
  const end = moved.now().wall + 8000;
  moved.leased = { from: end, to: end };
  expect(moved.command('rollback')).toBe('');
  moved.restart();
  expect(moved.command('start')).toBe('');
  expect(moved.status.horizon.at).toBeGreaterThanOrEqual(end);
});

test('an alarm about the journal of a replica ends when it can be written again', () => {
  const { plan } = server({ mode: 'exclusive', fence, store: 'etcd', ttl: 10 });
  const now = { wall: 1_000_000, mono: 0, leased: { from: 0, to: 0 } };
  const agreement = server({ mode: 'exclusive', fence, ttl: 10 }).agreement;
  let { state } = step(begin({ plan, replica: 'a', view: null, now }), { kind: 'read', version: 1, agreement }, now);
  state = step(state, { kind: 'write-failed', seq: state.writing?.seq ?? 0, reason: 'no space left on device' }, now).state;
  expect(state.alarms.disk).toContain('no space left');
  state = step(state, { kind: 'tick' }, now).state;
  state = step(state, { kind: 'durable', seq: state.writing?.seq ?? 0 }, now).state;
  expect(state.view).not.toBeNull();
  expect(state.alarms.disk).toBeUndefined();
});

test('a replica with another plan takes no part in a move that has begun, and says why', () => {
  const moved = server({ ttl: 10 });
  moved.command('start');
  const other = server({ ttl: 10, slack: 9 });
  other.tell({ kind: 'read', version: 1000, agreement: moved.agreement });
  expect(other.state.view?.phase).toBe('original');
  expect(other.state.sending).toBeNull();
  expect(other.alarms).toContain('plan');
});
