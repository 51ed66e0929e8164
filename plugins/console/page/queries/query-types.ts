// What the server tells of queries.

/** One query; what is not there is null. */
export interface QueryEvent {
  /** Grows by one with each event. */
  readonly number: number;
  readonly time: string;
  /** As the log has it: whole, cut to a network, or hashed. */
  readonly client: string;
  readonly transport: string;
  readonly name: string;
  readonly type: string;
  readonly class: string;
  /** Null: nothing was sent. */
  readonly rcode: string | null;
  /** Seconds. */
  readonly ttl: number | null;
  /** Octets of the query and of the reply. */
  readonly size: number;
  readonly sent: number;
  /** Seconds. */
  readonly duration: number;
  readonly server: string;
  readonly zone: string;
  readonly view: string;
  readonly plugin: string;
  readonly cache: 'hit' | 'stale' | 'miss' | null;
  readonly upstream: string | null;
  readonly plan: string | null;
  readonly phase: string | null;
  readonly member: string | null;
  /** RFC 8914. */
  readonly error: number | null;
}

export interface QueryPage {
  readonly events: readonly QueryEvent[];
  readonly more: boolean;
  readonly held: number;
  readonly written: number;
  readonly dropped: number;
  readonly oldest: string | null;
}

/** `count` is at most `error` too high. */
export interface Hitter {
  readonly key: string;
  readonly count: number;
  readonly error: number;
}

export interface WastedSearch {
  readonly client: string;
  readonly namespace: string | null;
  readonly count: number;
  readonly error: number;
  readonly example: string;
}

export interface HeavyHitters {
  readonly since: string;
  readonly queries: number;
  readonly names: readonly Hitter[];
  readonly clients: readonly Hitter[];
  readonly nxdomain: readonly Hitter[];
  readonly wasted: readonly WastedSearch[];
}
