// How long answers took: counts by buckets whose bounds grow evenly, four to each doubling, so that a percentile is off by a tenth at most.

/** Milliseconds: what takes less is counted as this. */
const least = 0.02;
const perDoubling = 4;
/** Up to some 10 s; what takes longer is counted in the last one. */
const buckets = 19 * perDoubling;

/** Counts of answers by how long they took. */
export type Latencies = Float64Array;

export function makeLatencies(): Latencies {
  return new Float64Array(buckets);
}

export function addLatency(latencies: Latencies, milliseconds: number): void {
  const bucket = milliseconds <= least ? 0 : Math.min(buckets - 1, (Math.log2(milliseconds / least) * perDoubling) | 0);
  latencies[bucket] = (latencies[bucket] as number) + 1;
}

/** What was counted since `before`. */
export function latenciesSince(now: Latencies, before: Latencies | undefined): Latencies {
  return now.map((count, bucket) => count - (before?.[bucket] ?? 0));
}

/** Milliseconds within which these shares of the answers were given, each from 0 to 1; null where there were none. */
export function percentiles(latencies: Latencies, shares: readonly number[]): (number | null)[] {
  const total = latencies.reduce((sum, count) => sum + count, 0);
  return shares.map((share) => (total === 0 ? null : within(latencies, share * total)));
}

function within(latencies: Latencies, wanted: number): number {
  let below = 0;
  for (const [bucket, count] of latencies.entries()) {
    if (count > 0 && below + count >= wanted) return boundOf(bucket + (wanted - below) / count);
    below += count;
  }
  return boundOf(buckets);
}

function boundOf(bucket: number): number {
  return Number((least * 2 ** (bucket / perDoubling)).toPrecision(3));
}
