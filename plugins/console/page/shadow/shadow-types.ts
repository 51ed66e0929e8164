// What the server tells of other servers that are asked the same.

/** One use of `shadow`, and what has come of it since it was loaded. */
export interface Shadow {
  /** "FILE:LINE" */
  readonly place: string;
  readonly server: string;
  readonly zone: string;
  readonly with: readonly string[];
  /** Share of the queries, from 0 to 1. */
  readonly sample: number;
  readonly asked: number;
  readonly same: number;
  readonly different: number;
  readonly unanswered: number;
  /** Differences by what differs. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** A question that both answered, and not alike. */
export interface ShadowDifference {
  /** Grows with each. */
  readonly number: number;
  readonly time: string;
  readonly name: string;
  readonly type: string;
  readonly client: string;
  readonly server: string;
  readonly with: string;
  readonly differences: readonly { readonly kind: string; readonly before: string; readonly after: string }[];
  /** Whole replies, of this server and of the other. */
  readonly own: string;
  readonly other: string;
}

export interface ShadowPage {
  readonly shadows: readonly Shadow[];
  /** The newest first. */
  readonly differences: readonly ShadowDifference[];
}
