// What stands between the server and its clients, and how clients come: what each does to the departure from A.
import { describe, expect, test } from 'vitest';
import type { PlanOptions } from '../../src/migration/plan.ts';
import type { Cache } from '../../src/migration/simulator/caches.ts';
import type { Simulation } from '../../src/migration/simulator/run.ts';
import { simulate } from '../../src/migration/simulator/simulate.ts';
import { planFor } from './scenarios.ts';

const clients = 4000;
const fence = { command: ['fence'], timeout: 10 };
const cache = (kind: Cache['kind'], seconds: number, more: Partial<Cache> = {}): Cache => ({ kind, seconds, shared: 0, ...more });

/** B is answered to everybody from the first step after lowering on. */
const blend = (plan: Partial<PlanOptions> = {}) => planFor({ ttl: 20, transitionTtl: 5, advance: 'auto', weight: 100, pace: 0, ...plan });
const exclusive = (plan: Partial<PlanOptions> = {}) => planFor({ mode: 'exclusive', ttl: 20, transitionTtl: 5, advance: 'auto', ...plan });
const run = (options: Partial<Simulation>) => simulate({ plan: blend(), clients, seed: 7, until: 400, ...options });

/** Seconds from the end of lowering, when A was handed out for the last time, to the departure of the last client. */
function held({ phases, lastOnA }: ReturnType<typeof simulate>): number {
  const left = phases.find(({ phase }) => phase !== 'original' && phase !== 'lowering')?.at ?? Number.NaN;
  return (lastOnA ?? Number.POSITIVE_INFINITY) - left;
}

