import { describe, expect, test } from 'vitest';
import { parseName } from '../../src/dns/name.ts';
import { forbiddenChanges, hashOf, timingOf } from '../../src/migration/plan.ts';
import { problemsOf } from '../../src/migration/plan-problems.ts';
import { type Changes, planFor } from './scenarios.ts';

const address = (text: string) => ({ kind: 'address', address: text }) as const;
const checkOfB = { side: 'to', probe: { kind: 'tcp', port: 5432 }, interval: 2, timeout: 1, fall: 3, rise: 2, dwell: 10 } as const;
const fence = { command: ['fence'], timeout: 10 };

describe('problemsOf', () => {
  test('has nothing to say about a sound plan', () => {
    expect(problemsOf(planFor({ mode: 'exclusive', fence, checks: [checkOfB] }))).toEqual([]);
    expect(problemsOf(planFor({ weight: 50 }))).toEqual([]);
  });

  test.each<[Changes, string, string]>([
    [{ to: [address('192.0.2.1')] }, 'names[0].to[0]', '192.0.2.1 stands in from and in to'],
    [{ from: [address('2001:db8::1')], to: [address('2001:DB8:0::1')] }, 'names[0].to[0]', '2001:db8::1 stands in from and in to'],
    [{ from: [] }, 'names[0].from', 'nothing to answer'],
    [{ from: [address('192.0.2.300')] }, 'names[0].from[0]', '192.0.2.300 is not an address'],
    [{ to: [address('192.0.2.2'), address('192.0.2.2')] }, 'names[0].to[1]', 'stands here twice'],
    [{ to: [{ kind: 'name', name: parseName('db.example') }] }, 'names[0].to[0]', 'cannot be its own target'],
    [{ names: [] }, 'names', 'no name'],
    [{ ttl: 0 }, 'ttl', '0 seconds, expected a whole number from 1'],
    [{ transitionTtl: 0.5 }, 'transition_ttl', '0.5 seconds, expected a whole number from 1'],
    [{ countdown: 2, transitionTtl: 5 }, 'countdown', '2 seconds, expected at least 5'],
    [{ role: 'new' }, 'role', 'role new without a check of to'],
    [{ rollback: 'auto' }, 'rollback', 'rollback auto without a check of to'],
    [{ weight: 101 }, 'weight', '101%, expected 0 to 100'],
    [{ canary: [10, 5] }, 'canary[1]', '5% after 10%, expected more'],
    [{ canary: [1], weight: 5 }, 'canary', 'beside weight'],
    [{ mode: 'exclusive', fence, weight: 5 }, 'weight', 'never answers both'],
    [{ mode: 'exclusive', fence, role: 'old' }, 'role', 'role old in an exclusive plan'],
    [{ caches: [{ kind: 'jvm', seconds: -1 }] }, 'caches[0]', '-1 seconds'],
  ])('refuses %j at %s: %s', (options, field, message) => {
    const problems = problemsOf(planFor(options)).filter(({ severity }) => severity === 'error');
    expect(problems.map((problem) => problem.field)).toContain(field);
    expect(problems.find((problem) => problem.field === field)?.message).toContain(message);
  });

  const pool = (name: string) => ({ kind: 'pool', pool: parseName(name) }) as const;
  const checked: Changes = { rollback: 'auto' };

  test.each([checked, { role: 'new' } as const])('takes the health of a pool for a check of to: %j', (options) => {
    expect(problemsOf(planFor({ ...options, to: [pool('b.example')] }))).toEqual([]);
  });

  test('wants a check where a single name has something else than a pool in to', () => {
    const [moved] = planFor({ to: [pool('b.example')] }).names;
    const names = [moved, { name: parseName('other.example'), from: [address('192.0.2.1')], to: [address('192.0.2.2')] }].filter(
      (each) => each !== undefined,
    );
    expect(problemsOf(planFor({ ...checked, names })).map(({ field }) => field)).toEqual(['rollback']);
  });

  test('warns about an exclusive plan without a fence and about little slack', () => {
    const problems = problemsOf(planFor({ mode: 'exclusive', slack: 1 }));
    expect(problems.map(({ severity, field }) => `${severity} ${field}`)).toEqual(['warning slack', 'warning mode']);
  });
});

describe('a plan edited during a move', () => {
  test.each<[Changes, string[]]>([
    [{ weight: 70 }, []],
    [{ pace: 10, advance: 'auto', handback: true, gates: [{ label: 'g', kind: 'exec', command: ['true'] }] }, []],
    [{ to: [address('192.0.2.3')] }, ['names']],
    [{ slack: 9, transitionTtl: 6 }, ['transitionTtl', 'slack']],
  ])('%j: %j may not change', (options, fields) => {
    const running = planFor({ countdown: 10, pace: 99 });
    const next = planFor({ countdown: 10, pace: 99, ...options });
    expect([...forbiddenChanges(running, next)].sort()).toEqual([...fields].sort());
    expect(hashOf(next) === hashOf(running)).toBe(fields.length === 0);
  });
});

test('a server alone has one clock, replicas have a skew between theirs (R6)', () => {
  expect(timingOf(planFor({ store: 'journal' })).skew).toBe(0);
  expect(timingOf(planFor({ store: 'etcd' })).skew).toBe(1000);
});
