// How values of templates are compared: of one kind only, whole numbers of whatever size with one another.
import { Float } from './number.ts';
import { isWhole, typeOf } from './values.ts';

type Kind = 'string' | 'bool' | 'int' | 'float';

function kindOf(value: unknown): Kind | undefined {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (isWhole(value)) return 'int';
  return value instanceof Float ? 'float' : undefined;
}

export function equals(a: unknown, b: unknown): boolean {
  // A key that is not there equals nothing but another such key.
  if (a === undefined || b === undefined || a === null || b === null) return a === b;
  const kind = kindOf(a);
  if (kind !== kindOf(b)) throw new Error('incompatible types for comparison');
  if (kind === undefined) throw new Error(`non-comparable type ${typeOf(a)}`);
  return kind === 'float' ? (a as Float).value === (b as Float).value : a === b;
}

/** Less than, equal to or greater than 0, as `a` is to `b`. */
export function compare(a: unknown, b: unknown): number {
  const kind = kindOf(a);
  if (kind === undefined || kind === 'bool') throw new Error('invalid type for comparison');
  if (kind !== kindOf(b)) throw new Error('incompatible types for comparison');
  const [x, y] = kind === 'float' ? [(a as Float).value, (b as Float).value] : [a as number, b as number];
  return x < y ? -1 : x > y ? 1 : 0;
}
