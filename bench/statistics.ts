// The few figures that describe several runs of the same thing.

/** What several runs gave: the middle one and the ends. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median, least and greatest of `values`; all NaN when there are none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: median(sorted),
    min: sorted.at(0) ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  };
}

/** The middle value, or the mean of the two middle ones; NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted.at(Math.floor(sorted.length / 2)) ?? Number.NaN;
  if (sorted.length % 2 === 1) return upper;
  return (upper + (sorted.at(sorted.length / 2 - 1) ?? Number.NaN)) / 2;
}

/** The smallest value that `share` (0 to 1) of the ascending values do not exceed; NaN when there are none. */
export function percentile(ascending: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(share * ascending.length));
  return ascending.at(rank - 1) ?? Number.NaN;
}

/**
 * Median of the ratios of runs made in the same round, so that a drift of the machine touches both sides.
 * Rounds that only one side has are left out; NaN when there are none in common.
 */
export function pairedRatio(values: readonly number[], baseline: readonly number[]): number {
  const rounds = Math.min(values.length, baseline.length);
  return median(Array.from({ length: rounds }, (_, round) => (values[round] ?? Number.NaN) / (baseline[round] ?? Number.NaN)));
}

/** By how much values rise from one to the next, as a straight line has it that fits them best; NaN when there are less than two. */
export function slope(values: readonly number[]): number {
  const count = values.length;
  if (count < 2) return Number.NaN;
  const middle = (count - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  let above = 0;
  let below = 0;
  values.forEach((value, index) => {
    above += (index - middle) * (value - mean);
    below += (index - middle) ** 2;
  });
  return above / below;
}
