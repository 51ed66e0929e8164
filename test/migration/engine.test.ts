// One server and its rules: phases, waits, fence, rollback, gates, checks, clocks, disk.
import { describe, expect, test } from 'vitest';
import { type Changes, incident, planFor } from './scenarios.ts';
import { Server, start } from './server.ts';

const checkOfB = { side: 'to', probe: { kind: 'tcp', port: 5432 }, interval: 2, timeout: 1, fall: 3, rise: 2, dwell: 10 } as const;
const server = (options: Changes = {}) => new Server(planFor(options));

describe('an exclusive move', () => {
  test('lowers for T + slack + C, counts down, is silent for slack, and drains for C', () => {
    const moved = server(incident);
    expect(moved.answer()).toMatchObject({ answer: 'from', ttl: 30 });
    expect(moved.command('start')).toBe('');
    expect(moved.answer()).toMatchObject({ answer: 'from', ttl: 5 });
    moved.wait(62.9);
    expect(moved.status.phase).toBe('lowering');
    moved.wait(0.1);
    expect(moved.status).toMatchObject({ phase: 'countdown', flipAt: start + 68_000 });
    const ttls = [0, 1, 1, 1, 1].map((seconds) => {
      moved.wait(seconds);
      return moved.answer().ttl;
    });
    expect(ttls).toEqual([5, 4, 3, 2, 1]);
    moved.wait(0.5);
    expect(moved.answer()).toMatchObject({ answer: 'from', ttl: 0 });
    moved.wait(0.5);
    expect(moved.answer().answer).toBe('silent');
    expect(moved.status.phase).toBe('flipping');
    moved.wait(3);
    expect(moved.answer()).toMatchObject({ answer: 'to', ttl: 5 });
    expect(moved.status).toMatchObject({ phase: 'draining', horizon: { at: start + 101_000 }, mayBeSwitchedOff: false });
    moved.wait(30);
    expect(moved.status).toMatchObject({ phase: 'done', mayBeSwitchedOff: true });
    expect(moved.answer()).toMatchObject({ answer: 'to', ttl: 30 });
  });

  test('without a fence is silent until the last lease on A is over', () => {
    const moved = server({ ...incident, fence: null });
    moved.command('start');
    moved.wait(68);
    expect(moved.answer().answer).toBe('silent');
    moved.wait(32.9);
    expect(moved.answer().answer).toBe('silent');
    moved.wait(0.1);
    expect(moved.answer().answer).toBe('to');
  });

  test('waits for a person before the countdown when advance is manual, and refuses one who is early', () => {
    const moved = server({ ...incident, advance: 'manual' });
    moved.command('start');
    expect(moved.command('advance')).toContain('answers with the old TTL are still alive, until 2023-11-14T22:14:23.000Z');
    moved.wait(70);
    expect(moved.status).toMatchObject({ phase: 'lowering', waits: null });
    expect(moved.command('advance')).toBe('');
    expect(moved.status.phase).toBe('countdown');
  });

  test('a fence that fails leaves neither A nor B, is run again by a person, or rolled back', () => {
    for (const verb of ['advance', 'rollback'] as const) {
      const moved = server(incident);
      moved.fenceWorks = false;
      moved.command('start');
      moved.wait(80);
      expect(moved.answer().answer).toBe('silent');
      expect(moved.alarms).toContain('fence');
      moved.fenceWorks = true;
      expect(moved.command(verb)).toBe('');
      expect(moved.answer().answer).toBe(verb === 'advance' ? 'to' : 'from');
    }
  });

  test('a fence that was cut short by a crash runs again, and no rollback is possible meanwhile', () => {
    const moved = server(incident);
    moved.fenceWorks = null;
    moved.command('start');
    moved.wait(70);
    expect(moved.command('rollback')).toContain('the fence has begun');
    moved.restart();
    const runs = moved.effects.filter((effect) => effect.kind === 'fence').map((effect) => effect.attempt);
    expect(runs).toEqual([1, 1]);
  });
});

