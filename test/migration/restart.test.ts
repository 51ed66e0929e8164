// What a restart makes a server forget must not be guessed: how B is (P4), and whether a fence has run (P3).
import { describe, expect, test } from 'vitest';
import { type Changes, incident, planFor } from './scenarios.ts';
import { Server } from './server.ts';

const checkOfB = { side: 'to', probe: { kind: 'tcp', port: 5432 }, interval: 10, timeout: 1, fall: 3, rise: 1, dwell: 0 } as const;
const look = (moved: Server, healthy: boolean) => void moved.tell({ kind: 'check', side: 'to', healthy });

/** B was seen to be well, and the move has been started. */
function begun(options: Changes): Server {
  const moved = new Server(planFor({ ttl: 10, checks: [checkOfB], ...options }));
  look(moved, true);
  expect(moved.command('start')).toBe('');
  return moved;
}

describe('a blend plan in draining, restarted', () => {
  const draining = (options: Changes = {}) => {
    const moved = begun(options);
    moved.wait(13);
    expect(moved.command('advance')).toBe('');
    moved.leased = { from: moved.now().wall + 8000, to: 0 };
    expect(moved.command('advance')).toBe('');
    expect(moved.status.phase).toBe('draining');
    return moved;
  };

  test('while B is ill goes on with A, until B is seen to be well', () => {
    const moved = draining();
    look(moved, false);
    expect(moved.answer().answer).toBe('from');
    moved.restart();
    expect(moved.answer().answer).toBe('from');
    moved.wait(60);
    expect(moved.answer().answer).toBe('from');
    expect(moved.status).toMatchObject({ phase: 'draining', mayBeSwitchedOff: false });
    look(moved, true);
    expect(moved.answer().answer).toBe('to');
    moved.wait(1);
    expect(moved.status.phase).toBe('done');
  });

  test('goes on with B, of which nothing else is known, and keeps A at hand until B is seen to be well', () => {
    const moved = draining({ canary: [50] });
    moved.restart();
    expect(moved.answer().answer).toBe('to');
    moved.wait(60);
    expect(moved.status).toMatchObject({ phase: 'draining', mayBeSwitchedOff: false });
    look(moved, false);
    expect(moved.answer().answer).toBe('from');
    look(moved, true);
    moved.wait(10);
    expect(moved.status.phase).toBe('done');
  });

  test('does not take B for ill that was well again before', () => {
    const moved = draining();
    look(moved, false);
    look(moved, true);
    moved.restart();
    expect(moved.answer().answer).toBe('to');
  });
});

test('an exclusive plan restarted in the countdown shuts A only when B was seen to be well', () => {
  const moved = begun({ ...incident, checks: [checkOfB] });
  moved.wait(65);
  expect(moved.status.phase).toBe('countdown');
  const fences = () => moved.effects.filter(({ kind }) => kind === 'fence').length;
  moved.restart();
  moved.wait(30);
  expect([moved.status.phase, fences()]).toEqual(['flipping', 0]);
  expect(moved.command('rollback')).toBe('');
  const well = begun({ ...incident, checks: [checkOfB] });
  well.wait(65);
  well.restart();
  well.wait(30);
  look(well, true);
  expect(well.answer().answer).toBe('to');
});

describe('a fence that was begun before a crash may have run', () => {
  const crashed = () => {
    const moved = begun(incident);
    moved.fenceWorks = null;
    moved.wait(70);
    expect(moved.agreement?.fence).toMatchObject({ state: 'begun', attempt: 1 });
    moved.fenceWorks = false;
    moved.restart();
    look(moved, true);
    expect(moved.agreement?.fence).toMatchObject({ state: 'failed', attempt: 1 });
    return moved;
  };

  test('so that no rollback is possible, whatever becomes of later attempts', () => {
    const moved = crashed();
    const refusal =
      'a fence that was cut short may have run: `advance` runs it again, `rollback -a-is-open` goes back when you have seen that A is open, `migrate reverse` makes the plan from B to A';
    expect(moved.command('rollback')).toBe(refusal);
    expect(moved.state.alarms.fence).toBe(
      'the fence failed (said the fence): one before it may have run: `advance` runs it again, `rollback -a-is-open` goes back when you have seen that A is open',
    );
    expect(moved.command('advance')).toBe('');
    expect(moved.agreement?.fence).toMatchObject({ state: 'failed', attempt: 2 });
    expect(moved.command('rollback')).toBe(refusal);
    moved.restart();
    expect(moved.command('rollback')).toBe(refusal);
  });

  test('and the way on is to run it until it succeeds', () => {
    const moved = crashed();
    moved.fenceWorks = true;
    expect(moved.command('advance')).toBe('');
    moved.wait(2);
    expect(moved.answer().answer).toBe('to');
  });
});

test('a pause that comes too late says what is still possible', () => {
  const moved = begun(incident);
  moved.fenceWorks = null;
  moved.wait(65);
  expect(moved.command('pause')).toBe('countdown cannot be paused: caches run out by themselves; roll back instead');
  moved.wait(5);
  expect(moved.command('pause')).toBe(
    'flipping cannot be paused: caches run out by themselves; the fence has begun and may have run; `migrate reverse` makes the plan from B to A',
  );
});
