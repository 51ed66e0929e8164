// Operators with two sides: what types they take, and what they do.
import { type Compiled, made, type Run } from './compiled.ts';
import { ExpressionError, type Span } from './expression-error.ts';
import { compilePattern } from './pattern.ts';
import { areComparable, arrayOf, bool, canBe, eitherOf, float, int, isNumber, type Type, typeText } from './types.ts';
import { areEqual, asBool, asInteger, asMap, asNumber, asString, compare, rangeOf } from './values.ts';

/** What an operator makes of its sides; undefined where it does not take their types. */
interface Operator {
  readonly result: (left: Type, right: Type) => Type | undefined;
  readonly apply: (left: unknown, right: unknown) => unknown;
}

const areNumbers = (left: Type, right: Type) => canBe(left, 'int', 'float') && canBe(right, 'int', 'float');
const areIntegers = (left: Type, right: Type) => canBe(left, 'int') && canBe(right, 'int');
const areStrings = (left: Type, right: Type) => canBe(left, 'string') && canBe(right, 'string');
const ordered = (left: Type, right: Type) => (areNumbers(left, right) || areStrings(left, right) ? bool : undefined);
const ofTexts = (left: Type, right: Type) => (areStrings(left, right) ? bool : undefined);
const ofNumbers = (left: Type, right: Type) => (areNumbers(left, right) ? eitherOf(left, right) : undefined);
const toFloat = (left: Type, right: Type) => (areNumbers(left, right) ? float : undefined);
const equality = (left: Type, right: Type) => (areComparable(left, right) ? bool : undefined);

function sumType(left: Type, right: Type): Type | undefined {
  if (areNumbers(left, right) && (isNumber(left) || isNumber(right))) return eitherOf(left, right);
  return areStrings(left, right) ? eitherOf(left, right) : undefined;
}

function sum(left: unknown, right: unknown): unknown {
  return typeof left === 'string' ? left + asString(right) : asNumber(left) + asNumber(right);
}

function remainder(left: unknown, right: unknown): number {
  const divisor = asInteger(right);
  if (divisor === 0) throw new Error('integer divide by zero');
  return asInteger(left) % divisor;
}

const operators: Readonly<Record<string, Operator>> = {
  '==': { result: equality, apply: areEqual },
  '!=': { result: equality, apply: (left, right) => !areEqual(left, right) },
  '<': { result: ordered, apply: (left, right) => compare(left, right) < 0 },
  '>': { result: ordered, apply: (left, right) => compare(left, right) > 0 },
  '<=': { result: ordered, apply: (left, right) => compare(left, right) <= 0 },
  '>=': { result: ordered, apply: (left, right) => compare(left, right) >= 0 },
  '+': { result: sumType, apply: sum },
  '-': { result: ofNumbers, apply: (left, right) => asNumber(left) - asNumber(right) },
  '*': { result: ofNumbers, apply: (left, right) => asNumber(left) * asNumber(right) },
  '/': { result: toFloat, apply: (left, right) => asNumber(left) / asNumber(right) },
  '**': { result: toFloat, apply: (left, right) => asNumber(left) ** asNumber(right) },
  '%': { result: (left, right) => (areIntegers(left, right) ? int : undefined), apply: remainder },
  '..': {
    result: (left, right) => (areIntegers(left, right) ? arrayOf(int) : undefined),
    apply: (from, to) => rangeOf(asInteger(from), asInteger(to)),
  },
  contains: { result: ofTexts, apply: (text, part) => asString(text).includes(asString(part)) },
  startsWith: { result: ofTexts, apply: (text, part) => asString(text).startsWith(asString(part)) },
  endsWith: { result: ofTexts, apply: (text, part) => asString(text).endsWith(asString(part)) },
  matches: { result: ofTexts, apply: (text, pattern) => compilePattern(asString(pattern))(asString(text)) },
  in: { result: membership, apply: isIn },
  '??': { result: fallbackType, apply: (left, right) => left ?? right },
};

function fallbackType(left: Type, right: Type): Type {
  if (left.kind === 'nil') return right;
  return right.kind === 'nil' ? left : eitherOf(left, right);
}

function membership(left: Type, right: Type): Type | undefined {
  if (right.kind === 'array') return areComparable(left, right.element) ? bool : undefined;
  if (right.kind === 'map') return canBe(left, 'string') ? bool : undefined;
  return right.kind === 'any' ? bool : undefined;
}

function isIn(item: unknown, all: unknown): boolean {
  if (Array.isArray(all)) return all.some((each) => areEqual(each, item));
  return all === null ? false : asMap(all).has(asString(item));
}

/** An operator between its sides. Throws an {@link ExpressionError} where it does not take their types. */
export function compileBinary(operator: string, left: Compiled, right: Compiled, span: Span): Compiled {
  const { result, apply } = operators[operator] as Operator;
  const type = result(left.type, right.type);
  if (type === undefined) {
    const found = `${typeText(left.type)} ${operator} ${typeText(right.type)}`;
    throw new ExpressionError(`found ${found}, which do not go together${advice(left, right)}`, span);
  }
  return faster(operator, left, right, span) ?? made(type, [left, right], span, binaryRun(apply, left.run, right.run));
}

function binaryRun(apply: Operator['apply'], left: Run, right: Run): Run {
  return (subject, frame) => apply(left(subject, frame), right(subject, frame));
}

function advice({ type: left }: Compiled, { type: right }: Compiled): string {
  const numberAndText = (left.kind === 'string' && isNumber(right)) || (right.kind === 'string' && isNumber(left));
  return numberAndText ? "; a string is written '53', and int(…) makes an int of one" : '';
}

/** What can be made ready because the right side is the same each time. */
function faster(operator: string, left: Compiled, right: Compiled, span: Span): Compiled | undefined {
  if (right.constant === undefined) return undefined;
  const { value } = right.constant;
  if (operator === 'matches' && typeof value === 'string') return compileMatch(left, value, right.span, span);
  const isPlain = (each: unknown) => typeof each !== 'object' || each === null;
  if (operator === 'in' && Array.isArray(value) && value.every(isPlain)) {
    const all = new Set(value);
    return made(bool, [left], span, (subject, frame) => all.has(left.run(subject, frame)));
  }
  if ((operator === '==' || operator === '!=') && isPlain(value)) {
    const { run } = left;
    const equals: Run = (subject, frame) => run(subject, frame) === value;
    return made(bool, [left], span, operator === '==' ? equals : (subject, frame) => !equals(subject, frame));
  }
  return undefined;
}

function compileMatch(left: Compiled, pattern: string, at: Span, span: Span): Compiled {
  let matches: (text: string) => boolean;
  try {
    matches = compilePattern(pattern);
  } catch (error) {
    throw new ExpressionError(`the pattern is malformed: ${(error as Error).message}`, at);
  }
  return made(bool, [left], span, (subject, frame) => matches(asString(left.run(subject, frame))));
}

/** "not" and signs. */
export function compileUnary(operator: string, operand: Compiled, span: Span): Compiled {
  const { type, run } = operand;
  if (operator === 'not') {
    if (!canBe(type, 'bool'))
      throw new ExpressionError(`found not ${typeText(type)}, expected a bool; not binds tighter than == and in: parentheses help`, span);
    return made(bool, [operand], span, (subject, frame) => !asBool(run(subject, frame)));
  }
  if (!canBe(type, 'int', 'float')) throw new ExpressionError(`found ${operator}${typeText(type)}, expected a number`, span);
  const sign = operator === '-' ? -1 : 1;
  return made(type, [operand], span, (subject, frame) => sign * asNumber(run(subject, frame)));
}
