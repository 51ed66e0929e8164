// What a configuration would change, foreseen from questions that were asked lately: plain data.

/** A question that was asked, or may be. */
export interface RecentQuestion {
  readonly name: string;
  readonly type: string;
  /** The address of who asked; 127.0.0.1 where it is no IP address or missing. */
  readonly client?: string | undefined;
  /** The listener that was asked, as "dns://:53"; undefined for the first that has a server block for the name. */
  readonly server?: string | undefined;
  /** Whether records were answered when it was asked last, for where that cannot be worked out any more. */
  readonly answered?: boolean | undefined;
}

/** What would change for one question. */
export interface ForeseenChange {
  readonly name: string;
  readonly type: string;
  readonly client: string;
  readonly server: string;
  /** Whether there were records and would be none. */
  readonly lost: boolean;
  /** As "NOERROR: www.example.org. 30 IN A 192.0.2.1", "REFUSED" or "no reply". */
  readonly before: string;
  readonly after: string;
  readonly differences: readonly { readonly kind: string; readonly before: string; readonly after: string }[];
}

/** What would be answered is decided by something that is asked or begins only then. */
export interface ForeseenUnknown {
  readonly name: string;
  readonly type: string;
  readonly client: string;
  readonly server: string;
  readonly before: string;
  readonly after: string;
}

/** What comes of all questions; each is in one of the four numbers. */
export interface Outlook {
  readonly asked: number;
  readonly same: number;
  /** Not answered without asking, but by the same upstreams or the same plugin as before. */
  readonly sameSource: number;
  readonly changed: number;
  /** Before or after cannot be known. */
  readonly unknown: number;
  /** Names with records now, and those of them that would lose what they have for some type. */
  readonly names: { readonly answered: number; readonly lost: number };
  /** What is odd about the new configuration, as "FILE:LINE - …". */
  readonly warnings: readonly string[];
  /** The lost ones first; the first 500. */
  readonly changes: readonly ForeseenChange[];
  /** The first 100. */
  readonly unknowns: readonly ForeseenUnknown[];
}
