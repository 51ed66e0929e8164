// Functions that look at each element of an array with an expression of its own, as "any(list, # > 3)".
import { any, arrayOf, bool, int, type Type } from './types.ts';
import { asBool, asNumber } from './values.ts';

/** What is asked of each element. */
type Ask = (element: unknown, index: number) => unknown;

/** A function of an array and an expression about its elements. */
export interface Predicate {
  /** Whether the expression must be a bool. */
  readonly asksBool: boolean;
  readonly result: (element: Type, asked: Type) => Type;
  readonly run: (array: readonly unknown[], ask: Ask) => unknown;
}

const holds = (ask: Ask) => (element: unknown, index: number) => asBool(ask(element, index));
const found = (value: unknown) => value ?? null;

const predicates: Readonly<Record<string, Predicate>> = {
  all: { asksBool: true, result: () => bool, run: (array, ask) => array.every(holds(ask)) },
  any: { asksBool: true, result: () => bool, run: (array, ask) => array.some(holds(ask)) },
  none: { asksBool: true, result: () => bool, run: (array, ask) => !array.some(holds(ask)) },
  one: { asksBool: true, result: () => bool, run: (array, ask) => array.filter(holds(ask)).length === 1 },
  count: { asksBool: true, result: () => int, run: (array, ask) => array.filter(holds(ask)).length },
  filter: { asksBool: true, result: (element) => arrayOf(element), run: (array, ask) => array.filter(holds(ask)) },
  find: { asksBool: true, result: () => any, run: (array, ask) => found(array.find(holds(ask))) },
  findLast: { asksBool: true, result: () => any, run: (array, ask) => found(array.findLast(holds(ask))) },
  findIndex: { asksBool: true, result: () => int, run: (array, ask) => array.findIndex(holds(ask)) },
  findLastIndex: { asksBool: true, result: () => int, run: (array, ask) => array.findLastIndex(holds(ask)) },
  map: { asksBool: false, result: (_element, asked) => arrayOf(asked), run: (array, ask) => array.map(ask) },
  sum: {
    asksBool: false,
    result: (_element, asked) => asked,
    run: (array, ask) => array.reduce<number>((sum, each, i) => sum + asNumber(ask(each, i)), 0),
  },
};

export function isPredicate(name: string): boolean {
  return Object.hasOwn(predicates, name);
}

export function predicateOf(name: string): Predicate | undefined {
  return isPredicate(name) ? predicates[name] : undefined;
}
