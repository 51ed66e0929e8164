// What a query carries that looks ahead: its answer is worked out for a configuration that may not run yet. Nothing outside is asked, nothing is kept or counted.
import type { Explained } from '../dns/explained.ts';
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import type { Awaitable } from './awaitable.ts';

/** Stands for all that a plugin would ask or find out, were the query a client's. */
export interface Foresight extends Explained {
  readonly foresees: true;
  /** A cache has this reply. It passes the query on all the same, as what is behind it may have changed. */
  kept(query: Query, reply: Reply): void;
  /** What these upstreams, as they are written, say. Throws a QueryError where that is not known. */
  upstream(query: Query, upstreams: readonly string[]): Awaitable<Reply>;
  /** Throws a QueryError: the answer cannot be known before; `why` says that in words, `alike` is the same for what would decide the same. */
  unknown(why: string, alike?: string): never;
  /** The answer of the same configuration, asked from the top. */
  resolve(query: Query): Awaitable<Reply>;
}

/** The foresight that a query is asked with; undefined for every query that somebody waits for. */
export function foresightOf({ explained }: Query): Foresight | undefined {
  return explained !== undefined && 'foresees' in explained ? (explained as Foresight) : undefined;
}
