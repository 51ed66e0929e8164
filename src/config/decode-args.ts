// Hands the words of one line to the arguments of a grammar: which argument takes which words, and what is wrong if none fits.

import { ConfigError, messageOf, nearest } from './error.ts';
import { type Arg, type ArgSpec, describeLine, isValue } from './grammar.ts';
import type { Word } from './tree.ts';
import type { Value } from './values.ts';

/** What a line decodes to: the values, the words each argument took, and the problems. */
export interface DecodedArgs {
  readonly values: Record<string, unknown>;
  readonly taken: Map<string, readonly Word[]>;
  readonly problems: ConfigError[];
}

/** Where the words stand: after which word (directive or option), in which plugin. */
export interface ArgContext {
  readonly plugin: string;
  readonly name: Word;
}

/** Decodes the words after a directive or an option. Stops at the first word that fits nowhere. */
export function decodeArgs(words: readonly Word[], spec: ArgSpec, context: ArgContext): DecodedArgs {
  const decoded: DecodedArgs = { values: {}, taken: new Map(), problems: [] };
  const args = Object.entries(spec);
  let at = 0;
  for (const [index, [name, arg]] of args.entries()) {
    const later = args.slice(index + 1).map(([, laterArg]) => laterArg);
    const count = countFor(arg, words.slice(at), later);
    const own = words.slice(at, at + count);
    if (own.length < leastOf(arg)) {
      decoded.problems.push(wrongCount(words.at(-1) ?? context.name, spec, context));
      return decoded;
    }
    const failed = take(decoded, { name, arg, words: own });
    if (failed !== undefined) {
      decoded.problems.push(wrongValue(failed, arg, context));
      return decoded;
    }
    at += count;
  }
  const extra = words[at];
  if (extra !== undefined) decoded.problems.push(wrongCount(extra, spec, context));
  return decoded;
}

/** How many of the words that are left an argument takes, given what the later ones need. */
function countFor(arg: Value<unknown> | Arg<unknown>, left: readonly Word[], later: readonly (Value<unknown> | Arg<unknown>)[]): number {
  const free = left.length - later.reduce((sum, laterArg) => sum + leastOf(laterArg), 0);
  if (isValue(arg)) return Math.min(1, left.length);
  if (arg.kind !== 'optional') return Math.max(0, free);
  const [word] = left;
  if (word === undefined || free < 1) return 0;
  const passedOn = !fits(arg.value, word) && later.some((laterArg) => fits(isValue(laterArg) ? laterArg : laterArg.value, word));
  return passedOn ? 0 : 1;
}

function leastOf(arg: Value<unknown> | Arg<unknown>): number {
  return isValue(arg) ? 1 : arg.atLeast;
}

/** Raw words (no value) take anything. */
function fits(value: Value<unknown> | undefined, word: Word): boolean {
  if (value === undefined) return true;
  if (value.fits !== undefined) return value.fits(word.text);
  try {
    value.parse(word.text);
    return true;
  } catch {
    return false;
  }
}

interface Failure {
  readonly word: Word;
  readonly message: string;
}

/** Stores what an argument's words mean; gives the first word that it cannot read. */
function take(
  decoded: DecodedArgs,
  { name, arg, words }: { name: string; arg: Value<unknown> | Arg<unknown>; words: readonly Word[] },
): Failure | undefined {
  if (words.length > 0) decoded.taken.set(name, words);
  if (!isValue(arg) && arg.kind === 'words') {
    decoded.values[name] = words;
    return undefined;
  }
  const value = isValue(arg) ? arg : arg.value;
  const list: unknown[] = [];
  for (const word of words) {
    try {
      list.push(value?.parse(word.text));
    } catch (error) {
      return { word, message: messageOf(error) };
    }
  }
  decoded.values[name] = collect(arg, list);
  return undefined;
}

function collect(arg: Value<unknown> | Arg<unknown>, list: readonly unknown[]): unknown {
  if (isValue(arg)) return list[0];
  if (arg.kind === 'optional') return list.length === 0 ? arg.fallback : list[0];
  return arg.kind === 'flat' ? list.flat() : list;
}

function wrongCount(at: Word, spec: ArgSpec, { plugin, name }: ArgContext): ConfigError {
  const message = `Wrong argument count or unexpected line ending after '${at.text}'`;
  return new ConfigError(message, { place: at.place, plugin, expected: `'${describeLine(name.text, spec)}'` });
}

function wrongValue({ word, message }: Failure, arg: Value<unknown> | Arg<unknown>, { plugin, name }: ArgContext): ConfigError {
  const value = isValue(arg) ? arg : arg.value;
  return new ConfigError(`${name.text}: ${message}`, {
    place: word.place,
    plugin,
    expected: value?.expected,
    suggestion: nearest(word.text, value?.words ?? []),
  });
}
