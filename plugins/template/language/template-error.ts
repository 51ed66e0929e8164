// What is wrong with a template, or with what it was to do.

/** A template that cannot be read. `offset` is where in its text. */
export class TemplateError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'TemplateError';
    this.offset = offset;
  }
}
