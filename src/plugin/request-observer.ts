// How the server tells a plugin of queries that never reach a chain.
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import { capability } from './capability.ts';

/** Counts what happens outside the chains. */
export interface RequestObserver {
  /** A query that no server block answered, or in whose chain a plugin panicked: its zone is "dropped". */
  dropped(query: Query, reply: Reply): void;
  /** A plugin threw something that is no QueryError. */
  panicked(): void;
}

/** By this the server finds the plugin that counts. */
export const requestObserver = capability<RequestObserver>('requestObserver');
