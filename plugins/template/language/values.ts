// Values of templates as Go sees them: their types, their truth, their fields, and how they are printed.
//
// Texts, booleans, whole numbers (numbers or bigints), `Float`, arrays, maps by text, objects; null is nil, undefined is no value at all.
import { Float } from './number.ts';

/** Something with fields and methods. */
export interface GoObject {
  readonly goType: string;
  /** The value of a field, or a method; undefined where there is none. */
  member(name: string): unknown;
  /** How it is printed. */
  toString(): string;
}

/** A method, or a function of the template. What it throws ends the template. */
export type GoFunction = (...args: readonly unknown[]) => unknown;

function isObject(value: unknown): value is GoObject {
  return typeof value === 'object' && value !== null && 'member' in value;
}

export function isWhole(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** The name of its type in messages. */
export function typeOf(value: unknown): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (isWhole(value)) return 'int';
  if (value instanceof Float) return 'float64';
  if (Array.isArray(value)) return '[]string';
  if (value instanceof Map) return 'map[string]string';
  if (isObject(value)) return value.goType;
  return typeof value === 'function' ? 'func' : 'nil';
}

/** What is not its type's zero: a text or list that is not empty, a number other than 0. */
export function isTrue(value: unknown): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (value instanceof Float) return value.value !== 0;
  return Boolean(value);
}

/** A field or key of a value. Throws an Error where it can have none. */
export function memberOf(value: unknown, name: string): unknown {
  if (value instanceof Map) return value.get(name);
  if (isObject(value)) {
    const member = value.member(name);
    if (member !== undefined) return member;
  }
  if (value === undefined || value === null) throw new Error(`nil data; no entry for key "${name}"`);
  throw new Error(`can't evaluate field ${name} in type ${typeOf(value)}`);
}

/** How a value is printed by itself, as by %v. */
export function display(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (value instanceof Float) return displayFloat(value.value);
  if (Array.isArray(value)) return `[${value.map(display).join(' ')}]`;
  if (value instanceof Map) {
    return `map[${[...value]
      .sort(byKey)
      .map(([key, each]) => `${key}:${display(each)}`)
      .join(' ')}]`;
  }
  if (typeof value === 'function') throw new Error("can't print a function");
  return String(value);
}

export function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** As %g has it: an exponent below 1e-4 and from 1e21 on. */
function displayFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e21)) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return String(value);
}
