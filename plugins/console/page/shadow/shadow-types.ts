// What the server tells of other servers that are asked the same.

/** A name and type that both answered, and not alike. */
export interface ShadowDifference {
  readonly number: number;
  readonly time: string;
  readonly name: string;
  readonly type: string;
  /** The listener that was asked. */
  readonly server: string;
  /** The other server. */
  readonly shadow: string;
  /** How often it was seen. */
  readonly count: number;
  readonly differences: readonly { readonly kind: string; readonly here: string; readonly there: string }[];
}

/** One use of `shadow`, and what has come of it. */
export interface Shadow {
  readonly servers: readonly string[];
  readonly zones: readonly string[];
  /** Share of the queries, from 0 to 1. */
  readonly sample: number;
  readonly same: number;
  /** Different at first, and explained by answers that take turns. */
  readonly turns: number;
  readonly different: number;
  readonly unanswered: number;
  /** Too many at a time. */
  readonly dropped: number;
  /** Differences by what differs. */
  readonly kinds: Readonly<Record<string, number>>;
  /** The newest first. */
  readonly differences: readonly ShadowDifference[];
}
