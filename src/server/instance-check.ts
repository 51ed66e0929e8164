// Looks at what `setup` of a plugin has returned: the compiler did not see plain JavaScript.
import { nearest } from '../config/error.ts';
import type { Instance } from '../plugin/plugin.ts';

/** What each member of an instance is; the compiler sees that none is missing. */
const members: Readonly<Record<keyof Instance, 'function' | 'object' | 'array' | 'number'>> = {
  handle: 'function',
  notify: 'function',
  wireStep: 'object',
  patience: 'number',
  admits: 'function',
  collect: 'function',
  settings: 'object',
  provides: 'array',
  examine: 'function',
  adopt: 'function',
  yield: 'function',
  start: 'function',
  serving: 'function',
  ready: 'function',
  stop: 'function',
};

/**
 * Throws an Error when it is no object, when a member is not what it has to be, and when a member that is a function is named like none but nearly like
 * one: others are the plugin's own.
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
  for (const name of Object.keys(instance)) {
    const meant = Object.hasOwn(members, name) ? undefined : nearest(name, Object.keys(members));
    if (meant !== undefined && !(meant in instance) && typeof (instance as Record<string, unknown>)[name] === members[meant as keyof Instance]) {
      throw new Error(`'${name}' of what setup() returned is no member of an instance, did you mean '${meant}'?`);
    }
  }
}

function typeNameOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
