// The functions that every expression has: of texts, numbers, arrays and maps, as in expr-lang.
import type { Environment, ExpressionFunction } from './environment.ts';
import { any, arrayOf, bool, eitherOf, float, int, isNumber, map, string, type Type } from './types.ts';
import { asArray, asBool, asInteger, asNumber, asString, checkLength, compare } from './values.ts';

const strings = arrayOf(string);
const array = arrayOf(any);

/** A function that does not know what it is evaluated for. */
function pure(parameters: readonly Type[], result: ExpressionFunction<unknown>['result'], run: (...args: never[]) => unknown, optional = 0) {
  return { parameters, result, optional, call: (_subject: unknown, ...args: never[]) => run(...args) };
}

function elementOf(type: Type | undefined): Type {
  return type?.kind === 'array' ? type.element : any;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return [...value].length;
  return value instanceof Map ? value.size : asArray(value).length;
}

function trimmed(text: string, chars: string | undefined, ends: { readonly start: boolean; readonly end: boolean }): string {
  const set = chars === undefined ? undefined : new Set(chars);
  const isCut = (char: string) => (set === undefined ? /\s/.test(char) : set.has(char));
  const all = [...text];
  let from = 0;
  let to = all.length;
  while (ends.start && from < to && isCut(all[from] as string)) from++;
  while (ends.end && to > from && isCut(all[to - 1] as string)) to--;
  return all.slice(from, to).join('');
}

function splitAt(text: string, separator: string, most = -1): string[] {
  if (most === 0) return [];
  const parts = text.split(separator);
  return most < 0 || parts.length <= most ? parts : [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)];
}

function numbersOf(args: readonly unknown[]): number[] {
  return args.flatMap((each) => (Array.isArray(each) ? numbersOf(each) : [asNumber(each)]));
}

/** Rounds half away from zero. */
function rounded(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

function parsedInteger(value: unknown): number {
  if (typeof value === 'number') return Math.trunc(value);
  const text = asString(value);
  return /^[+-]?\d+$/.test(text) ? asInteger(Number(text)) : fail(`"${text}" is no int`);
}

function parsedFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  const text = asString(value);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : fail(`"${text}" is no number`);
}

function fail(message: string): never {
  throw new Error(message);
}

function sorted(values: readonly unknown[], order: string | undefined): unknown[] {
  const sign = order === 'desc' ? -1 : 1;
  return values.toSorted((a, b) => sign * compare(a, b));
}

function textOf(value: unknown): string {
  if (value === null) return 'nil';
  return Array.isArray(value) ? `[${value.map(textOf).join(' ')}]` : String(value);
}

function median(args: readonly unknown[]): number {
  const all = numbersOf(args).sort((a, b) => a - b);
  const half = all.length / 2;
  return all.length % 2 === 1 ? (all[Math.floor(half)] as number) : ((all[half - 1] ?? 0) + (all[half] ?? 0)) / 2;
}

const sameNumber = (args: readonly Type[]): Type => (args.every(isNumber) ? args.reduce(eitherOf) : any);
const many = (run: (...args: never[]) => unknown, result: ExpressionFunction<unknown>['result']) => ({
  ...pure([any], result, run),
  isVariadic: true,
});

const ofTexts = {
  lower: pure([string], string, (text: string) => text.toLowerCase()),
  upper: pure([string], string, (text: string) => text.toUpperCase()),
  trim: pure([string, string], string, (text: string, chars?: string) => trimmed(text, chars, { start: true, end: true }), 1),
  trimPrefix: pure([string, string], string, (text: string, prefix: string) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  trimSuffix: pure([string, string], string, (text: string, suffix: string) =>
    suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  ),
  split: pure([string, string, int], strings, splitAt, 1),
  replace: pure([string, string, string], string, (text: string, old: string, by: string) => {
    checkLength(text.length * (by.length + 1));
    return text.replaceAll(old, () => by);
  }),
  repeat: pure([string, int], string, (text: string, times: number) => {
    checkLength(text.length * times);
    return text.repeat(times);
  }),
  indexOf: pure([string, string], int, (text: string, part: string) => text.indexOf(part)),
  lastIndexOf: pure([string, string], int, (text: string, part: string) => text.lastIndexOf(part)),
  hasPrefix: pure([string, string], bool, (text: string, prefix: string) => text.startsWith(prefix)),
  hasSuffix: pure([string, string], bool, (text: string, suffix: string) => text.endsWith(suffix)),
  join: pure([strings, string], string, (parts: readonly string[], by = '') => parts.map(asString).join(by), 1),
  string: pure([any], string, textOf),
};

const ofNumbers = {
  abs: pure([float], sameNumber, Math.abs),
  ceil: pure([float], float, Math.ceil),
  floor: pure([float], float, Math.floor),
  round: pure([float], float, rounded),
  int: pure([any], int, parsedInteger),
  float: pure([any], float, parsedFloat),
  max: many((...args: readonly unknown[]) => Math.max(...numbersOf(args)), sameNumber),
  min: many((...args: readonly unknown[]) => Math.min(...numbersOf(args)), sameNumber),
  mean: many((...args: readonly unknown[]) => numbersOf(args).reduce((sum, each, _i, all) => sum + each / all.length, 0), float),
  median: many((...args: readonly unknown[]) => median(args), float),
};

const ofArrays = {
  len: pure([any], int, lengthOf),
  first: pure(
    [array],
    (args) => elementOf(args[0]),
    (values: readonly unknown[]) => values[0] ?? null,
  ),
  last: pure(
    [array],
    (args) => elementOf(args[0]),
    (values: readonly unknown[]) => values.at(-1) ?? null,
  ),
  take: pure(
    [array, int],
    ([type]) => type ?? any,
    (values: readonly unknown[], count: number) => values.slice(0, Math.max(0, count)),
  ),
  reverse: pure(
    [array],
    ([type]) => type ?? any,
    (values: readonly unknown[]) => values.toReversed(),
  ),
  sort: pure([array, string], ([type]) => type ?? any, sorted, 1),
  uniq: pure(
    [array],
    ([type]) => type ?? any,
    (values: readonly unknown[]) => [...new Map(values.map((each) => [JSON.stringify(each), each])).values()],
  ),
  count: pure([arrayOf(bool)], int, (values: readonly unknown[]) => values.filter(asBool).length),
  sum: pure(
    [array],
    (args) => elementOf(args[0]),
    (values: readonly unknown[]) => numbersOf(values).reduce((sum, each) => sum + each, 0),
  ),
  concat: many((...args: readonly unknown[]) => args.flatMap(asArray), array),
  flatten: pure([array], array, (values: readonly unknown[]) => values.flat(100)),
  keys: pure([map], strings, (values: ReadonlyMap<string, unknown>) => [...values.keys()]),
  values: pure([map], array, (values: ReadonlyMap<string, unknown>) => [...values.values()]),
};

/** The functions of the language, by name. */
export const languageFunctions: Environment<unknown> = { ...ofTexts, ...ofNumbers, ...ofArrays };
