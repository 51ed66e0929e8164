// Calls of functions: which one, with which arguments, and what can be made ready before they are evaluated.
import { nearest } from '../config/error.ts';
import { type Compiled, made, type Run } from './compiled.ts';
import type { Environment, ExpressionFunction } from './environment.ts';
import { ExpressionError } from './expression-error.ts';
import { languageFunctions } from './functions.ts';
import type { Node } from './syntax.ts';
import { fits, type Type, typeText } from './types.ts';
import { asArray, asBool, asInteger, asMap, asNumber, asString } from './values.ts';

type CallNode = Extract<Node, { readonly kind: 'call' }>;
type Call = (subject: unknown, ...args: unknown[]) => unknown;

/** A call of a function of the environment, or of the language. Throws an {@link ExpressionError} for one that is not there, or takes other arguments. */
export function compileCall({ name, nameSpan, ...node }: CallNode, args: readonly Compiled[], environment: Environment<never>): Compiled {
  const called = functionOf(name, environment);
  if (called === undefined) {
    const near = nearest(name, [...Object.keys(environment), ...Object.keys(languageFunctions)]);
    throw new ExpressionError(`there is no function ${name}${near === undefined ? '' : `, did you mean ${near}?`}`, nameSpan);
  }
  checkArguments(name, called, args, nameSpan);
  const types = args.map(({ type }) => type);
  const type = typeof called.result === 'function' ? called.result(types) : called.result;
  const run = runOf(prepared(called, args) ?? (called.call as Call), args, called);
  const isPure = Object.hasOwn(languageFunctions, name) && !Object.hasOwn(environment, name);
  return isPure ? made(type, args, node, run) : { type, run, span: node };
}

function functionOf(name: string, environment: Environment<never>): ExpressionFunction<never> | undefined {
  if (Object.hasOwn(environment, name)) return environment[name];
  return Object.hasOwn(languageFunctions, name) ? languageFunctions[name] : undefined;
}

function checkArguments(name: string, called: ExpressionFunction<never>, args: readonly Compiled[], at: CallNode['nameSpan']): void {
  const { parameters, optional = 0, isVariadic = false } = called;
  const least = parameters.length - optional;
  if (args.length < least || (args.length > parameters.length && !isVariadic)) {
    const expected = isVariadic ? `${least} or more` : optional === 0 ? String(least) : `${least} to ${parameters.length}`;
    throw new ExpressionError(`${name} is called with ${args.length} arguments, expected ${expected}`, at);
  }
  for (const [i, { type, span }] of args.entries()) {
    const wanted = parameters[Math.min(i, parameters.length - 1)] as Type;
    if (!fits(type, wanted)) throw new ExpressionError(`found ${typeText(type)}, expected ${typeText(wanted)} as argument ${i + 1} of ${name}`, span);
  }
}

function prepared(called: ExpressionFunction<never>, args: readonly Compiled[]): Call | undefined {
  try {
    return called.prepare?.(args.map(({ constant }) => constant?.value)) as Call | undefined;
  } catch (error) {
    const at = args.findLast(({ constant }) => constant !== undefined);
    throw new ExpressionError((error as Error).message, (at as Compiled).span);
  }
}

/** Without an array for the few arguments that nearly all calls have. */
function runOf(call: Call, args: readonly Compiled[], { parameters }: ExpressionFunction<never>): Run {
  const [first, second] = args.map((arg, i) => checked(arg, parameters[Math.min(i, parameters.length - 1)] as Type));
  if (first === undefined) return parameters.length === 0 ? call : (subject) => call(subject);
  if (second === undefined) return (subject, frame) => call(subject, first(subject, frame));
  const fixed = args[1]?.constant;
  if (args.length === 2 && fixed !== undefined) return (subject, frame) => call(subject, first(subject, frame), fixed.value);
  if (args.length === 2) return (subject, frame) => call(subject, first(subject, frame), second(subject, frame));
  const runs = args.map((arg, i) => checked(arg, parameters[Math.min(i, parameters.length - 1)] as Type));
  return (subject, frame) => call(subject, ...runs.map((run) => run(subject, frame)));
}

const guards: { readonly [K in Type['kind']]?: (value: unknown) => unknown } = {
  bool: asBool,
  int: asInteger,
  float: asNumber,
  string: asString,
  array: asArray,
  map: asMap,
};

/** An argument whose type is only known now is looked at each time. */
function checked({ type, run }: Compiled, wanted: Type): Run {
  const check = guards[wanted.kind];
  if (check === undefined || type.kind !== 'any') return run;
  return (subject, frame) => check(run(subject, frame));
}
