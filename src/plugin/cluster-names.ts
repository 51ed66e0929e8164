// What a plugin that knows a cluster tells others of its server block: what is reached from outside of it, and in which domains a client searches.
import type { Query } from '../dns/query.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { Awaitable } from './awaitable.ts';
import { capability } from './capability.ts';

/** A question about what is reached from outside of the cluster. */
export interface ExternalQuestion {
  readonly query: Query;
  readonly zone: string;
  /** Seconds of the addresses; what leads to them has the TTL of the cluster. */
  readonly ttl: number;
  /** Whether endpoints of headless services count as reached from outside. */
  readonly headless: boolean;
  /** The zone that the names of addresses are in. */
  readonly reverseZone: string;
}

/** What is answered. */
export interface ExternalAnswer {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  readonly truncated: boolean;
}

/** The services of a cluster by what they are reached by from outside. */
export interface ExternalNames {
  answer(question: ExternalQuestion): Awaitable<ExternalAnswer>;
  /** Address records of the servers of a zone, under the name given. */
  servers(owner: string, question: Pick<ExternalQuestion, 'ttl' | 'headless'>): readonly ResourceRecord[];
  /** When what is reached from outside has changed last, in seconds since 1970. */
  serial(): number;
  /** What is still missing of the cluster's data; undefined when all is there. */
  missing(): string | undefined;
}

/** By this plugins find what knows the services of a cluster. */
export const externalNames = capability<ExternalNames>('externalNames');

/** A plugin that knows in which domains a client searches. */
export interface SearchPaths {
  /** Its directive. */
  readonly plugin: string;
  /** The domains in which the client of a query searches, each with a dot at its end, and last an empty one; undefined when that is not known. */
  of(query: Query): readonly string[] | undefined;
}

/** By this plugins find what knows in which domains a client searches. */
export const searchPaths = capability<SearchPaths>('searchPaths');