describe('rollback', () => {
  test.each([
    ['lowering', 10],
    ['countdown', 65],
  ])('from %s gives A in a new epoch', (phase, seconds) => {
    const moved = server(incident);
    moved.command('start');
    moved.wait(seconds);
    expect(moved.status.phase).toBe(phase);
    expect(moved.command('rollback')).toBe('');
    expect(moved.status).toMatchObject({ phase: 'original', epoch: 2 });
    expect(moved.answer()).toMatchObject({ answer: 'from', ttl: 30 });
  });

  test('is refused once the fence has run, with the way out', () => {
    const moved = server(incident);
    moved.command('start');
    moved.wait(72);
    expect(moved.command('rollback')).toBe('the fence has run: A is shut; `migrate reverse` makes the plan from B to A');
    expect(moved.status.epoch).toBe(1);
  });

  test('of a blend plan from draining counts the leases on B as those on A were', () => {
    const moved = server({ ttl: 10 });
    moved.command('start');
    moved.wait(13);
    expect(moved.command('advance')).toBe('');
    moved.leased = { from: start + 30_000, to: start + 40_000 };
    expect(moved.command('advance')).toBe('');
    expect(moved.status.phase).toBe('draining');
    expect(moved.command('rollback')).toBe('');
    moved.wait(0.1);
    expect(moved.status).toMatchObject({ phase: 'original', horizon: { at: start + 40_000 } });
  });

  test('of a command for another epoch is refused', () => {
    const moved = server(incident);
    moved.command('start');
    moved.command('rollback');
    expect(moved.command('start', { epoch: 1 })).toBe('the plan is in epoch 2, the command is for epoch 1');
  });
});

