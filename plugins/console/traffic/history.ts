// The last hour of each server block, in steps: what happened in each of them.
import type { BlockSeries } from '../told.ts';
import { type Latencies, latenciesSince, makeLatencies, percentiles } from './latencies.ts';
import type { CountedRoute, PluginCounts } from './route-counts.ts';

/** Milliseconds of a step. */
export const step = 5000;
/** Steps that are kept: an hour. */
const mostSteps = 3_600_000 / step;
/** Server blocks whose past is kept. The counts of others are told without it. */
const mostBlocks = 200;

/** What was counted of a server block since it was first served. */
export interface BlockCounts {
  readonly id: string;
  readonly queries: number;
  readonly rcodes: Readonly<Record<string, number>>;
  readonly latencies: Latencies;
  readonly plugins: readonly PluginCounts[];
  /** Those that a cache of the block answered, and those that it did not. */
  readonly hits: number;
  readonly misses: number;
}

interface Sample {
  readonly queries: number;
  readonly rcodes: Readonly<Record<string, number>>;
  readonly hits: number;
  readonly misses: number;
  readonly percentiles: readonly (number | null)[];
}

/** Memory of the processes in a step, in octets. */
export interface MemorySample {
  readonly rss: number;
  readonly heap: number;
}

const silent: Sample = { queries: 0, rcodes: {}, hits: 0, misses: 0, percentiles: [null, null, null] };
const wanted = [0.5, 0.9, 0.99];

/** Adds the counts of the routes of a block. */
export function blockCounts(id: string, routes: readonly CountedRoute[], chain: readonly string[]): BlockCounts {
  const latencies = makeLatencies();
  const rcodes: Record<string, number> = {};
  const plugins = new Map<string, PluginCounts>();
  for (const route of routes) {
    for (const [bucket, count] of route.latencies.entries()) latencies[bucket] = (latencies[bucket] ?? 0) + count;
    for (const [name, count] of Object.entries(route.rcodes)) rcodes[name] = (rcodes[name] ?? 0) + count;
    for (const { plugin, answered, failed } of route.plugins) {
      const { answered: before = 0, failed: failedBefore = 0 } = plugins.get(plugin) ?? {};
      plugins.set(plugin, { plugin, answered: before + answered, failed: failedBefore + failed });
    }
  }
  const cache = chain.indexOf('cache');
  const behind = cache === -1 ? [] : chain.slice(cache + 1);
  const misses = behind.reduce((sum, plugin) => sum + given(plugins.get(plugin)), 0);
  const queries = routes.reduce((sum, route) => sum + route.queries, 0);
  return { id, queries, rcodes, latencies, plugins: [...plugins.values()], hits: plugins.get('cache')?.answered ?? 0, misses };
}

function given(counts: PluginCounts | undefined): number {
  return (counts?.answered ?? 0) + (counts?.failed ?? 0);
}

export class History {
  private readonly samples = new Map<string, Sample[]>();
  private readonly memory: MemorySample[] = [];
  /** The counts at the end of the last step, of blocks that are not served any more as well. */
  private readonly last = new Map<string, BlockCounts>();
  /** Steps that have ended since the server began. */
  steps = 0;

  /** Ends a step: `blocks` are those of now, with what was counted of them. */
  end(blocks: readonly BlockCounts[], memory: MemorySample): void {
    const now = new Map(blocks.map((block) => [block.id, block]));
    for (const id of this.samples.keys()) if (!now.has(id)) this.samples.delete(id);
    for (const block of blocks) this.add(block);
    keep(this.memory, memory);
    for (const block of blocks) this.last.set(block.id, block);
    this.steps++;
  }

  /** How many of the last `count` steps are known. */
  known(count = mostSteps): number {
    return Math.min(count, this.memory.length);
  }

  /** The last `count` steps of a block. */
  columns(id: string, count: number): BlockSeries {
    const kept = this.samples.get(id) ?? [];
    const length = this.known(count);
    const missing = Math.max(0, length - kept.length);
    const samples = [...Array.from({ length: missing }, () => silent), ...kept.slice(kept.length - (length - missing))];
    const codes = [...new Set(samples.flatMap(({ rcodes }) => Object.keys(rcodes)))];
    return {
      queries: samples.map(({ queries }) => queries),
      rcodes: Object.fromEntries(codes.map((code) => [code, samples.map(({ rcodes }) => rcodes[code] ?? 0)])),
      hits: samples.map(({ hits }) => hits),
      misses: samples.map(({ misses }) => misses),
      p50: samples.map(({ percentiles: [p50 = null] }) => p50),
      p90: samples.map(({ percentiles: [, p90 = null] }) => p90),
      p99: samples.map(({ percentiles: [, , p99 = null] }) => p99),
    };
  }

  /** The last `count` steps of the memory. */
  memoryColumns(count: number): { readonly rss: readonly number[]; readonly heap: readonly number[] } {
    const samples = this.memory.slice(this.memory.length - this.known(count));
    return { rss: samples.map(({ rss }) => rss), heap: samples.map(({ heap }) => heap) };
  }

  private add(block: BlockCounts): void {
    const known = this.samples.get(block.id);
    if (known === undefined && this.samples.size >= mostBlocks) return;
    const samples = known ?? [];
    this.samples.set(block.id, samples);
    const before = this.last.get(block.id);
    keep(samples, before?.queries === block.queries ? silent : sampleOf(block, before));
  }
}

function sampleOf(now: BlockCounts, before: BlockCounts | undefined): Sample {
  const latencies = latenciesSince(now.latencies, before?.latencies);
  const since = Object.entries(now.rcodes).map(([name, count]) => [name, count - (before?.rcodes[name] ?? 0)] as const);
  return {
    queries: now.queries - (before?.queries ?? 0),
    rcodes: Object.fromEntries(since.filter(([, count]) => count > 0)),
    hits: now.hits - (before?.hits ?? 0),
    misses: now.misses - (before?.misses ?? 0),
    percentiles: percentiles(latencies, wanted),
  };
}

function keep<T>(samples: T[], sample: T): void {
  samples.push(sample);
  if (samples.length > mostSteps) samples.shift();
}
