// The functions of templates: those of Go's text/template, and parseInt, which CoreDNS adds.

import { compare, equals } from './comparison.ts';
import { escapeHtml, escapeQuery, escapeScript } from './escape.ts';
import { sprint, sprintf, sprintln } from './format.ts';
import { whole } from './number.ts';
import { display, type GoFunction, isTrue, isWhole, typeOf } from './values.ts';

/** How many arguments a function takes. */
interface Arity {
  readonly least: number;
  /** Any number unless given. */
  readonly most?: number;
}

/** A function that is given its arguments. */
interface Plain extends Arity {
  readonly call: GoFunction;
}

/** A function that evaluates no more of its arguments than it needs. */
interface Lazy extends Arity {
  choose(args: readonly (() => unknown)[]): unknown;
}

export type Functions = Readonly<Record<string, Plain | Lazy>>;

export function isLazy(found: Plain | Lazy): found is Lazy {
  return 'choose' in found;
}

export const functions: Functions = {
  and: { least: 1, choose: (args) => firstOf(args, (value) => !isTrue(value)) },
  or: { least: 1, choose: (args) => firstOf(args, isTrue) },
  not: { least: 1, most: 1, call: (value) => !isTrue(value) },
  len: { least: 1, most: 1, call: lengthOf },
  index: { least: 1, call: (value, ...keys) => keys.reduce(itemOf, value) },
  slice: { least: 1, most: 4, call: sliceOf },
  print: { least: 0, call: (...args) => sprint(args) },
  println: { least: 0, call: (...args) => sprintln(args) },
  printf: { least: 1, call: (form, ...args) => sprintf(textOf(form), args) },
  html: { least: 0, call: (...args) => escapeHtml(joined(args)) },
  js: { least: 0, call: (...args) => escapeScript(joined(args)) },
  urlquery: { least: 0, call: (...args) => escapeQuery(joined(args)) },
  call: { least: 1, call: (value) => fail(`non-function of type ${typeOf(value)}`) },
  eq: { least: 1, call: isAnyOf },
  ne: { least: 2, most: 2, call: (a, b) => !equals(a, b) },
  lt: { least: 2, most: 2, call: (a, b) => compare(a, b) < 0 },
  le: { least: 2, most: 2, call: (a, b) => compare(a, b) <= 0 },
  gt: { least: 2, most: 2, call: (a, b) => compare(a, b) > 0 },
  ge: { least: 2, most: 2, call: (a, b) => compare(a, b) >= 0 },
  parseInt: { least: 3, most: 3, call: parseUnsigned },
};

/** The first argument that is like that, else the last one. */
function firstOf(args: readonly (() => unknown)[], isMeant: (value: unknown) => boolean): unknown {
  let value: unknown;
  for (const arg of args) {
    value = arg();
    if (isMeant(value)) break;
  }
  return value;
}

function isAnyOf(first: unknown, ...others: readonly unknown[]): boolean {
  if (others.length === 0) return fail('missing argument for comparison');
  return others.some((other) => equals(first, other));
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : fail(`len of type ${typeOf(value)}`);
}

/** An item of a list or map, or an octet of a text. */
function itemOf(value: unknown, key: unknown): unknown {
  if (value instanceof Map) {
    if (typeof key !== 'string') return fail(`value has type ${typeOf(key)}; should be string`);
    return value.get(key) ?? '';
  }
  if (value === null || value === undefined) return fail('index of untyped nil');
  const list = typeof value === 'string' ? Buffer.from(value) : value;
  if (!Array.isArray(list) && !Buffer.isBuffer(list)) return fail(`can't index item of type ${typeOf(value)}`);
  return list[placeIn(key, list.length - 1)];
}

function sliceOf(value: unknown, ...bounds: readonly unknown[]): unknown {
  if (typeof value !== 'string' && !Array.isArray(value)) return fail(`can't slice item of type ${typeOf(value)}`);
  if (typeof value === 'string' && bounds.length > 2) return fail('cannot 3-index slice a string');
  const list = typeof value === 'string' ? Buffer.from(value) : value;
  const places = bounds.map((bound) => placeIn(bound, list.length));
  const [start = 0, end = list.length, most = list.length] = places;
  if (start > end || end > most) return fail(`invalid slice index: ${start} > ${end}`);
  return Buffer.isBuffer(list) ? list.toString('utf8', start, end) : list.slice(start, end);
}

function placeIn(key: unknown, most: number): number {
  if (!isWhole(key)) return fail(key === null ? 'cannot index slice/array with nil' : `cannot index slice/array with type ${typeOf(key)}`);
  const at = Number(key);
  return at < 0 || at > most ? fail(`index out of range: ${at}`) : at;
}

/** Go's strconv.ParseUint: the number that a text is, in a base, of so many bits at most. */
function parseUnsigned(text: unknown, base: unknown, bits: unknown): number | bigint {
  const word = textOf(text);
  if (!isWhole(base) || !isWhole(bits)) return fail(`wrong type for value; expected int; got ${typeOf(isWhole(base) ? bits : base)}`);
  const said = (problem: string) => fail(`strconv.ParseUint: parsing ${JSON.stringify(word)}: ${problem}`);
  if (base !== 0 && (base < 2 || base > 36)) return said(`invalid base ${base}`);
  if (bits < 0 || bits > 64) return said(`invalid bit size ${bits}`);
  const value = digitsOf(word, Number(base));
  if (value === undefined) return said('invalid syntax');
  return value >= 1n << (BigInt(bits) || 64n) ? said('value out of range') : whole(value);
}

function digitsOf(word: string, base: number): bigint | undefined {
  if (base === 0) {
    const prefixed = /^0[xXoObB]/.test(word) ? word : word.replace(/^0(?=\d)/, '0o');
    const isNumber = /^(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|\d(?:_?\d)*)$/.test(prefixed);
    return isNumber ? BigInt(prefixed.replaceAll('_', '')) : undefined;
  }
  let value = 0n;
  // What has more digits than 64 bits have is out of range in any case.
  for (const digit of word.toLowerCase()) {
    const number = '0123456789abcdefghijklmnopqrstuvwxyz'.indexOf(digit);
    if (number < 0 || number >= base) return undefined;
    if (value < 1n << 64n) value = value * BigInt(base) + BigInt(number);
  }
  return word === '' ? undefined : value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : fail(`wrong type for value; expected string; got ${typeOf(value)}`);
}

/** The arguments as one text: a text alone as it stands. */
function joined(args: readonly unknown[]): string {
  return args.length === 1 ? display(args[0]) : sprint(args);
}

function fail(message: string): never {
  throw new Error(message);
}
