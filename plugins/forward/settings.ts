// What a forward is told by its configuration, read once and shared by its parts.
import type { ConnectionSettings } from 'ferrydns/built-in';
import type { Name } from 'ferrydns/plugin';

export type PolicyName = 'random' | 'round_robin' | 'sequential';

/** The options of one forward; lengths of time in milliseconds. */
export interface Settings extends ConnectionSettings {
  readonly policy: PolicyName;
  readonly forceTcp: boolean;
  readonly preferUdp: boolean;
  /** How long an upstream may take to reply before that counts as a failure. */
  readonly readTimeout: number;
  /** An upstream is down when more health checks than this have failed in a row; 0 switches the checks off. */
  readonly maxFails: number;
  /** Failed attempts for one query at most; 0 for no limit, undefined for two with each upstream. */
  readonly maxConnectAttempts: number | undefined;
  /** Milliseconds between two health checks of an upstream that fails. */
  readonly checkInterval: number;
  /** The name that health checks ask for. */
  readonly checkName: Name;
  readonly checkRecursion: boolean;
  /** Queries on their way at most; 0 for no limit. */
  readonly maxConcurrent: number;
  readonly failFast: boolean;
  /** Response codes that make the next upstream be asked. */
  readonly failover: ReadonlySet<number>;
  /** Response codes that hand the query to the next forward. */
  readonly next: ReadonlySet<number>;
  readonly nextOnNodata: boolean;
}
