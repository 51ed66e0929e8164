// Looks at what `setup` of a plugin has returned: the compiler did not see plain JavaScript.
import { editDistance } from '../config/error.ts';
import type { Instance } from '../plugin/plugin.ts';

/** What each member of an instance is; the compiler sees that none is missing. */
const members: Readonly<Record<keyof Instance, 'function' | 'object' | 'array' | 'number'>> = {
  handle: 'function',
  notify: 'function',
  wireStep: 'object',
  patience: 'number',
  admits: 'function',
  admitsFrom: 'array',
  escort: 'function',
  diverts: 'function',
  collect: 'function',
  settings: 'object',
  provides: 'array',
  examine: 'function',
  adopt: 'function',
  yield: 'function',
  foresee: 'function',
  start: 'function',
  serving: 'function',
  ready: 'function',
  stop: 'function',
};

/**
 * Throws an Error when it is no object, when a member is not what it has to be, and when something is named nearly like a member: what else it has is
 * the plugin's own.
 */
export function checkInstance(instance: unknown): asserts instance is Instance {
  if (typeof instance !== 'object' || instance === null || Array.isArray(instance)) {
    throw new Error(`setup() returned ${typeNameOf(instance)}, expected an object with members such as handle, start and stop`);
  }
  for (const [name, expected] of Object.entries(members)) {
    const value = (instance as Record<string, unknown>)[name];
    if (value !== undefined && typeNameOf(value) !== expected) {
      throw new Error(`'${name}' of what setup() returned is ${typeNameOf(value)}, expected ${expected}`);
    }
  }
  // Of a class the compiler has seen more, and it has methods of its own, which may be called anything.
  if (Object.getPrototypeOf(instance) === Object.prototype) checkSpelling(instance as Record<string, unknown>);
}

function checkSpelling(instance: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(instance)) {
    if (Object.hasOwn(members, name)) continue;
    const meant = Object.entries(members).find(
      ([member, expected]) => typeNameOf(value) === expected && isNear(name, member) && !(member in instance),
    );
    if (meant === undefined) continue;
    throw new Error(
      `'${name}' of what setup() returned is no member of an instance, did you mean '${meant[0]}'? What is your own goes by another name`,
    );
  }
}

/** Whether one letter makes the difference, or upper case. */
function isNear(name: string, member: string): boolean {
  return editDistance(name.toLowerCase(), member) <= 1;
}

function typeNameOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
