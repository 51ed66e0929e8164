// How single words of the configuration become values: each kind of value with its label, its check and its JSON Schema.

import { isIP } from 'node:net';

import { type Name, parseName } from '../dns/name.ts';
import { formatDuration, parseDuration } from './duration.ts';
import type { JsonSchema } from './json-schema.ts';
import { addressWord, atLeast, durationWord, hostPortWord, networkWord, wholeNumberWord } from './number-pattern.ts';
import { type HostPort, normalizeZones, parseCidr, parseHostPort } from './zone-key.ts';

/** Reads one word. `parse` throws an Error with a plain message; the decoder adds the place. */
export interface Value<T> {
  /** How the word stands in a syntax description: "DURATION". */
  readonly label: string;
  /** What is right, for messages: "a duration such as 30s". */
  readonly expected: string;
  /** What a schema can say of the words that are right. */
  readonly schema: JsonSchema;
  /** What a schema can say of the words that `fits`; by default `schema`. */
  readonly shape?: JsonSchema;
  /** The words a choice consists of, for suggestions. */
  readonly words?: readonly string[];
  parse(text: string): T;
  /** Whether the word has this value's shape at all; where it has not, an optional argument is passed over. By default: whether `parse` succeeds. */
  fits?(text: string): boolean;
}

/** A value of a plugin's own. `parse` throws an Error whose message says what was found. */
export function value<T>(label: string, parse: (text: string) => T, more: Partial<Value<T>> = {}): Value<T> {
  return { label, expected: label, schema: more.words === undefined ? { type: 'string' } : { enum: more.words }, parse, ...more };
}

/** Any word, as it stands. */
export const text: Value<string> = value('TEXT', (word) => word, { expected: 'a word' });

/** The path of a file, as it stands; who uses it resolves it against `root`. */
export const file: Value<string> = value('FILE', nonEmpty, { expected: 'the path of a file', schema: { type: 'string', minLength: 1 } });

/** A domain name, made absolute and lower-case. */
export const zone: Value<Name> = value('ZONE', parseName, { expected: 'a domain name' });

/** The zones one word stands for: a name, or a CIDR prefix that expands to its reverse zones. */
export const zones: Value<readonly Name[]> = value('ZONE', normalizeZones, {
  expected: 'a zone or a CIDR prefix',
  // An IPv6 address without a prefix is no zone.
  schema: { type: 'string', not: { type: 'string', pattern: '^[^/]*:[^/]*:[^/]*$' } },
});

/** A whole number in decimal. */
export function integer(range: { readonly min?: number; readonly max?: number } = {}): Value<number> {
  const { min, max } = range;
  const expected = `a whole number${rangeText(min, max)}`;
  const number = { type: 'integer', ...(min === undefined ? {} : { minimum: min }), ...(max === undefined ? {} : { maximum: max }) };
  const schema = { anyOf: [number, wholeNumberWord(min, max)] };
  const fits = (word: string) => /^[+-]?\d+$/.test(word);
  const parse = (word: string) => {
    if (!fits(word)) throw new Error(`'${word}' is not a whole number`);
    const number = Number(word);
    if (!Number.isSafeInteger(number) || number < (min ?? number) || number > (max ?? number)) {
      throw new Error(`${word} is out of range`);
    }
    return number;
  };
  return { label: 'N', expected, schema, shape: { anyOf: [{ type: 'integer' }, wholeNumberWord(undefined, undefined)] }, parse, fits };
}

/** A length of time in Go's notation ("1h30m", "500ms", "0"), in milliseconds. The bounds are written the same way. */
export function duration(range: { readonly min?: string; readonly max?: string } = {}): Value<number> {
  const min = range.min === undefined ? undefined : parseDuration(range.min);
  const max = range.max === undefined ? undefined : parseDuration(range.max);
  const expected = `a duration such as 30s or 1h30m${rangeText(range.min, range.max)}`;
  const parse = (word: string) => {
    const length = parseDuration(word);
    if (length < (min ?? length) || length > (max ?? length)) throw new Error(`duration ${formatDuration(length)} is out of range`);
    return length;
  };
  // A bare 0 is a duration, as in Go; every other number lacks its unit.
  const schema = { anyOf: [durationWord(min, max), ...((min ?? 0) <= 0 ? [{ const: 0 }] : [])] };
  const shape = { anyOf: [durationWord(undefined, undefined), { const: 0 }] };
  return { label: 'DURATION', expected, schema, shape, parse, fits: succeeds(parseDuration) };
}

