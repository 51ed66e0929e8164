// What a plan is reckoned to take is what the engine takes.
import { expect, test } from 'vitest';
import { forecastOf } from '../../src/migration/forecast.ts';
import type { PlanOptions } from '../../src/migration/plan.ts';
import { simulate } from '../../src/migration/simulator/simulate.ts';
import { planFor } from './scenarios.ts';

const fence = { command: ['fence'], timeout: 10 };

test.each<Partial<PlanOptions>>([
  { mode: 'exclusive', fence },
  { mode: 'exclusive' },
  { mode: 'exclusive', fence, store: 'etcd', skew: 1 },
  { mode: 'exclusive', store: 'configmap', skew: 3 },
  { mode: 'blend' },
  { mode: 'blend', canary: [10, 50], store: 'etcd', skew: 2 },
])('A may be switched off when the forecast says so: %j', (options) => {
  const plan = planFor({ ttl: 30, advance: 'auto', caches: [{ kind: 'jvm', seconds: 30 }], ...options });
  const { untilOff } = forecastOf(plan, { ttl: null, upstreamTtl: 0 });
  const { horizon } = simulate({ plan, clients: 200, seed: 1, until: 400 });
  // In a blend the last answer with A is not given in the last moment.
  expect(horizon).toBeGreaterThan(untilOff - (plan.mode === 'blend' ? 1.5 : 0.01));
  expect(horizon).toBeLessThanOrEqual(untilOff);
});
