// What the console tells: programs read it, and its page. `docs/admin-api.yaml` describes the fields.
import type { LoadedStatus } from 'ferrydns/built-in/admin';
import type { PlanStatus } from 'ferrydns/built-in/moves';
import type { CheckedConfiguration, Finding, Outlook } from 'ferrydns/plugin';
import type { BlockUpstream, ProcessUse } from './processes.ts';

/** A value for each sample, the oldest first; times are milliseconds. */
export interface BlockSeries {
  readonly queries: readonly number[];
  readonly rcodes: Readonly<Record<string, readonly number[]>>;
  readonly hits: readonly number[];
  readonly misses: readonly number[];
  readonly p50: readonly (number | null)[];
  readonly p90: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}

/** A plugin of a chain since the configuration was loaded: the queries that came to it, those that it answered and those that it failed at. */
export interface ChainStation {
  readonly plugin: string;
  readonly place: string;
  readonly queries: number;
  readonly answered: number;
  readonly failed: number;
}

/** How server blocks are told apart. */
interface ToldBlock {
  readonly server: string;
  readonly zone: string;
  readonly view: string;
  readonly place: string;
}

export interface OverviewBlock extends ToldBlock, BlockSeries {
  readonly id: string;
  readonly chain: readonly ChainStation[];
}

/** The last hour, or what has come since. */
export interface ToldOverview {
  readonly now: string;
  readonly version: string;
  readonly since: string;
  /** Seconds of one sample. */
  readonly every: number;
  /** When the first sample began. */
  readonly from: string;
  readonly processes: readonly (ProcessUse & { readonly name: string })[];
  /** Octets, one value per sample. */
  readonly memory: { readonly rss: readonly number[]; readonly heap: readonly number[]; readonly limit: number | null };
  readonly blocks: readonly OverviewBlock[];
  /** Of the queries that no block answers; null while there were none. */
  readonly unrouted: (BlockSeries & { readonly total: number }) | null;
  readonly upstreams: readonly BlockUpstream[];
}

export interface ConfiguredBlock extends ToldBlock {
  readonly plugins: readonly string[];
}

/** What runs. */
export interface ToldConfiguration {
  readonly file: string;
  readonly text: string;
  readonly loaded: string;
  readonly reload: ToldReload | null;
  readonly warnings: readonly Finding[];
  readonly blocks: readonly ConfiguredBlock[];
}

/** The reload that brought it. */
export interface ToldReload extends LoadedStatus {
  readonly changed: readonly { readonly file: string; readonly before: string; readonly after: string }[];
}

/** What came of a text that was pasted. */
export interface CheckedText extends CheckedConfiguration {
  readonly outlook: Outlook | null;
}

/** How many clients may hold A and B from a moment on. */
export interface PlanPoint extends Pick<PlanStatus, 'phase' | 'epoch'> {
  readonly at: string;
  readonly from: number;
  readonly to: number;
}

export type PlanChange = NonNullable<PlanStatus['changed']> & Pick<PlanStatus, 'phase' | 'epoch'>;

/** What has happened to a plan. */
export interface PlanHistory {
  readonly points: readonly PlanPoint[];
  readonly changes: readonly PlanChange[];
}

/** How a member of a pool stood from a moment on. */
export interface MemberChange {
  readonly at: string;
  readonly up: boolean;
  readonly drained: boolean;
  readonly serving: boolean;
}

/** What has happened in a pool in the last hour. */
export interface PoolHistory {
  readonly pool: string;
  readonly since: string;
  readonly members: readonly { readonly member: string; readonly records: string; readonly changes: readonly MemberChange[] }[];
}
