// The samples of the last hour, with those that have come since.
import type { BlockSeries, OverviewBlock, ToldOverview } from '../../told.ts';

/** Seconds that are kept. */
const kept = 3600;
const mostPoints = 180;
/** Of one point: a few queries a second look the same in each. */
const leastSeconds = 10;

/** What was held with what is new: the arrays of `news` begin where `news.from` says. */
export function appended(held: ToldOverview | undefined, news: ToldOverview): ToldOverview {
  if (held === undefined || held.every !== news.every) return news;
  const start = Math.round((Date.parse(news.from) - Date.parse(held.from)) / 1000 / held.every);
  // The server was begun anew, or more is missing than is shown.
  if (start < 0 || start * held.every > 2 * kept) return news;
  const length = start + news.memory.rss.length;
  const drop = Math.max(0, length - Math.round(kept / held.every));
  const join = <T>(old: readonly T[] | undefined, more: readonly T[], gap: T) => joined({ old: old ?? [], more, start, gap }).slice(drop);
  return {
    ...news,
    from: new Date(Date.parse(held.from) + drop * held.every * 1000).toISOString(),
    memory: { ...news.memory, rss: join(held.memory.rss, news.memory.rss, 0), heap: join(held.memory.heap, news.memory.heap, 0) },
    blocks: news.blocks.map((block) =>
      joinedBlock(
        block,
        held.blocks.find(({ id }) => id === block.id),
        join,
      ),
    ),
  };
}

type Join = <T>(old: readonly T[] | undefined, more: readonly T[], gap: T) => T[];

function joinedBlock(block: OverviewBlock, old: OverviewBlock | undefined, join: Join): OverviewBlock {
  const rcodes = new Set([...Object.keys(old?.rcodes ?? {}), ...Object.keys(block.rcodes)]);
  const none = block.queries.map(() => 0);
  return {
    ...block,
    queries: join(old?.queries, block.queries, 0),
    hits: join(old?.hits, block.hits, 0),
    misses: join(old?.misses, block.misses, 0),
    p50: join<number | null>(old?.p50, block.p50, null),
    p90: join<number | null>(old?.p90, block.p90, null),
    p99: join<number | null>(old?.p99, block.p99, null),
    rcodes: Object.fromEntries([...rcodes].map((rcode) => [rcode, join(old?.rcodes[rcode], block.rcodes[rcode] ?? none, 0)])),
  };
}

/** The old values up to `start`, with gaps where some are missing, and the new ones. */
function joined<T>({
  old,
  more,
  start,
  gap,
}: {
  readonly old: readonly T[];
  readonly more: readonly T[];
  readonly start: number;
  readonly gap: T;
}): T[] {
  const before = old.slice(0, start);
  return [...before, ...Array.from({ length: start - before.length }, () => gap), ...more];
}

/** When each sample began, in seconds of the clock. */
export function sampleTimes({ from, every, memory }: ToldOverview): number[] {
  const start = Date.parse(from) / 1000;
  return memory.rss.map((_, i) => start + i * every);
}

/** Samples that are drawn as one, so that a chart has no more points than can be told apart. */
export function samplesPerPoint({ every, memory }: ToldOverview): number {
  return Math.max(1, Math.ceil(memory.rss.length / mostPoints), Math.ceil(leastSeconds / every));
}

/** Each so many values as one; those that are left over at the beginning make no point. */
export function inPoints<T>(values: readonly T[], size: number, join: (part: readonly T[]) => T): T[] {
  const first = values.length < size ? 0 : values.length % size;
  return Array.from({ length: Math.ceil((values.length - first) / size) }, (_, i) => join(values.slice(first + i * size, first + (i + 1) * size)));
}

/** What holds for each part holds for all: so many were answered within the greatest of their times. */
export function greatest(part: readonly (number | null)[]): number | null {
  const known = part.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

export function mean(part: readonly number[]): number {
  return part.reduce((sum, value) => sum + value, 0) / Math.max(1, part.length);
}

/** Counts as rates per second. */
export function perSecond(counts: readonly number[], every: number): number[] {
  return counts.map((count) => count / every);
}

/** The sum of the last samples, at least one: a rate that does not jump. */
export function lately(counts: readonly number[], samples = 6): number {
  return counts.slice(-samples).reduce((sum, count) => sum + count, 0);
}

/** The share of hits in percent; null where nobody asked. */
export function hitShare({ hits, misses }: Pick<BlockSeries, 'hits' | 'misses'>): (number | null)[] {
  return hits.map((hit, i) => {
    const all = hit + (misses[i] ?? 0);
    return all === 0 ? null : (100 * hit) / all;
  });
}

const named = ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED'] as const;

/** The usual response codes by themselves, the others together; only those that occurred. */
export function rcodeSeries({ rcodes, queries }: BlockSeries): readonly { readonly rcode: string; readonly counts: readonly number[] }[] {
  const others = queries.map((_, i) =>
    Object.entries(rcodes).reduce((sum, [rcode, counts]) => sum + (named.some((each) => each === rcode) ? 0 : (counts[i] ?? 0)), 0),
  );
  const all = [...named.map((rcode) => ({ rcode: rcode as string, counts: rcodes[rcode] ?? [] })), { rcode: 'other', counts: others }];
  const found = all.filter(({ rcode, counts }) => rcode === 'NOERROR' || counts.some((count) => count > 0));
  return found.map(({ rcode, counts }) => ({ rcode, counts: queries.map((_, i) => counts[i] ?? 0) }));
}

/** The block that was asked most in the last hour. */
export function busiest(blocks: readonly OverviewBlock[]): OverviewBlock | undefined {
  const sum = ({ queries }: OverviewBlock) => lately(queries, queries.length);
  return blocks.toSorted((a, b) => sum(b) - sum(a))[0];
}
