// Regular expressions in linear time, because the names they meet are chosen by strangers. The only importer of re2js.
import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

const require = createRequire(import.meta.url);

/** Octets of a pattern at most: compiling a longer one could exhaust the memory. */
export const maxPatternLength = 10_000;

/** An RE2 pattern, searched for anywhere in a name. */
export class Pattern {
  /** Groups besides the whole match. */
  readonly groups: number;
  private readonly expression: RE2JS;

  /** Throws when the pattern is malformed. */
  constructor(source: string) {
    // Loaded by the first pattern: most rules have none.
    this.expression = (require('re2js') as typeof import('re2js')).RE2JS.compile(source);
    this.groups = this.expression.groupCount();
  }

  matches(text: string): boolean {
    return this.expression.test(text);
  }

  /** The template with the groups of the first match filled in; undefined when the pattern does not match. */
  fill(text: string, template: Template): string | undefined {
    // The test runs on an automaton that is many times faster than the search for groups.
    if (!this.expression.test(text)) return undefined;
    const groups = this.expression.exec(text) as readonly (string | undefined)[] | null;
    return groups === null ? undefined : template.fill(groups);
  }
}

const reference = /\{(0|[1-9]\d*)\}/;

/** A text with references to groups: {0} is the whole match, {1} the first group. A reference to a group that the pattern lacks is text. */
export class Template {
  /** Text at even places, numbers of groups at odd ones. */
  private readonly parts: readonly string[];

  constructor(text: string) {
    this.parts = text.split(reference);
  }

  fill(groups: readonly (string | undefined)[]): string {
    let filled = '';
    for (const [i, part] of this.parts.entries()) {
      if (i % 2 === 0) filled += part;
      else filled += Number(part) < groups.length ? (groups[Number(part)] ?? '') : `{${part}}`;
    }
    return filled;
  }
}

/** Different references from {0} to {100} in a text. */
export function countReferences(text: string): number {
  const found = new Set(Array.from(text.matchAll(new RegExp(reference, 'g')), ([, number]) => Number(number)));
  return [...found].filter((number) => number <= 100).length;
}
