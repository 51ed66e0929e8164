// Regular expressions for numbers and durations within bounds, and for addresses: a JSON Schema has no other way to bound what is written as a word.
import { durationPattern } from './duration.ts';
import type { JsonSchema } from './json-schema.ts';

/** A pattern for whole numbers in decimal that are at least `least`, which is not negative; leading zeros are allowed. */
export function atLeast(least: number): string {
  const digits = String(least);
  // As long, with a greater digit at some place; the number itself; or longer.
  const greater = [...digits].flatMap((digit, i) =>
    digit === '9' ? [] : [`${digits.slice(0, i)}[${Number(digit) + 1}-9]${digitsOf(digits.length - i - 1)}`],
  );
  return `0*(?:${[...greater, digits, `[1-9]${digitsOf(digits.length)}\\d*`].join('|')})`;
}

function digitsOf(count: number): string {
  return count === 0 ? '' : `\\d{${count}}`;
}

/** The schema of whole numbers in quotes. */
export function wholeNumberWord(min: number | undefined, max: number | undefined): JsonSchema {
  const isNegative = min === undefined || min < 0;
  const pattern = isNegative ? '^[+-]?\\d+$' : `^(?:\\+?${atLeast(min)}${min === 0 ? '|-0+' : ''})$`;
  const upper = max === undefined ? [] : [{ not: { type: 'string', pattern: `^\\+?${atLeast(max + 1)}$` } }];
  const lower = min === undefined || min >= 0 ? [] : [{ not: { type: 'string', pattern: `^-${atLeast(1 - min)}$` } }];
  return { type: 'string', pattern, ...(upper.length + lower.length === 0 ? {} : { allOf: [...upper, ...lower] }) };
}

const units = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** The schema of durations from `min` to `max` milliseconds. Exact where each part is smaller than the unit before it, as people write them: 1m30s, not 90s30000ms. */
export function durationWord(min: number | undefined, max: number | undefined): JsonSchema {
  const isNegative = min === undefined || min < 0;
  const pattern = isNegative ? durationPattern.source : `^(?:${durationPattern.source.slice(1, -1).replace('[+-]', '\\+')}|-(?:0+[a-z]+|0))$`;
  const word = { type: 'string', pattern };
  const bounds = [
    ...(min === undefined || min <= 0 ? [] : [{ pattern: somePart(min, false) }]),
    ...(max === undefined ? [] : [{ not: { pattern: somePart(max, true) } }]),
  ];
  return bounds.length === 0 ? word : { ...word, allOf: bounds };
}

/** One part alone that comes to at least the bound, or to more. */
function somePart(bound: number, more: boolean): string {
  const end = '(?:$|[\\d.])';
  const parts = Object.entries(units).flatMap(([unit, size]) => {
    const count = bound / size;
    // Of a unit that is greater than the bound, any fraction is taken to be enough.
    const fraction = count < 1 && !more ? [`0*\\.\\d*[1-9]\\d*${unit}${end}`] : [];
    if (!Number.isInteger(count)) return [`${atLeast(Math.ceil(count))}(?:\\.\\d*)?${unit}${end}`, ...fraction];
    if (!more) return [`${atLeast(count)}(?:\\.\\d*)?${unit}${end}`];
    const same = `0*${count}`;
    return [`${atLeast(count + 1)}(?:\\.\\d*)?${unit}${end}`, `${same}\\.\\d*[1-9]\\d*${unit}${end}`, `${same}(?:\\.0*)?${unit}[\\d.]*[1-9]`];
  });
  return `(?:^|[a-zµμ+-])(?:${parts.join('|')})`;
}

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4 = `${octet}(?:\\.${octet}){3}`;
const group = '[\\da-fA-F]{1,4}';
/** Eight groups, or as many octets; or fewer around one `::`, which stands for a group at least: of eight, or of six where an IPv4 address stands for the last two. */
const groups = `(?:${group}(?::${group})*)?`;
const ipv6 = `(?:${[
  `(?:${group}:){7}${group}`,
  `(?:${group}:){6}${ipv4}`,
  `(?!(?::*[\\da-fA-F]+(?![\\da-fA-F])){8})${groups}::${groups}`,
  `(?!(?::*[\\da-fA-F]+:+){6})${groups}::(?:${group}:)*${ipv4}`,
].join('|')})`;

export const addressWord: JsonSchema = { type: ['string'], pattern: `^(?:${ipv4}|${ipv6})$` };
export const networkWord: JsonSchema = {
  type: ['string'],
  pattern: `^(?:${ipv4}(?:/(?:3[0-2]|[12]?\\d))?|${ipv6}(?:/(?:12[0-8]|1[01]\\d|[1-9]?\\d))?)$`,
};
/** An address with or without a port, as in `192.0.2.1:53` and `[2001:db8::1%eth0]:53`. */
export const hostPortWord: JsonSchema = {
  type: ['string'],
  pattern: `^(?:(?:${ipv4}|\\[(?:${ipv4}|${ipv6})(?:%[^\\]]*)?\\])(?:%[^:]*)?(?::(?!${atLeast(65_536)}$)\\d*)?|${ipv6}(?:%.*)?)$`,
};
