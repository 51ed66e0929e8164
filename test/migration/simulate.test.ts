// The simulator against the figures that theory gives for clients and caches, within three standard deviations; every run has a seed.
import { describe, expect, test } from 'vitest';
import type { PlanOptions } from '../../src/migration/plan.ts';
import type { Cache } from '../../src/migration/simulator/caches.ts';
import type { Simulation } from '../../src/migration/simulator/run.ts';
import { virtualServer } from '../../src/migration/simulator/server.ts';
import { simulate } from '../../src/migration/simulator/simulate.ts';
import { planFor } from './scenarios.ts';
import { hasMetBoth, lastHasLeft, shareOnA } from './theory.ts';

const fence = { command: ['fence'], timeout: 10 };
const checkOfB = { side: 'to', probe: { kind: 'tcp', port: 53 }, interval: 2, timeout: 1, fall: 3, rise: 2, dwell: 10 } as const;
const step = { kind: 'step' } as const;

/** The count is what a share of so many independent clients may be. */
function within(count: number | undefined, share: number, clients: number): void {
  const sigma = Math.sqrt(share * (1 - share) * clients);
  expect(Math.abs((count ?? 0) - share * clients)).toBeLessThanOrEqual(3 * sigma + 0.5);
}

describe('a DNS service that moves', () => {
  const clients = 20_000;
  const begun = 15;
  const commands: Simulation['commands'] = [
    { at: 0, verb: 'start' },
    { at: begun, verb: 'advance' },
  ];
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

  test('halves the share on DNS A with every TTL, for spread clients', () => {
    const { onA } = run({});
    for (const ttls of [0.5, 1, 1.3, 2, 2.7, 3, 4, 5, 6, 8]) within(onA[begun + ttls * 10], shareOnA(ttls + 0.005), clients);
  });

  test('and for clients in step', () => {
    const { onA } = run({ arrival: step });
    for (const ttls of [1, 2, 3, 5]) within(onA[20 + (ttls - 1) * 10 + 5], shareOnA(ttls, { inStep: true }), clients);
  });

  test.each([20, 80])('by weight of %i% leaves (1 - w)^k, spread and in step', (weight) => {
    const toB = weight / 100;
    const spread = run({}, { weight });
    for (const ttls of [1, 2, 5]) within(spread.onA[begun + ttls * 10], shareOnA(ttls + 0.005, { toB }), clients);
    const inStep = run({ arrival: step }, { weight });
    for (const ttls of [1, 2, 5]) within(inStep.onA[20 + (ttls - 1) * 10 + 5], shareOnA(ttls, { toB, inStep: true }), clients);
  });

  test('loads DNS A with what is left there, and DNS B with the others', () => {
    const { loadA, loadB, peakA } = run({});
    within(loadA[begun - 1], 1 / 10, clients);
    const later = [...Array(10).keys()].map((i) => begun + 40 + i);
    const queries = (load: Uint32Array) => later.reduce((sum, second) => sum + (load[second] ?? 0), 0);
    expect(queries(loadA) / queries(loadB)).toBeLessThan(0.1);
    expect(queries(loadA) + queries(loadB)).toBe(clients);
    expect(peakA).toBe(Math.max(...loadA));
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

describe('the last client', () => {
  /** Clients in step draw at 8 s for the first time, then every 2 s. */
  const lasts = (clients: number, runs: number) =>
    Array.from({ length: runs }, (_, seed) =>
      simulate({
        plan: planFor({ ttl: 2, transitionTtl: 2 }),
        clients,
        seed: seed + 1,
        until: 70,
        dnsService: true,
        arrival: step,
        commands: [
          { at: 0, verb: 'start' },
          { at: 7, verb: 'advance' },
          { at: 60, verb: 'advance' },
        ],
      }),
    );

  test.each([
    { clients: 1000, runs: 60, evenOdds: 11, almostSure: 17 },
    { clients: 100_000, runs: 6, evenOdds: 18, almostSure: 24 },
  ])('of $clients leaves when the formula says, and never after the promised horizon (P2)', (figures) => {
    const { clients, runs, evenOdds, almostSure } = figures;
    const seen = lasts(clients, runs);
    for (const ttls of [evenOdds - 1, evenOdds, almostSure]) {
      const left = seen.filter(({ lastOnA }) => lastOnA !== null && lastOnA <= 8 + 2 * (ttls - 1) + 0.1).length;
      within(left, lastHasLeft(clients, ttls), runs);
    }
    for (const { lastOnA, horizon } of seen) expect(lastOnA ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(horizon ?? 0);
  });
});

describe("the incident's data, exclusive", () => {
  const clients = 5_000;
  const cluster: Cache = { kind: 'resolver', seconds: 30, shared: 20 };
  const jvm: Cache = { kind: 'jvm', seconds: 30, negative: 1, shared: 0 };
  const plan = planFor({ mode: 'exclusive', advance: 'auto', ttl: 30, transitionTtl: 5, caches: [jvm], fence });
  const run = (options: Partial<Simulation> = {}) => simulate({ plan, clients, seed: 3, until: 200, caches: [cluster, jvm], ...options });

  test('takes 63 s of lowering and 5 s of countdown', () => {
    expect(run().phases).toEqual([
      { phase: 'lowering', at: 0 },
      { phase: 'countdown', at: 63 },
      { phase: 'flipping', at: 68 },
      { phase: 'draining', at: 71 },
      { phase: 'done', at: 101 },
    ]);
  });

  test('with a fence: nobody writes to two databases, errors at A last at most 30 s, silence the slack and the skew', () => {
    for (const moved of [run(), run({ caches: [jvm] }), run({ arrival: step })]) {
      expect(moved.splitBrain).toBe(0);
      expect(moved.errors).toBeGreaterThan(15);
      expect(moved.errors).toBeLessThanOrEqual(30);
      expect(moved.silence).toBeLessThanOrEqual(4);
      expect(moved.wentBack).toBe(0);
      expect(moved.lastOnA ?? 999).toBeLessThanOrEqual(moved.horizon ?? 0);
      expect(moved.onB[199]).toBe(clients);
    }
  });

  test('without one: at most 34 s of silence, and no moment with both in use', () => {
    const moved = run({ plan: { ...plan, fence: null } });
    expect(moved.silence).toBeGreaterThan(25);
    expect(moved.silence).toBeLessThanOrEqual(34);
    expect(moved).toMatchObject({ splitBrain: 0, split: null, wentBack: 0 });
  });

  test('gives the name back 3,600 s after the upstream has become clean, at the earliest', () => {
    const server = virtualServer({ ...plan, handback: true });
    const pass = (from: number, to: number, shows: 'mixed' | 'to') => {
      for (let second = from; second < to && server.phase !== 'released'; second++) {
        server.advanceTo(second);
        if (second % 10 === 0) server.tell({ kind: 'probe', shows, ttl: 3600, drawn: { seen: 20, wanted: 20, left: 0 }, missing: [] });
      }
    };
    server.advanceTo(0);
    server.command('start');
    pass(1, 500, 'mixed');
    expect(server.phase).toBe('done');
    pass(500, 10_000, 'to');
    expect(server.phase).toBe('released');
    expect(server.now).toBeGreaterThanOrEqual(500 + 3600);
    expect(server.now).toBeLessThanOrEqual(500 + 3600 + 15);
  });

  test('without a plan, an application has met both after n draws with probability 1 - 2^(1 - n), and practically each within five minutes', () => {
    const each: Cache = { kind: 'resolver', seconds: 30, shared: clients };
    const bare = run({ plan: { ...plan, ttl: 3600 }, mixed: 3600, until: 400, caches: [each, jvm], arrival: step });
    // What it holds at first is its first draw.
    for (const draws of [1, 2, 3, 5, 8]) within(bare.metBoth[(draws - 1) * 30 + 1], hasMetBoth(draws + 1), clients);
    const spread = run({ plan: { ...plan, ttl: 3600 }, mixed: 3600, until: 400, caches: [each, jvm] });
    within(spread.metBoth[300], hasMetBoth(11), clients);
    expect(spread.metBoth[300]).toBeGreaterThan(0.99 * clients);
    expect(spread.splitBrain).toBeGreaterThan(395);
    expect(spread.wentBack).toBeGreaterThan(clients);
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
  const commands: Simulation['commands'] = [
    { at: 0, verb: 'start' },
    { at: 15, verb: 'advance' },
  ];
  const moved = simulate({ plan: planFor({ ttl: 5, transitionTtl: 5, weight: 0 }), clients: 100, seed: 1, until: 60, commands });
  expect(moved.lastOnA).toBeNull();
  expect(moved.stayed).toBe(100);
});

test('a million clients are simulated one by one', { timeout: 300_000 }, () => {
  const plan = planFor({ ttl: 10, transitionTtl: 10, advance: 'auto', pace: 20 });
  const clients = 1_000_000;
  const { onA, onB, lastOnA, horizon } = simulate({ plan, clients, seed: 2, until: 60 });
  for (let second = 0; second < 60; second++) expect((onA[second] ?? 0) + (onB[second] ?? 0)).toBe(clients);
  within(onA[30], 0.5, clients);
  expect(lastOnA ?? 999).toBeLessThanOrEqual(horizon ?? 0);
});
