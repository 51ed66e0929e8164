// Expressions in the language of expr-lang, which CoreDNS's `view` has: read and checked once, then evaluated in time that grows with the expression alone.
import { Compiler } from './compiler.ts';
import type { Environment } from './environment.ts';
import { parseExpression } from './parser.ts';
import type { Type } from './types.ts';

/** An expression that is ready to be evaluated. */
export interface Expression<S> {
  /** What is known of its value. */
  readonly type: Type;
  /** Its value for a subject. Throws an Error where that cannot be had: no number, no such item. */
  evaluate(subject: S): unknown;
}

/** Reads an expression whose functions are those of the language and of the environment. Throws an ExpressionError that says what is wrong, and where. */
export function compileExpression<S>(text: string, environment: Environment<S>): Expression<S> {
  const compiler = new Compiler(environment as Environment<never>);
  const { type, run } = compiler.compile(parseExpression(text));
  const { slots } = compiler;
  // Without slots nothing looks at the frame.
  return { type, evaluate: slots === 0 ? (run as (subject: S) => unknown) : (subject) => run(subject, new Array(slots).fill(null)) };
}
