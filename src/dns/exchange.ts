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
  /** How often the server asked itself on behalf of the query. */
  resolutions = 0;
  /** What plugins tell of the query; undefined unless its server block collects metadata. */
  metadata: Metadata | undefined = undefined;
}

/** The exchange of a query, for the server to write to. */
export function exchangeOf(query: { readonly exchange: Readonly<Exchange> }): Exchange {
  return query.exchange;
}