describe('a blend move', () => {
  const blend = (options: Changes) => {
    const moved = server({ ttl: 10, checks: [checkOfB], ...options });
    moved.tell({ kind: 'check', side: 'to', healthy: true });
    moved.command('start');
    moved.wait(13);
    if (moved.plan.advance === 'manual') expect(moved.command('advance')).toBe('');
    return moved;
  };

  test('answers A and B together, or by weight, or B alone on DNS B', () => {
    expect(blend({}).answer()).toMatchObject({ answer: 'both', ttl: 5 });
    expect(blend({ weight: 30 }).answer({ random: 0.29 }).answer).toBe('to');
    expect(blend({ weight: 30 }).answer({ random: 0.3 }).answer).toBe('from');
    expect(blend({ role: 'old' }).answer().answer).toBe('both');
    expect(blend({ role: 'new' }).answer().answer).toBe('to');
  });

  test('leads a growing share of clients to B and nobody back, across a rollback of the epoch too', () => {
    const moved = blend({ canary: [1, 10, 50] });
    const clients = Array.from({ length: 20_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    const onB = () => new Set(clients.filter((client) => moved.answer({ client }).answer === 'to'));
    const steps = [onB()];
    moved.command('advance');
    steps.push(onB());
    moved.command('advance');
    steps.push(onB());
    for (const [i, share] of [0.01, 0.1, 0.5].entries()) {
      const sigma = Math.sqrt((share * (1 - share)) / clients.length);
      expect(Math.abs((steps[i]?.size ?? 0) / clients.length - share)).toBeLessThan(4 * sigma);
      for (const client of steps[i - 1] ?? []) expect(steps[i]?.has(client)).toBe(true);
    }
  });

  test('an unhealthy B leaves the answers until it is well, in draining too, and A is not promised off meanwhile (P4)', () => {
    const moved = blend({});
    moved.tell({ kind: 'check', side: 'to', healthy: false });
    expect(moved.answer().answer).toBe('from');
    moved.tell({ kind: 'check', side: 'to', healthy: true });
    moved.leased = { from: start + 21_000, to: 0 };
    moved.command('advance');
    expect(moved.answer().answer).toBe('to');
    moved.tell({ kind: 'check', side: 'to', healthy: false });
    expect(moved.answer().answer).toBe('from');
    moved.wait(60);
    expect(moved.status).toMatchObject({ phase: 'draining', mayBeSwitchedOff: false });
    moved.tell({ kind: 'check', side: 'to', healthy: true });
    moved.wait(1);
    expect(moved.status).toMatchObject({ phase: 'done', mayBeSwitchedOff: true });
  });

  test('a B that stays unhealthy is left for good by `rollback auto`', () => {
    const moved = blend({ rollback: 'auto', rollbackAfter: 10 });
    moved.tell({ kind: 'check', side: 'to', healthy: false });
    moved.wait(9.9);
    expect(moved.status.phase).toBe('transition');
    moved.wait(0.1);
    expect(moved.status).toMatchObject({ phase: 'original', epoch: 2 });
  });

  test('may be hurried by a person', () => {
    const moved = blend({ advance: 'auto', canary: [1, 10], pace: 20 });
    expect(moved.command('advance')).toBe('');
    expect(moved.agreement).toMatchObject({ phase: 'transition', step: 1 });
  });

  test('lasts its pace for each step when it advances by itself', () => {
    const moved = blend({ advance: 'auto', canary: [1, 10], pace: 20 });
    moved.wait(19.9);
    expect(moved.agreement).toMatchObject({ phase: 'transition', step: 0 });
    moved.wait(0.1);
    expect(moved.agreement).toMatchObject({ phase: 'transition', step: 1 });
    moved.wait(20);
    expect(moved.agreement?.phase).toBe('done');
  });
});

test('a gate holds the beginning of a phase until it is known to hold', () => {
  const moved = server({ ...incident, gates: [{ label: 'lag', kind: 'exec', command: ['lag'] }] });
  expect(moved.command('start')).toBe('gate lag does not hold');
  moved.tell({ kind: 'gate', label: 'lag', holds: true });
  expect(moved.command('start')).toBe('');
  moved.tell({ kind: 'gate', label: 'lag', holds: false });
  moved.wait(100);
  expect(moved.status.phase).toBe('lowering');
  expect(moved.alarms).toContain('gate');
  moved.tell({ kind: 'gate', label: 'lag', holds: true });
  expect(moved.status.phase).toBe('countdown');
});

test('a pause holds every phase, and cannot hold caches that run out', () => {
  const moved = server(incident);
  moved.command('start');
  expect(moved.command('pause')).toBe('');
  moved.wait(100);
  expect(moved.status).toMatchObject({ phase: 'lowering', paused: true });
  expect(moved.command('resume')).toBe('');
  expect(moved.status.phase).toBe('countdown');
  expect(moved.command('pause')).toContain('cannot be paused');
});

describe('hand-back', () => {
  const done = (options: Changes = {}) => {
    const moved = server({ ...incident, ttl: 5, caches: [], ...options });
    moved.command('start');
    moved.wait(30);
    expect(moved.status.phase).toBe('done');
    return moved;
  };
  const drawnEnough = { seen: 20, wanted: 20, left: 0 };
  const probes = (moved: Server, seconds: number, shows: 'from' | 'to' | 'mixed', drawn = drawnEnough) => {
    for (let i = 0; i < seconds; i++) {
      moved.tell({ kind: 'probe', shows, ttl: 60, drawn, missing: [] });
      moved.wait(1);
    }
  };

  test('comes after B alone was seen for longer than the longest TTL, and begins anew at every A', () => {
    const moved = done({ handback: true });
    probes(moved, 50, 'to');
    probes(moved, 1, 'mixed');
    probes(moved, 60, 'to');
    expect(moved.status.phase).toBe('done');
    probes(moved, 4, 'to');
    expect(moved.status.phase).toBe('released');
    expect(moved.answer().answer).toBe('pass');
  });

  test('waits for as many independent answers as are wanted, and says how many there are', () => {
    const moved = done({ handback: true });
    probes(moved, 70, 'to', { seen: 12, wanted: 20, left: 64 });
    expect(moved.status.phase).toBe('done');
    expect(moved.command('advance')).toBe(
      'the upstream of a has not shown B alone for long enough: 12 of 20 independent answers seen, about 64 s more',
    );
    moved.tell({ kind: 'probe', shows: 'to', ttl: 60, drawn: drawnEnough, missing: ['192.0.2.53:53'] });
    expect(moved.command('advance')).toContain('192.0.2.53:53 does not answer, and may lead to A when it does');
    probes(moved, 2, 'to');
    expect(moved.status.phase).toBe('released');
  });

  test('by hand is refused in exclusive mode while the upstream is not clean, even by force', () => {
    const moved = done();
    probes(moved, 5, 'from');
    expect(moved.command('advance', { force: true })).toContain('has not shown B alone');
  });
});