/** One of the given words, exactly. */
export function choice<const C extends readonly string[]>(...words: C): Value<C[number]> {
  const expected = words.length === 1 ? `'${words[0]}'` : `one of ${words.join(', ')}`;
  const parse = (word: string) => {
    if (!words.includes(word)) throw new Error(`unexpected '${word}'`);
    return word;
  };
  return { label: words.join('|'), expected, schema: { enum: words }, words, parse };
}

/** An IPv4 or IPv6 address, without zone id. */
export const ipAddress: Value<string> = value('ADDRESS', parseAddress, { expected: 'an IP address', schema: addressWord });

/** A network: address, prefix length, and 4 or 6. A bare address is the network of that address alone. */
export const cidr: Value<Cidr> = value('CIDR', parseNetwork, { expected: 'a network such as 10.0.0.0/8', schema: networkWord });

/** A network, as {@link cidr} reads it. */
export interface Cidr {
  readonly address: string;
  readonly prefix: number;
  readonly family: 4 | 6;
}

/** An IP address with a port, or without: then it is the given one. */
export function hostPort(options: { readonly port: number }): Value<HostPort> {
  return value('ADDRESS[:PORT]', (word) => parseHostPort(word, options.port), {
    expected: 'an IP address, with or without :PORT',
    schema: hostPortWord,
  });
}

/** Where to listen for HTTP: "HOST:PORT", or ":PORT" for every address of the machine. */
export const httpAddress: Value<string> = value('ADDRESS', parseHttpAddress, {
  expected: 'HOST:PORT or :PORT',
  schema: { type: ['string'], pattern: `^(\\[[^\\[\\]]*\\]|[^:\\[\\]]*):\\d+$`, not: { pattern: `:${atLeast(65_536)}$` } },
});

/** The words of an `admin` option: where operators may ask over HTTP, and who is let in. */
export const adminSyntax = 'ADDRESS|unix:PATH|off [tls CERT KEY [CLIENT_CA]] [token FILE]';

function parseHttpAddress(word: string): string {
  const found = /^(?:\[[^[\]]*\]|[^:[\]]*):(\d+)$/.exec(word);
  if (found === null) {
    const reason = /^(?:\[[^[\]]*\]|[^:[\]]*)$/.test(word) ? 'missing port in address' : 'no host and port';
    throw new Error(`address ${word}: ${reason}`);
  }
  if (Number(found[1]) > 65535) throw new Error(`address ${word}: invalid port`);
  return word;
}

function nonEmpty(word: string): string {
  if (word === '') throw new Error('the word is empty');
  return word;
}

function parseAddress(word: string): string {
  if (isIP(word) === 0 || word.includes('%')) throw new Error(`'${word}' is not an IP address`);
  return word;
}

function parseNetwork(word: string): Cidr {
  const family = isIP(word);
  if (family !== 0 && !word.includes('%')) return { address: word, prefix: family === 4 ? 32 : 128, family: family === 4 ? 4 : 6 };
  const network = parseCidr(word);
  if (network === undefined) throw new Error(`'${word}' is not a network`);
  return network;
}

function rangeText(min: number | string | undefined, max: number | string | undefined): string {
  if (min === undefined) return max === undefined ? '' : `, at most ${max}`;
  return max === undefined ? `, at least ${min}` : ` from ${min} to ${max}`;
}

function succeeds(parse: (word: string) => unknown): (word: string) => boolean {
  return (word) => {
    try {
      parse(word);
      return true;
    } catch {
      return false;
    }
  };
}
