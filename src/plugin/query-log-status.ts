// What a log of queries tells at the admin addresses. `docs/admin-api.yaml` describes the fields.
import type { Transport } from '../dns/client.ts';
import type { Name } from '../dns/name.ts';
import type { CacheOutcome } from '../dns/trail.ts';

/** One query and what became of it; null where there is nothing of the kind. */
export interface QueryEvent {
  readonly time: string;
  /** As the log has it: whole, cut to a network, or hashed. */
  readonly client: string;
  readonly transport: Transport;
  readonly name: Name;
  readonly type: string;
  readonly class: string;
  /** Null: nothing was sent. */
  readonly rcode: string | null;
  /** Seconds: the lowest of the answer section, or where that is empty of the authority section. */
  readonly ttl: number | null;
  /** Octets of the query. */
  readonly size: number;
  /** Octets that were sent. */
  readonly sent: number;
  /** Seconds. */
  readonly duration: number;
  readonly server: string;
  readonly zone: string;
  readonly view: string;
  readonly plugin: string;
  readonly cache: CacheOutcome | null;
  readonly upstream: string | null;
  readonly plan: string | null;
  readonly phase: string | null;
  readonly member: string | null;
  /** The code of an extended error (RFC 8914). */
  readonly error: number | null;
}

export interface NumberedEvent extends QueryEvent {
  /** Grows by one with each event in memory. */
  readonly number: number;
}

/** What was found in memory, the newest first. */
export interface FoundEvents {
  readonly events: readonly NumberedEvent[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

/** The same, with how much there is to look through. */
export interface QueryPage extends FoundEvents {
  readonly held: number;
  readonly written: number;
  readonly dropped: number;
  readonly oldest: string | null;
}

/** Something that came often. */
export interface Counted {
  readonly count: number;
  /** How much the count may be too high. */
  readonly error: number;
}

export interface CountedKey extends Counted {
  readonly key: string;
}

/** Queries that a search list has cost. */
export interface CountedWaste extends Counted {
  readonly client: string;
  readonly namespace: string | null;
  /** A name that was found in the end. */
  readonly example: string;
}

/** What came most. */
export interface TopQueries {
  readonly since: string;
  readonly queries: number;
  readonly names: readonly CountedKey[];
  readonly clients: readonly CountedKey[];
  readonly nxdomain: readonly CountedKey[];
  readonly wasted: readonly CountedWaste[];
}