describe('caches', () => {
  test('that keep to TTLs add nothing', () => {
    expect(held(run({ caches: [] }))).toBeLessThanOrEqual(5);
    expect(held(run({ caches: [cache('resolver', 30, { shared: 20 })] }))).toBeLessThanOrEqual(5);
    expect(held(run({ caches: [cache('resolver', 30, { shared: 20 }), cache('resolver', 60, { shared: 3 })] }))).toBeLessThanOrEqual(5);
  });

  test.each([
    { name: 'a runtime', caches: [cache('jvm', 30)], least: 29, most: 30 },
    { name: 'a lowest TTL', caches: [cache('clamp', 25)], least: 24, most: 25 },
    { name: 'what keeps answers longer than their TTL', caches: [cache('longer', 12)], least: 16, most: 17 },
    { name: 'a pool of connections', caches: [cache('pool', 60)], least: 59, most: 60 },
    { name: 'a shared lowest TTL before a runtime', caches: [cache('clamp', 25, { shared: 50 }), cache('jvm', 30)], least: 50, most: 55 },
    { name: 'a runtime before a pool', caches: [cache('pool', 40), cache('jvm', 30)], least: 65, most: 70 },
    { name: 'all of them', caches: [cache('jvm', 30), cache('pool', 40), cache('clamp', 25, { shared: 50 })], least: 80, most: 95 },
  ])('one behind the other add up: $name', ({ caches, least, most }) => {
    const moved = run({ caches });
    expect(held(moved)).toBeGreaterThan(least);
    expect(held(moved)).toBeLessThanOrEqual(most);
    const named = run({ caches, plan: blend({ caches }) });
    expect(named.lastOnA ?? 999).toBeLessThanOrEqual(named.horizon ?? 0);
  });

  test('of the plan are those that are simulated, unless others are given', () => {
    const plan = blend({
      caches: [
        { kind: 'jvm', seconds: 30 },
        { kind: 'browser', seconds: 50 },
      ],
    });
    expect(held(run({ plan }))).toBeGreaterThan(70);
    expect(held(run({ plan, caches: [] }))).toBeLessThanOrEqual(5);
  });

  test('of violators stand before their runtimes, and outlive a horizon that does not know them', () => {
    const plan = exclusive({ caches: [{ kind: 'jvm', seconds: 30 }] });
    const options = { plan, caches: [cache('jvm', 30, { negative: 1 })], violators: 0.08, stretch: 100 };
    const moved = run(options);
    expect(held(moved)).toBeGreaterThan(105);
    expect(held(moved)).toBeLessThanOrEqual(5 + 100 + 30);
    expect(moved.lastOnA ?? 0).toBeGreaterThan(moved.horizon ?? 999);
    expect(moved.splitBrain).toBeGreaterThan(0);
    expect(moved.split?.to).toBeCloseTo(moved.lastOnA ?? 0, 1);
    expect(run({ ...options, plan: { ...plan, fence } })).toMatchObject({ splitBrain: 0, split: null });
    const violators = moved.onA[Math.round((moved.horizon ?? 0) + 1)] ?? 0;
    expect(violators).toBeLessThan(0.08 * clients + 3 * Math.sqrt(clients * 0.08 * 0.92));
    expect(violators).toBeGreaterThan(0.04 * clients);
  });

  test('that are shared hand on what is left of a TTL, so that their clients leave together', () => {
    const one = run({ caches: [cache('resolver', 30, { shared: 1 })] });
    const steps = [...one.onA].filter((count) => count > 0 && count < clients);
    expect(steps.length).toBeLessThanOrEqual(1);
    const own = run({ caches: [] });
    expect([...own.onA].filter((count) => count > 0 && count < clients).length).toBeGreaterThanOrEqual(4);
    expect(one.peakQueries).toBeLessThanOrEqual(2);
    expect(own.peakQueries).toBeGreaterThan(clients / 8);
    expect(one.peakA).toBeGreaterThan(clients / 30);
  });

  test('that are shared stand for one client of a canary', () => {
    const plan = blend({ weight: null, canary: [30], pace: 60 });
    const { onB, wentBack } = run({ plan, caches: [cache('resolver', 30, { shared: 20 })] });
    const settled = onB[60] ?? 0;
    expect(settled % (clients / 20)).toBe(0);
    expect(settled).toBeGreaterThan(0);
    expect(settled).toBeLessThan(clients);
    expect(wentBack).toBe(0);
  });

  test('that cap a TTL ask more often, and a runtime asks when it likes whatever the TTL', () => {
    const original = { commands: [], plan: blend({ ttl: 3600 }), until: 300, dnsService: true } as const;
    const rate = (caches: readonly Cache[]) => run({ ...original, caches }).loadA.reduce((sum, count) => sum + count, 0) / 300;
    expect(rate([])).toBeLessThan(2);
    expect(rate([cache('resolver', 30, { shared: clients })])).toBeGreaterThan((clients / 30) * 0.8);
    expect(rate([cache('jvm', 30)])).toBeCloseTo(clients / 30, -1);
  });

  test('that keep for ever lead to A for ever', () => {
    expect(run({ caches: [cache('forever', 0)] })).toMatchObject({ lastOnA: null, stayed: clients });
    const some = run({ forever: 0.1 });
    expect(some.lastOnA).toBeNull();
    expect(Math.abs(some.stayed - 0.1 * clients)).toBeLessThan(3 * Math.sqrt(clients * 0.09));
  });
});

describe('silence', () => {
  const plan = exclusive({ fence, hold: 2 });

  test('ends for queries that are held when B opens, and lasts as long as a runtime keeps a failure for those that failed', () => {
    const patient = run({ plan: { ...plan, hold: 4 }, caches: [cache('jvm', 30, { negative: 10 })] });
    expect(patient.silence).toBeLessThanOrEqual(3.1);
    const failed = run({ plan, caches: [cache('jvm', 30, { negative: 10 })] });
    expect(failed.silence).toBeGreaterThan(11.5);
    expect(failed.silence).toBeLessThanOrEqual(12.1);
    const again = run({ plan, caches: [cache('jvm', 30, { negative: 1 })] });
    expect(again.silence).toBeLessThanOrEqual(3.1);
    expect(Math.max(...failed.waiting)).toBeGreaterThan(0);
    expect(failed.waiting[300]).toBe(0);
  });

  test('counts one query for many clients that wait behind one cache', () => {
    const { queries, peak } = { queries: run({ plan, caches: [cache('resolver', 30, { shared: 1 })] }), peak: run({ plan, caches: [] }) };
    expect(queries.peakQueries).toBeLessThan(10);
    expect(peak.peakQueries).toBeGreaterThan(clients / 2);
  });

  test('that never ends is told as long as it has lasted', () => {
    const stuck = run({ plan, fenceTakes: 'fails', until: 100 });
    expect(stuck.phases.at(-1)?.phase).toBe('flipping');
    expect(stuck.silence).toBeGreaterThan(60);
    expect(stuck.onB[99]).toBe(0);
  });
});

