// The five ways to find a name and to make another one of it: exact, prefix, suffix, substring and regex.
import { nameToWire, type Query } from 'ferrydns/plugin';
import { countReferences, maxPatternLength, Pattern, Template } from './pattern.ts';

const matchKinds = ['exact', 'prefix', 'suffix', 'substring', 'regex'] as const;
export type MatchKind = (typeof matchKinds)[number];

/** Another name for this one; undefined when the rule is not about it. */
export type Renaming = (name: string) => string | undefined;

/** Whether a rule is about a query, by the name asked for. */
export type Matcher = (query: Query) => boolean;

export function isMatchKind(word: string): word is MatchKind {
  return (matchKinds as readonly string[]).includes(word);
}

/** A word of the configuration as a lower-case name with a dot at its end. */
export function absolute(text: string): string {
  const lower = text.toLowerCase();
  const backslashes = /(\\*)\.$/.exec(lower)?.[1]?.length;
  return backslashes !== undefined && backslashes % 2 === 0 ? lower : `${lower}.`;
}

/** Renames by comparing text; both words as they are to be compared. */
export function makeRenaming(kind: Exclude<MatchKind, 'regex'>, from: string, to: string): Renaming {
  switch (kind) {
    case 'exact':
      return (name) => (name === from ? to : undefined);
    case 'prefix':
      return (name) => (name.startsWith(from) ? to + name.slice(from.length) : undefined);
    case 'suffix':
      return (name) => (name.endsWith(from) ? name.slice(0, name.length - from.length) + to : undefined);
    case 'substring':
      return (name) => (name.includes(from) ? name.replaceAll(from, () => to) : undefined);
  }
}

/** Renames by a pattern; the text may refer to its groups. */
export function makePatternRenaming(pattern: Pattern, to: string): Renaming {
  const template = new Template(to);
  return (name) => pattern.fill(name, template);
}

/** Compiles the pattern of a rename. Throws when it is malformed, too long, or has fewer groups than the text refers to. */
export function compilePattern(from: string, to: string): Pattern {
  const length = Buffer.byteLength(from);
  if (length > maxPatternLength) throw new Error(`regex pattern too long: ${length} > ${maxPatternLength}`);
  const pattern = compile(from, `invalid regex matching pattern: ${from}`);
  if (countReferences(to) > pattern.groups) {
    throw new Error(`the rewrite regex pattern (${to}) uses more subexpressions than its corresponding matching regex pattern (${from})`);
  }
  return pattern;
}

/** Finds queries for a `field` rule (ttl, rcode). Throws when a pattern is malformed or too long. */
export function makeMatcher(kind: MatchKind, from: string, field: string): Matcher {
  if (kind === 'exact') return exactly(absolute(from));
  if (kind === 'regex') {
    const length = Buffer.byteLength(from);
    if (length > maxPatternLength) throw new Error(`regex pattern too long in a ${field} rule: ${length} > ${maxPatternLength}`);
    const pattern = compile(from, `invalid regex pattern in a ${field} rule: ${from}`);
    return (query) => pattern.matches(query.name);
  }
  const part = absolute(from);
  if (kind === 'prefix') return (query) => query.name.startsWith(part);
  if (kind === 'suffix') return (query) => query.name.endsWith(part);
  return (query) => query.name.includes(part);
}

/** Compares bytes, so that a name that is not the one costs no string. A text that is no name matches nothing. */
export function exactly(name: string): Matcher {
  const wire = wireOf(name);
  if (wire === undefined) return () => false;
  const { length } = wire;
  return (query) => query.nameLength === length && query.asksFor(wire, 0);
}

/** The wire form of a name, undefined for a text that is none. */
function wireOf(name: string): Buffer | undefined {
  try {
    return nameToWire(name);
  } catch {
    return undefined;
  }
}

function compile(source: string, message: string): Pattern {
  try {
    return new Pattern(source);
  } catch (cause) {
    throw new Error(message, { cause });
  }
}
