// The expressions that names are matched against: RE2's, in linear time, because strangers choose the names. Imports re2js.
import { RE2JS } from 're2js';

/** Characters of a pattern at most: compiling a longer one could exhaust the memory. */
export const maxPatternLength = 10_000;

/** What a name has matched. */
export interface Match {
  readonly pattern: string;
  /** The whole match and its groups; empty for one that took no part. */
  readonly groups: readonly string[];
  /** The groups by their numbers and by their names. */
  readonly named: ReadonlyMap<string, string>;
}

export class Pattern {
  readonly source: string;
  private readonly expression: RE2JS;
  private readonly names: readonly (readonly [string, number])[];

  /** Throws an Error when the pattern is malformed. */
  constructor(source: string) {
    this.source = source;
    this.expression = RE2JS.compile(source);
    this.names = Object.entries(this.expression.namedGroups());
  }

  /** Whether it is found anywhere in a name. */
  fits(name: string): boolean {
    return this.expression.test(name);
  }

  /** What the first place where it {@link fits} comes to. */
  match(name: string): Match {
    const found = (this.expression.exec(name) ?? []) as readonly (string | undefined)[];
    const groups: string[] = [];
    const named = new Map<string, string>();
    for (let i = 0; i < found.length; i++) {
      const group = found[i] ?? '';
      groups.push(group);
      named.set(String(i), group);
    }
    for (const [each, i] of this.names) named.set(each, groups[i] ?? '');
    return { pattern: this.source, groups, named };
  }
}

/** The pattern of a template without one: every name matches as a whole. */
export const everything = '.*';
