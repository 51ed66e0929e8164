// What values are when an expression is evaluated: what its types could not say is checked here. What does not fit is thrown.
import { typeOfValue } from './types.ts';

/** Elements that a range, or octets that a text, may have: an expression must not exhaust the memory. */
const maxLength = 1_000_000;

export function asBool(value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(value, 'bool');
}

export function asNumber(value: unknown): number {
  return typeof value === 'number' ? value : refuse(value, 'a number');
}

export function asInteger(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : refuse(value, 'int');
}

export function asString(value: unknown): string {
  return typeof value === 'string' ? value : refuse(value, 'string');
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(value, 'array');
}

export function asMap(value: unknown): ReadonlyMap<string, unknown> {
  return value instanceof Map ? value : refuse(value, 'map');
}

/** Whether two values are the same; arrays and maps are when all they hold is. */
export function areEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => areEqual(item, b[i]));
  if (a instanceof Map && b instanceof Map) return a.size === b.size && [...a].every(([key, value]) => b.has(key) && areEqual(value, b.get(key)));
  return false;
}

/** Below zero when `a` comes before `b`. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string') {
    const other = asString(b);
    return a < other ? -1 : a === other ? 0 : 1;
  }
  return asNumber(a) - asNumber(b);
}

/** The integers from one to another, both included. */
export function rangeOf(from: number, to: number): number[] {
  const length = Math.max(0, to - from + 1);
  return Array.from({ length: checkLength(length) }, (_, i) => from + i);
}

export function checkLength(length: number): number {
  if (length > maxLength) throw new Error(`more than ${maxLength} elements`);
  return length;
}

function refuse(value: unknown, expected: string): never {
  throw new Error(`found ${typeOfValue(value)}, expected ${expected}`);
}
