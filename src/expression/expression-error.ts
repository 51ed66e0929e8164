// What is wrong with an expression, and where in its text.

/** A problem of an expression. */
export class ExpressionError extends Error {
  /** Where it is in the text, in UTF-16 units: from `start` to before `end`. */
  readonly start: number;
  readonly end: number;

  constructor(message: string, { start, end }: Span) {
    super(message);
    this.name = 'ExpressionError';
    this.start = start;
    this.end = end;
  }
}

/** A stretch of the text of an expression. */
export interface Span {
  readonly start: number;
  readonly end: number;
}
