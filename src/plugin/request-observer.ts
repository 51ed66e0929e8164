// How the server tells plugins of messages that never reach a chain. All that observe are told; one that two blocks provide is told once.
import type { Client } from '../dns/client.ts';
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import { capability } from './capability.ts';

/** Counts what happens outside the chains. */
export interface RequestObserver {
  /** A query that no server block answered, or in whose chain a plugin panicked. Its zone is called "dropped", as in CoreDNS's metrics, though it has a reply. */
  unrouted(query: Query, reply: Reply): void;
  /** A plugin threw something that is no QueryError. */
  panicked(): void;
  /** A message whose head was judged to be no query to answer: only a header with this response code was sent. The bytes are used again after the call. */
  rejected?(message: Uint8Array, rcode: number, client: Client, server: string): void;
}

/** By this the server finds the plugins that observe. */
export const requestObserver = capability<RequestObserver>('requestObserver');