describe('a pool of connections', () => {
  test('stays on A after the flip, but not when A is shut', () => {
    const pool = [cache('pool', 60)];
    const open = run({ plan: exclusive(), caches: pool });
    expect(held(open)).toBeGreaterThan(60);
    expect(open.splitBrain).toBeGreaterThan(45);
    const shut = run({ plan: exclusive({ fence }), caches: pool });
    expect(shut.errors).toBeLessThan(0.2);
    expect(shut.silence).toBeLessThanOrEqual(4);
    const behind = run({ plan: exclusive({ fence }), caches: [cache('jvm', 30, { negative: 1 }), ...pool] });
    expect(behind.errors).toBeGreaterThan(20);
    expect(behind.errors).toBeLessThanOrEqual(30);
  });
});

describe('clients that come and go', () => {
  const rate = 1000;
  const arrival = { kind: 'poisson', rate } as const;
  const many = 20_000;
  const here = (life: number) => life / (life + many / rate);
  const within = (count: number | undefined, share: number) =>
    expect(Math.abs((count ?? 0) - share * many)).toBeLessThanOrEqual(3 * Math.sqrt(many * share * (1 - share)));

  test('are as many as their rate and the life of an answer make, from the first moment on', () => {
    const plan = planFor({ ttl: 10, transitionTtl: 5, advance: 'auto', weight: 30, pace: 60 });
    const { onA, onB, lastOnA, horizon, phases } = run({ plan, clients: many, arrival });
    within(onA[0], here(10));
    within(onA[13], here(5));
    within((onA[50] ?? 0) + (onB[50] ?? 0), here(5));
    within(onB[50], 0.3 * here(5));
    const draining = phases.find(({ phase }) => phase === 'draining')?.at ?? Number.NaN;
    expect((lastOnA ?? 999) - draining).toBeGreaterThan(4);
    expect((lastOnA ?? 999) - draining).toBeLessThanOrEqual(5);
    expect(lastOnA ?? 999).toBeLessThanOrEqual(horizon ?? 0);
  });

  test('wait while there is no answer, and are there when there is', () => {
    const { waiting, onB, silence } = run({ plan: exclusive({ fence, hold: 4 }), clients: many, arrival });
    expect(Math.max(...waiting)).toBeGreaterThan(rate);
    expect(silence).toBeLessThanOrEqual(3.1);
    within(onB[390], here(20));
  });
});

test('several addresses on one side are picked as often as they are many', () => {
  const target = (address: string) => ({ kind: 'address', address }) as const;
  const names = [{ name: 'db.example.' as never, from: [target('192.0.2.1')], to: ['192.0.2.2', '192.0.2.3', '192.0.2.4'].map(target) }];
  const { onB } = run({ plan: blend({ names, weight: null, pace: 60 }), clients: 10_000 });
  expect(Math.abs((onB[60] ?? 0) - 7500)).toBeLessThan(3 * Math.sqrt(10_000 * 0.75 * 0.25));
});

test('a plan that is agreed on in a store goes the same way', () => {
  const moved = run({ plan: exclusive({ fence, store: 'etcd', caches: [{ kind: 'jvm', seconds: 30 }] }) });
  expect(moved.phases.at(-1)?.phase).toBe('done');
  expect(moved.splitBrain).toBe(0);
  expect(moved.lastOnA ?? 999).toBeLessThanOrEqual(moved.horizon ?? 0);
});

test('a seed brings a run back, another seed another run', () => {
  const options = {
    violators: 0.1,
    stretch: 60,
    caches: [cache('resolver', 30, { shared: 7 }), cache('jvm', 10)],
    plan: blend({ weight: 50, pace: 60 }),
  };
  expect(run(options)).toEqual(run(options));
  expect(run({ ...options, seed: 8 })).not.toEqual(run(options));
});
