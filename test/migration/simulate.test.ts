// The simulator against the figures of section 6, within three standard deviations; every run has a seed.
import { describe, expect, test } from 'vitest';
import { lastHasLeft, shareOnA } from '../../src/migration/forecast.ts';
import type { PlanOptions } from '../../src/migration/plan.ts';
import { type Simulation, simulate } from '../../src/migration/simulator/simulate.ts';
import { planFor } from './scenarios.ts';

const fence = { command: ['fence'], timeout: 10 };
const checkOfB = { side: 'to', probe: { kind: 'tcp', port: 53 }, interval: 2, timeout: 1, fall: 3, rise: 2 } as const;
const begun = 15;
const commands: Simulation['commands'] = [
  { at: 0, verb: 'start' },
  { at: begun, verb: 'advance' },
];

describe('a DNS service that moves', () => {
  const clients = 20_000;
  const run = (options: Partial<Simulation>, plan: Partial<PlanOptions> = {}) =>
    simulate({
      plan: planFor({ ttl: 10, transitionTtl: 10, checks: [checkOfB], ...plan }),
      clients,
      seed: 11,
      until: 120,
      dnsService: true,
      commands,
      ...options,
    });
  const within = (count: number | undefined, share: number) => {
    const sigma = Math.sqrt(share * (1 - share) * clients);
    expect(Math.abs((count ?? 0) - share * clients)).toBeLessThanOrEqual(3 * sigma + 0.5);
  };

  test('halves the share on DNS A with every TTL, for spread clients', () => {
    const { onA } = run({});
    for (const ttls of [0.5, 1, 1.3, 2, 2.7, 3, 4, 5, 6, 8]) within(onA[begun + ttls * 10], shareOnA(ttls + 0.005));
  });

  test('and for clients in step', () => {
    const { onA } = run({ inStep: true });
    for (const ttls of [1, 2, 3, 5]) within(onA[20 + (ttls - 1) * 10 + 5], shareOnA(ttls, { inStep: true }));
  });

  test('by weight w leaves (1 - w)^k', () => {
    const { onA } = run({}, { weight: 20 });
    for (const ttls of [1, 2, 5]) within(onA[begun + ttls * 10], shareOnA(ttls + 0.005, { toB: 0.2 }));
  });

  test('sees its last client leave when the formula says, and never after the promised horizon (P2)', { timeout: 120_000 }, () => {
    const runs = 60;
    const few = Array.from({ length: runs }, (_, seed) =>
      run({ clients: 1000, seed, until: 300, inStep: true, commands: [...(commands ?? []), { at: 280, verb: 'advance' }] }),
    );
    const share = few.filter(({ lastOnA }) => lastOnA !== null && lastOnA <= 20 + 10 * 10 + 1).length / runs;
    const expected = lastHasLeft(1000, 11);
    expect(Math.abs(share - expected)).toBeLessThanOrEqual(3 * Math.sqrt((expected * (1 - expected)) / runs));
    for (const { lastOnA, horizon } of few) expect(lastOnA ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(horizon ?? 0);
  });

  test('takes its clients back while B is down, and loses none', () => {
    const { onA, onB, wentBack, silence } = run({ outage: { from: 60, to: 90 } });
    expect(onA[59]).toBeLessThan(clients / 10);
    expect(onA[75]).toBe(clients);
    expect(onB[119]).toBeGreaterThan(clients * 0.8);
    expect(wentBack).toBeGreaterThan(clients / 2);
    expect(silence).toBe(0);
  });
});

describe("the incident's data, exclusive", () => {
  const clients = 5_000;
  const run = (options: Partial<Simulation> = {}, plan: Partial<PlanOptions> = {}) =>
    simulate({
      plan: planFor({ mode: 'exclusive', advance: 'auto', ttl: 30, transitionTtl: 5, caches: [{ kind: 'jvm', seconds: 30 }], fence, ...plan }),
      clients,
      seed: 3,
      until: 200,
      positive: 30,
      negative: 1,
      ...options,
    });

  test('with a fence: nobody writes to two databases, errors at A last at most 30 s, silence the slack', () => {
    const moved = run();
    expect(moved.splitBrain).toBe(0);
    expect(moved.errors).toBeGreaterThan(25);
    expect(moved.errors).toBeLessThanOrEqual(30);
    expect(moved.silence).toBeLessThanOrEqual(4);
    expect(moved.wentBack).toBe(0);
    expect(moved.lastOnA ?? 999).toBeLessThanOrEqual(moved.horizon ?? 0);
  });

  test('without one: at most 34 s of silence, and no moment with both in use', () => {
    const moved = run({}, { fence: null });
    expect(moved.silence).toBeGreaterThan(25);
    expect(moved.silence).toBeLessThanOrEqual(34);
    expect(moved.splitBrain).toBe(0);
    expect(moved.wentBack).toBe(0);
  });

  test('caches that stretch TTLs outlive the horizon, which only a fence makes safe', () => {
    const stretched = { violators: 0.08, stretch: 120, positive: 0, until: 400 };
    const unfenced = run(stretched, { fence: null });
    expect(unfenced.splitBrain).toBeGreaterThan(0);
    expect(unfenced.lastOnA ?? 0).toBeGreaterThan(unfenced.horizon ?? 0);
    expect(run(stretched).splitBrain).toBe(0);
  });

  test('a pooled connection stays, and a client that asks once stays for ever', () => {
    const pooled = run({ pool: 60, until: 300 });
    expect(pooled.errors).toBeGreaterThan(45);
    expect(pooled.lastOnA ?? 0).toBeGreaterThan(pooled.horizon ?? 999);
    expect(
      run(
        { pool: 60, until: 300 },
        {
          caches: [
            { kind: 'jvm', seconds: 30 },
            { kind: 'pool', seconds: 60 },
          ],
        },
      ).horizon,
    ).toBeGreaterThanOrEqual(pooled.lastOnA ?? 999);
    const forever = run({ forever: 0.1 });
    expect(forever.lastOnA).toBeNull();
    expect(Math.abs(forever.stayed - 500)).toBeLessThan(3 * Math.sqrt(clients * 0.09));
  });

  test('resolvers that cap the TTL and a slow negative cache lengthen nothing but the silence', () => {
    const moved = run({ resolvers: 20, resolverCap: 30, negative: 10 });
    expect(moved.peakA).toBeLessThan(clients);
    expect(moved.silence).toBeLessThanOrEqual(10);
    expect(moved.lastOnA ?? 999).toBeLessThanOrEqual(moved.horizon ?? 0);
  });

  test('a seed brings a run back', () => {
    expect(run({ violators: 0.1, stretch: 60 })).toEqual(run({ violators: 0.1, stretch: 60 }));
  });
});

test('a canary moves its share of clients, and no one back', () => {
  const clients = 20_000;
  const moved = simulate({
    plan: planFor({ ttl: 5, transitionTtl: 5, advance: 'auto', canary: [1, 10, 50], pace: 20 }),
    clients,
    seed: 5,
    until: 120,
  });
  expect(moved.refused).toEqual([]);
  expect(moved.wentBack).toBe(0);
  for (const [at, share] of [
    [26, 0.01],
    [46, 0.1],
    [66, 0.5],
  ] as const) {
    const sigma = Math.sqrt(share * (1 - share) * clients);
    expect(Math.abs((moved.onB[at] ?? 0) - share * clients)).toBeLessThan(3.5 * sigma);
  }
  expect(moved.onB[110]).toBe(clients);
});

test('the last client of a weight of 0 never leaves', () => {
  const moved = simulate({ plan: planFor({ ttl: 5, transitionTtl: 5, weight: 0 }), clients: 100, seed: 1, until: 60, commands });
  expect(moved.lastOnA).toBeNull();
  expect(moved.stayed).toBe(100);
});

test('a million clients take less than a minute', { timeout: 300_000 }, () => {
  const before = process.cpuUsage();
  const plan = planFor({ ttl: 10, transitionTtl: 10, checks: [checkOfB] });
  const moved = simulate({ plan, clients: 1_000_000, seed: 2, until: 90, dnsService: true, commands });
  const { user, system } = process.cpuUsage(before);
  expect((moved.onA[85] ?? 0) + (moved.onB[85] ?? 0)).toBe(1_000_000);
  expect((user + system) / 1e6).toBeLessThan(60);
});
