// What is counted of the queries of one listener, zone and view.
import { rcodeName } from 'ferrydns/plugin';
import { addLatency, type Latencies, makeLatencies } from './latencies.ts';

/** Response codes that are counted one by one; higher ones are counted as the last. */
const rcodes = 24;

/** The queries that a plugin was the last to be given. */
export interface PluginCounts {
  readonly plugin: string;
  /** Those it answered. */
  answered: number;
  /** Those it failed at. */
  failed: number;
}

/** The same as plain data. */
export interface CountedRoute {
  readonly server: string;
  readonly zone: string;
  readonly view: string;
  readonly queries: number;
  /** By the name of the code. */
  readonly rcodes: Readonly<Record<string, number>>;
  readonly latencies: Latencies;
  readonly plugins: readonly PluginCounts[];
}

export class RouteCounts {
  queries = 0;
  readonly latencies = makeLatencies();
  private readonly rcodes = new Float64Array(rcodes);
  private readonly plugins: PluginCounts[] = [];
  /** Who was last the last: it is so again most of the time. */
  private latest: PluginCounts = { plugin: '', answered: 0, failed: 0 };
  private readonly others = new Map<string, number>();

  /** `plugin`: who was the last to be given the query. Times are milliseconds. */
  count(rcode: number, milliseconds: number, plugin: string, answered: boolean): void {
    this.queries++;
    const place = rcode < rcodes ? rcode : rcodes - 1;
    this.rcodes[place] = (this.rcodes[place] as number) + 1;
    addLatency(this.latencies, milliseconds);
    const counts = this.latest.plugin === plugin ? this.latest : this.countsOf(plugin);
    this.latest = counts;
    if (answered) counts.answered++;
    else counts.failed++;
  }

  /** What another process has counted besides. */
  add({ queries, rcodes: counted, latencies, plugins }: CountedRoute): void {
    this.queries += queries;
    for (const [name, count] of Object.entries(counted)) this.others.set(name, (this.others.get(name) ?? 0) + count);
    for (const [bucket, count] of latencies.entries()) this.latencies[bucket] = (this.latencies[bucket] ?? 0) + count;
    for (const { plugin, answered, failed } of plugins) {
      const counts = this.countsOf(plugin);
      counts.answered += answered;
      counts.failed += failed;
    }
  }

  /** A copy of what was counted. */
  read(route: Pick<CountedRoute, 'server' | 'zone' | 'view'>): CountedRoute {
    const { queries, latencies, plugins } = this;
    const { server, zone, view } = route;
    return { server, zone, view, queries, rcodes: this.byName(), latencies: latencies.slice(), plugins: plugins.map((counts) => ({ ...counts })) };
  }

  private byName(): Record<string, number> {
    const counted = Object.fromEntries(this.others);
    for (const [code, count] of this.rcodes.entries()) {
      const name = code === rcodes - 1 ? 'other' : rcodeName(code);
      if (count > 0) counted[name] = (counted[name] ?? 0) + count;
    }
    return counted;
  }

  private countsOf(plugin: string): PluginCounts {
    const known = this.plugins.find((counts) => counts.plugin === plugin);
    if (known !== undefined) return known;
    const counts = { plugin, answered: 0, failed: 0 };
    this.plugins.push(counts);
    return counts;
  }
}

/** What was counted since `before`. */
export function routeSince(now: CountedRoute, before: CountedRoute | undefined): CountedRoute {
  if (before === undefined) return now;
  return {
    ...now,
    queries: now.queries - before.queries,
    rcodes: Object.fromEntries(Object.entries(now.rcodes).map(([name, count]) => [name, count - (before.rcodes[name] ?? 0)])),
    latencies: now.latencies.map((count, bucket) => count - (before.latencies[bucket] ?? 0)),
    plugins: now.plugins.map(({ plugin, answered, failed }) => {
      const known = before.plugins.find((counts) => counts.plugin === plugin);
      return { plugin, answered: answered - (known?.answered ?? 0), failed: failed - (known?.failed ?? 0) };
    }),
  };
}
