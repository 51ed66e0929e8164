// Numbers as the rules write them: unsigned, in four bases, and ranges of TTLs.
import { maxTtl } from 'ferrydns/built-in';

const maxUint32 = 0xffffffff;

/** Digits may be parted by single underscores; a leading 0 means octal. */
const notations: readonly { readonly pattern: RegExp; readonly base: number }[] = [
  { pattern: /^0x((?:_?[\da-f])+)$/i, base: 16 },
  { pattern: /^0b((?:_?[01])+)$/i, base: 2 },
  { pattern: /^0o?((?:_?[0-7])+)$/i, base: 8 },
  { pattern: /^(0|[1-9](?:_?\d)*)$/, base: 10 },
];

/** Reads a whole number in the notation of Go from 0 to 65535; throws when it is none. */
export function parseUint16(text: string): number {
  for (const { pattern, base } of notations) {
    const digits = pattern.exec(text)?.[1];
    if (digits === undefined) continue;
    const number = Number.parseInt(digits.replaceAll('_', ''), base);
    if (number > 0xffff) throw new Error(`strconv.ParseUint: parsing "${text}": value out of range`);
    return number;
  }
  throw new Error(`strconv.ParseUint: parsing "${text}": invalid syntax`);
}

/** Reads "N", "MIN-MAX", "MIN-" or "-MAX" in seconds; undefined when it is none of them. */
export function parseTtlRange(text: string): { readonly min: number; readonly max: number } | undefined {
  const [low = '', high, ...more] = text.split('-');
  if (more.length > 0) return undefined;
  if (high === undefined) {
    const ttl = parseUint32(low);
    return ttl === undefined ? undefined : { min: ttl, max: ttl };
  }
  if (low === '' && high === '') return undefined;
  const min = low === '' ? 0 : parseUint32(low);
  const max = high === '' ? maxTtl : parseUint32(high);
  return min === undefined || max === undefined || min > max ? undefined : { min, max };
}

/** Reads a decimal number from 0 to 4294967295; undefined when it is none. */
export function parseUint32(text: string): number | undefined {
  return /^\d+$/.test(text) && Number(text) <= maxUint32 ? Number(text) : undefined;
}
