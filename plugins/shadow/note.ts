// What one process finds and the primary one writes down.

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

/** Plain data. */
export interface ShadowNote {
  readonly outcomes: Readonly<Partial<Record<ShadowOutcome, number>>>;
  readonly found?: FoundDifference;
}
