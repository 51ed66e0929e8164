// Looks at values that plugins give, before anything is made of them: a mistake is told and never sent.

/** What a value has to be. */
export interface Expectation {
  /** In words: "a whole number from 0 to 255". */
  readonly expected: string;
  fits(value: unknown): boolean;
  /** Why a value that does not fit does not, where a reader cannot see it. */
  why?(value: unknown): string | undefined;
  /** What stands there when the field is left out; without it the field must be given. */
  readonly usual?: unknown;
}

/** The value, if it fits. Throws an Error with what was found and what was expected. */
export function checked<T = unknown>(value: unknown, expectation: Expectation): T {
  if (expectation.fits(value)) return value as T;
  const why = expectation.why?.(value);
  throw new Error(`found ${shown(value)}, expected ${expectation.expected}${why === undefined ? '' : `: ${why}`}`);
}

/** The fields of an object, each looked at, and complete. Throws an Error with the field, what was found and what was expected. */
export function checkedFields(value: unknown, fields: Readonly<Record<string, Expectation>>): Record<string, unknown> {
  const known = Object.keys(fields);
  if (!isObject(value)) throw new Error(`found ${shown(value)}, expected an object of ${known.join(', ')}`);
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (unknown !== undefined) throw new Error(`found a field '${unknown}', expected ${known.join(', ')}`);
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, checkedField(key, (value as Record<string, unknown>)[key], field)]));
}

function checkedField(key: string, value: unknown, field: Expectation): unknown {
  try {
    return checked(value === undefined ? field.usual : value, field);
  } catch (error) {
    throw new Error(`${key}: ${(error as Error).message}`, { cause: error });
  }
}

/** A value as messages show it. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value);
  if (value instanceof Uint8Array) return `${value.length} octets`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Whether it is an object of named fields. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
