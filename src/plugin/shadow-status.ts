// What the comparison with another server has found, as it is told at the admin addresses. `docs/admin-api.yaml` describes the fields.

/** What may come of a query that was chosen: `turns` where answers take turns, `dropped` where too much was to be compared. */
export type ShadowOutcome = 'same' | 'turns' | 'different' | 'unanswered' | 'dropped';

/** A difference as it was seen. */
export interface FoundDifference {
  /** As "2026-11-28T23:33:40.123Z". */
  readonly time: string;
  readonly name: string;
  readonly type: string;
  /** The listener that was asked here, as "dns://:53". */
  readonly server: string;
  /** "HOST:PORT" of the other server. */
  readonly shadow: string;
  /** What differs: what was answered here, and what the other server says. */
  readonly differences: readonly { readonly kind: string; readonly here: string; readonly there: string }[];
}

/** A difference as it is kept: the last one of a name and type, and how often it was seen. */
export interface ShadowDifference extends FoundDifference {
  /** Counts on with each that is found. */
  readonly number: number;
  readonly count: number;
}

/** One use of `shadow`, and what has come of it. */
export interface ShadowStatus extends Readonly<Record<ShadowOutcome, number>> {
  /** "HOST:PORT" of the servers that are asked. */
  readonly servers: readonly string[];
  readonly zones: readonly string[];
  /** Share of the queries, from 0 to 1. */
  readonly sample: number;
  /** Differences by what differs. */
  readonly kinds: Readonly<Record<string, number>>;
  /** The newest first. */
  readonly differences: readonly ShadowDifference[];
}
