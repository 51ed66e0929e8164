// The types of an expression's parts, known before it is evaluated, and what fits what.

/** A type; `any` is one that is only known when the expression is evaluated. */
export type Type =
  | { readonly kind: 'bool' | 'int' | 'float' | 'string' | 'nil' | 'any' | 'map' }
  | { readonly kind: 'array'; readonly element: Type };

export const bool: Type = { kind: 'bool' };
export const int: Type = { kind: 'int' };
export const float: Type = { kind: 'float' };
export const string: Type = { kind: 'string' };
export const nil: Type = { kind: 'nil' };
export const any: Type = { kind: 'any' };
export const map: Type = { kind: 'map' };

export function arrayOf(element: Type): Type {
  return { kind: 'array', element };
}

/** A type as messages name it: "bool", "an array of string". */
export function typeText(type: Type): string {
  if (type.kind === 'array') return type.element.kind === 'any' ? 'array' : `array of ${typeText(type.element)}`;
  return type.kind === 'any' ? 'unknown' : type.kind;
}

export function isNumber({ kind }: Type): boolean {
  return kind === 'int' || kind === 'float';
}

/** Whether a value of the type can be one of these kinds: `any` can be everything. */
export function canBe({ kind }: Type, ...kinds: readonly Type['kind'][]): boolean {
  return kind === 'any' || kinds.includes(kind);
}

/** Whether values of both types can be equal. */
export function areComparable(a: Type, b: Type): boolean {
  if (a.kind === 'any' || b.kind === 'any' || a.kind === 'nil' || b.kind === 'nil') return true;
  if (a.kind === 'array' && b.kind === 'array') return areComparable(a.element, b.element);
  return a.kind === b.kind || (isNumber(a) && isNumber(b));
}

/** Whether a value of the type can be given where another is wanted. */
export function fits(given: Type, wanted: Type): boolean {
  if (given.kind === 'any' || wanted.kind === 'any') return true;
  if (given.kind === 'array' && wanted.kind === 'array') return fits(given.element, wanted.element);
  return given.kind === wanted.kind || (given.kind === 'int' && wanted.kind === 'float');
}

/** The type of what is one or the other. */
export function eitherOf(a: Type, b: Type): Type {
  if (a.kind === b.kind) return a.kind === 'array' && b.kind === 'array' ? arrayOf(eitherOf(a.element, b.element)) : a;
  return isNumber(a) && isNumber(b) ? float : any;
}

/** The type that a value has when the expression is evaluated, for messages. */
export function typeOfValue(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Map) return 'map';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
