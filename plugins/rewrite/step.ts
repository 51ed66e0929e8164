// What rules ask to be done to a reply, as data.

/** Renames owners, or the names in the data of records. */
export interface RenameStep {
  readonly kind: 'name' | 'value';
  /** The new name, or the same one. */
  readonly rename: (name: string) => string;
}

/** Brings the TTL of every record between two bounds, in seconds. */
export interface TtlStep {
  readonly kind: 'ttl';
  readonly min: number;
  readonly max: number;
}

/** Changes one response code into another; by number. */
export interface RcodeStep {
  readonly kind: 'rcode';
  readonly from: number;
  readonly to: number;
}

/** Makes an EDNS option of the reply what it was in the query as it came: its data, or no such option. */
export interface OptionStep {
  readonly kind: 'option';
  readonly code: number;
}

/** Points an alias elsewhere, and answers from there. */
export interface AliasStep {
  readonly kind: 'alias';
  /** The new target for a target in lower case; undefined to leave it. */
  readonly retarget: (target: string) => string | undefined;
}

export type Step = RenameStep | TtlStep | RcodeStep | OptionStep | AliasStep;

/** The steps of one rule, in the order of the rule. They are carried out in reverse. Known by identity. */
export type Steps = readonly Step[];

/** Nothing to do, and the name was not changed either. */
export const noSteps: Steps = [];
