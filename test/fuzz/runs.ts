// How long the fuzzing goes on, and from which seed: the same short runs in every `npm test`, long ones with `npm run fuzz`.
//   RUNS=1000000 SEED=7 npm run fuzz
import { env } from 'node:process';
import type { Parameters } from 'fast-check';

export const runs = Number(env['RUNS'] ?? 1000);
export const seed = Number(env['SEED'] ?? 1);

/** What fast-check is told; `share` of the runs, for what costs more than the rest. A failure names its seed and the smallest case. */
export function manyRuns<T>(share = 1): Parameters<T> {
  return { numRuns: Math.max(20, Math.ceil(runs * share)), seed };
}

/** How long a test may take: as long as its runs need, on a machine with a lot to do. */
export const patience = { timeout: 120_000 + runs * 40 };
