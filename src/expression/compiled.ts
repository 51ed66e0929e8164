// A part of an expression, ready to be evaluated.
import type { Span } from './expression-error.ts';
import type { Type } from './types.ts';

/** Evaluates a part. `frame` holds the values of its variables and of the elements that predicates look at. */
export type Run = (subject: unknown, frame: unknown[]) => unknown;

/** A part with what is known of it before it is evaluated. */
export interface Compiled {
  readonly type: Type;
  readonly run: Run;
  /** Its value, where that is the same each time. */
  readonly constant?: { readonly value: unknown };
  readonly span: Span;
}

export function constantOf(value: unknown, type: Type, span: Span): Compiled {
  return { type, run: () => value, constant: { value }, span };
}

const nobody: unknown[] = [];

/** A part made of others: evaluated at once where all of them are constant. What fails then fails again when it is evaluated. */
export function made(type: Type, parts: readonly Compiled[], span: Span, run: Run): Compiled {
  if (parts.some(({ constant }) => constant === undefined)) return { type, run, span };
  try {
    return constantOf(run(undefined, nobody), type, span);
  } catch {
    return { type, run, span };
  }
}
