// What an expression can call: the functions of its language, and those of whoever evaluates it.
import type { Type } from './types.ts';

/** A function of an expression, with its types. What it throws ends the evaluation. */
export interface ExpressionFunction<S> {
  readonly parameters: readonly Type[];
  /** How many of the last parameters may be left out; none unless given. */
  readonly optional?: number;
  /** Whether the last parameter may stand any number of times. */
  readonly isVariadic?: boolean;
  readonly result: Type | ((args: readonly Type[]) => Type);
  /** Is given what is evaluated for, then the arguments. */
  readonly call: (subject: S, ...args: never[]) => unknown;
  /** Makes a faster `call` for arguments that are the same each time; the others are undefined. A throw refuses the expression. */
  readonly prepare?: (constants: readonly unknown[]) => ((subject: S, ...args: never[]) => unknown) | undefined;
}

/** Functions by name. */
export type Environment<S> = Readonly<Record<string, ExpressionFunction<S>>>;
