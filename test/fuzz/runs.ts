// How long the fuzzing goes on, and from which seed: the same short runs in every `npm test`, long ones with `npm run fuzz`.
//   RUNS=1000000 SEED=7 npm run fuzz
import { env, threadCpuUsage } from 'node:process';
import type { Parameters } from 'fast-check';
import { expect } from 'vitest';

export const runs = Number(env['RUNS'] ?? 1000);
export const seed = Number(env['SEED'] ?? 1);

/** What fast-check is told; `share` of the runs, for what costs more than the rest. A failure names its seed and the smallest case. */
export function manyRuns<T>(share = 1): Parameters<T> {
  return { numRuns: Math.max(20, Math.ceil(runs * share)), seed };
}

/** How long a test may take: as long as its runs need, on a machine with a lot to do. */
export const patience = { timeout: 120_000 + runs * 40 };

/**
 * What `read` makes of an input. Fails where that takes more than a millisecond of CPU time, or one for each 2,000 octets of a larger input: when it took so
 * long once, the median of ten times counts, after some in which the code gets warm.
 */
export function cheaply<T>(read: () => T, octets = 0): T {
  const started = threadCpuUsage();
  const most = 1000 * Math.max(1, Math.ceil(octets / 2000));
  try {
    return read();
  } finally {
    if (microsecondsSince(started) > most) expect(medianOfTen(read), 'microseconds of CPU time').toBeLessThanOrEqual(most);
  }
}

function medianOfTen(read: () => unknown): number {
  const costs = Array.from({ length: 50 }, () => {
    const started = threadCpuUsage();
    try {
      read();
    } catch {
      // What is refused costs as well.
    }
    return microsecondsSince(started);
  });
  return costs.slice(-10).sort((a, b) => a - b)[5] ?? 0;
}

function microsecondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = threadCpuUsage(started);
  return user + system;
}
