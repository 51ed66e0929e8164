// What the server tells of the last hour.

/** Counts of one server block, one per sample; lengths of time in milliseconds. */
export interface BlockSeries {
  readonly queries: readonly number[];
  readonly rcodes: Readonly<Record<string, readonly number[]>>;
  readonly hits: readonly number[];
  readonly misses: readonly number[];
  readonly p50: readonly (number | null)[];
  readonly p90: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}

export interface ChainStation {
  readonly plugin: string;
  readonly place: string;
  /** Since the configuration was loaded: those that came to it, and those that it answered. */
  readonly queries: number;
  readonly answered: number;
  readonly failed: number;
}

export interface OverviewBlock extends BlockSeries {
  readonly id: string;
  readonly server: string;
  readonly zone: string;
  readonly view: string;
  readonly place: string;
  readonly chain: readonly ChainStation[];
}

export interface Upstream {
  readonly block: string;
  readonly plugin: string;
  readonly address: string;
  /** Null: not looked at. */
  readonly up: boolean | null;
  /** The same in words. */
  readonly health: string;
  /** Since the server began. */
  readonly replies: number;
  readonly failures: number;
  /** Until a reply, smoothed. */
  readonly milliseconds: number | null;
}

interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  /** Octets. */
  readonly rss: number;
  readonly heap: number;
  /** Share of one core in the last sample. */
  readonly cpu: number | null;
}

export interface Overview {
  readonly now: string;
  readonly version: string;
  readonly since: string;
  /** Seconds of one sample. */
  readonly every: number;
  /** When the first sample began. */
  readonly from: string;
  readonly processes: readonly ServerProcess[];
  /** Octets, one value per sample. */
  readonly memory: { readonly rss: readonly number[]; readonly heap: readonly number[]; readonly limit?: number | null };
  readonly blocks: readonly OverviewBlock[];
  readonly upstreams: readonly Upstream[];
}
