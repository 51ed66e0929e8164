// What the server keeps about the handling of one query, from its arrival to its answer. Plugins read it by way of the query; only the server writes it.
import type { Route } from './client.ts';
import type { Metadata } from './metadata.ts';

const noRoute: Route = { server: '', zone: 'dropped', view: '', index: 0 };

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
  /** When nobody waits for an answer any more, in milliseconds on the clock of `receivedAt`. */
  deadline = Number.POSITIVE_INFINITY;
  /** Why nobody waits for the answer any more; undefined while somebody does. */
  cancelled: string | undefined = undefined;
  private controller: AbortController | undefined = undefined;

  /** Aborts when nobody waits for the answer any more. Made when somebody asks for it. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.cancelled !== undefined) this.controller.abort(new Error(this.cancelled));
    return this.controller.signal;
  }

  /** Says why nobody waits any more: the client is gone, the time is up, the configuration has ended. */
  cancel(reason: string): void {
    this.cancelled ??= reason;
    this.controller?.abort(new Error(this.cancelled));
  }
}

/** The exchange of a query, for the server to write to. */
export function exchangeOf(query: { readonly exchange: Readonly<Omit<Exchange, 'cancel'>> }): Exchange {
  return query.exchange as Exchange;
}
