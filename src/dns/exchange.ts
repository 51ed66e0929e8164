// What the server keeps about the handling of one query, from its arrival to its answer. Plugins read it by way of the query; only the server writes it.
import type { Route } from './client.ts';
import type { Metadata } from './metadata.ts';
import type { Trail } from './trail.ts';

const noRoute: Route = { server: '', zone: 'dropped', view: '', index: 0 };

/** Who waits for the answer, besides the client of the exchange. Made when somebody does: most queries are answered at once. */
interface Waiters {
  controller: AbortController | undefined;
  /** Why the client does not wait any more, where others still do. */
  left: string | undefined;
  /** Those that wait for the answer of this exchange. */
  readonly others: Exchange[];
  /** Those for whose answer this exchange waits. */
  readonly waitsFor: Exchange[];
}

/** One for each query that was received or that the server makes itself; shared by all that are derived from it. */
export class Exchange {
  /** The server block that was chosen. */
  route: Route = noRoute;
  /** The plugin that was entered last: the one that answered. */
  answeredBy = '';
  /** The plugin from outside that the reply of those behind it has come back to; empty while it is with none of these. */
  backIn = '';
  /** How often the server asked itself to answer this query. */
  resolutions = 0;
  /** Which questions led to which others, as "NAME TYPE"; undefined before one did. */
  ways: Map<string, string[]> | undefined = undefined;
  /** What plugins tell of the query; undefined unless its server block collects metadata. */
  metadata: Metadata | undefined = undefined;
  /** What plugins tell the log of queries; undefined unless the server block has one. */
  trail: Trail | undefined = undefined;
  /** When nobody waits for an answer any more, in milliseconds on the clock of `receivedAt`. */
  deadline = Number.POSITIVE_INFINITY;
  /** Why nobody waits for the answer any more; undefined while somebody does. Once it is said it stays so. */
  cancelled: string | undefined = undefined;
  private waiters: Waiters | undefined = undefined;

  /** Aborts when nobody waits for the answer any more. Made when somebody asks for it. */
  get signal(): AbortSignal {
    const waiters = this.waitersOf();
    waiters.controller ??= new AbortController();
    if (this.cancelled !== undefined) waiters.controller.abort(new Error(this.cancelled));
    return waiters.controller.signal;
  }

  /** Says why the client does not wait any more: it is gone, the time is up, the configuration has ended. Others may wait for the same answer. */
  cancel(reason: string): void {
    if (this.cancelled !== undefined) return;
    const { waiters } = this;
    if (waiters?.others.some(({ cancelled }) => cancelled === undefined)) {
      waiters.left ??= reason;
      return;
    }
    this.cancelled = waiters?.left ?? reason;
    waiters?.controller?.abort(new Error(this.cancelled));
    for (const first of waiters?.waitsFor ?? []) {
      if (first.waiters?.left !== undefined) first.cancel(first.waiters.left);
    }
  }

  /** The answer is for another exchange too: it is wanted as long as one of both is. False when nobody wants it any more. */
  shareWith(other: Exchange): boolean {
    if (this.cancelled !== undefined) return false;
    if (other === this) return true;
    this.waitersOf().others.push(other);
    other.waitersOf().waitsFor.push(this);
    this.deadline = Math.max(this.deadline, other.deadline);
    return true;
  }

  private waitersOf(): Waiters {
    this.waiters ??= { controller: undefined, left: undefined, others: [], waitsFor: [] };
    return this.waiters;
  }
}

/** An exchange as plugins read it. */
export type ReadonlyExchange = Readonly<Omit<Exchange, 'cancel' | 'shareWith'>>;

/** The exchange of a query, for the server to write to. */
export function exchangeOf(query: { readonly exchange: ReadonlyExchange }): Exchange {
  return query.exchange as Exchange;
}

/**
 * Says that `other` waits for the answer to `query`: from now on that is wanted as long as one of both clients waits. False when nobody has waited
 * for it any more: it may never come, and `other` is to be asked by itself.
 */
export function answersToo(query: { readonly exchange: ReadonlyExchange }, other: { readonly exchange: ReadonlyExchange }): boolean {
  return exchangeOf(query).shareWith(exchangeOf(other));
}

/** Lets plugins tell this trail of a query from now on. */
export function leaveTrail(query: { readonly exchange: ReadonlyExchange }, trail: Trail): void {
  exchangeOf(query).trail = trail;
}
