// The operators of expressions: how tightly they bind, and what they make of their sides.
import type { Span } from './expression-error.ts';
import type { Node } from './syntax.ts';

/** How tightly operators bind: the higher, the tighter. Pipes bind least, "??" most. */
export const binary: Readonly<Record<string, number>> = {
  '|': 0,
  or: 10,
  '||': 10,
  and: 15,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '<=': 20,
  '>=': 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  '..': 25,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '**': 100,
  '^': 100,
  '??': 500,
};
export const unary: Readonly<Record<string, number>> = { not: 50, '!': 50, '-': 90, '+': 90 };
/** Other spellings of the same operator. */
export const canonical: Readonly<Record<string, string>> = { '||': 'or', '&&': 'and', '^': '**', '!': 'not' };
const comparisons: ReadonlySet<string> = new Set(['<', '>', '<=', '>=']);
/** Operators that "not" may stand before. */
export const negatable: ReadonlySet<string> = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);

/** An operator as it stands between two values. */
export interface Operator {
  readonly operator: string;
  readonly binds: number;
  /** "not" stands before it, as in "not in". */
  readonly isNegated: boolean;
  readonly span: Span;
}

export function isLogic(operator: string): operator is 'and' | 'or' {
  return operator === 'and' || operator === 'or';
}

export function isComparison({ operator }: Operator): boolean {
  return comparisons.has(operator);
}

/** What an operator makes of its sides. Rows of "and", and of "or", are one node. */
export function combined(left: Node, { operator, isNegated }: Operator, right: Node): Node {
  const whole = { start: left.start, end: right.end };
  if (isLogic(operator)) return joinedBy(operator, left, right);
  const made: Node = { kind: 'binary', operator, left, right, ...whole };
  return isNegated ? { kind: 'unary', operator: 'not', operand: made, ...whole } : made;
}

export function joinedBy(operator: 'and' | 'or', left: Node, right: Node): Node {
  const before = left.kind === 'logic' && left.operator === operator ? left.operands : [left];
  return { kind: 'logic', operator, operands: [...before, right], start: left.start, end: right.end };
}
