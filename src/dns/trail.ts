// What the plugins on a query's way tell whoever keeps a log of queries. Only there where a server block has one: see `Exchange.trail`.

/** How a cache dealt with a query: `hit`: it had the answer; `stale`: it gave one that had expired; `miss`: it asked for it, or waited for who did. */
export type CacheOutcome = 'hit' | 'stale' | 'miss';

/** What became of one query on its way through the plugins. What several of them say is what was said last. */
export class Trail {
  /** Who keeps the log. */
  readonly log: object;
  cache: CacheOutcome | undefined = undefined;
  /** "ADDRESS:PORT" of the server that was asked. */
  upstream: string | undefined = undefined;
  /** The plan that answered, and the phase that it was in. */
  plan: string | undefined = undefined;
  phase: string | undefined = undefined;
  /** The members of a pool that the answer names, with commas between them. */
  member: string | undefined = undefined;

  constructor(log: object) {
    this.log = log;
  }

  /** Makes it as it was when it was new. */
  clear(): void {
    this.cache = undefined;
    this.upstream = undefined;
    this.plan = undefined;
    this.phase = undefined;
    this.member = undefined;
  }
}
