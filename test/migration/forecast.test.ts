// How long the phases of a plan take, and how soon clients that draw at random have left A: figures reckoned by hand.
import { describe, expect, test } from 'vitest';
import { departureOf, forecastOf } from '../../src/migration/forecast.ts';
import { ttlsUntil } from '../../src/migration/odds.ts';
import { planFor } from './scenarios.ts';
import { hasMetBoth, lastHasLeft, shareOnA } from './theory.ts';

const fence = { command: ['fence'], timeout: 10 };

test.each([
  [0, 1, 1],
  [1, 0.5, 0.5],
  [1.5, 0.375, 0.5],
  [3, 0.125, 0.125],
  [3.25, 0.109375, 0.125],
])('after %d TTLs a share of %d is on A, %d when the clients are in step', (ttls, spread, inStep) => {
  expect(shareOnA(ttls)).toBeCloseTo(spread, 12);
  expect(shareOnA(ttls, { inStep: true })).toBeCloseTo(inStep, 12);
});

test('with weight w in place of one half the share is (1 - w)^k', () => {
  expect(shareOnA(4, { toB: 0.2 })).toBeCloseTo(0.8 ** 4, 12);
});

test.each([
  [1_000, 11, 17],
  [100_000, 18, 24],
])('of %d clients the last has left after %d TTLs with even odds, after %d with 99%%', (clients, even, sure) => {
  expect(departureOf(planFor(), clients)).toEqual({ evenOdds: even, almostSure: sure });
  expect(lastHasLeft(clients, even)).toBeGreaterThanOrEqual(0.5);
  expect(lastHasLeft(clients, even)).toBeLessThan(0.75);
});

test('nobody leaves by chance with weight 0, a canary, or an exclusive plan', () => {
  expect(ttlsUntil(10, 0.5, 0)).toBeNull();
  expect(departureOf(planFor({ weight: 0 }), 10)).toBeNull();
  expect(departureOf(planFor({ canary: [10] }), 10)).toBeNull();
  expect(departureOf(planFor({ mode: 'exclusive', fence }), 10)).toBeNull();
});

describe("the incident's data", () => {
  const incident = planFor({ mode: 'exclusive', ttl: 30, transitionTtl: 5, caches: [{ kind: 'jvm', seconds: 30 }], store: 'etcd', handback: true });
  const least = (phase: string, plan = incident) =>
    forecastOf(plan, { ttl: 30, upstreamTtl: 3600 }).phases.find((each) => each.phase === phase)?.least;

  test('lowering takes 30 + 3 + 1 + 30 s, the countdown at least 5, hand-back comes at least 3,600 s later', () => {
    expect(least('lowering')).toBe(64);
    expect(least('countdown')).toBeGreaterThanOrEqual(5);
    expect(least('done')).toBeGreaterThanOrEqual(3600);
  });

  test('with a fence there are 4 s without an answer and 30 s of errors at A', () => {
    expect(forecastOf({ ...incident, fence }, { ttl: 30, upstreamTtl: 3600 })).toMatchObject({ silence: 4, errors: 30 });
  });

  test('without one 34 s of silence and no errors', () => {
    expect(forecastOf(incident, { ttl: 30, upstreamTtl: 3600 })).toMatchObject({ silence: 34, errors: 0 });
  });

  test('without a plan practically every application has met both databases after five minutes of draws each 30 s', () => {
    expect(hasMetBoth(1)).toBe(0);
    expect(hasMetBoth(2)).toBe(0.5);
    expect(hasMetBoth(11)).toBeGreaterThan(0.999);
  });
});
