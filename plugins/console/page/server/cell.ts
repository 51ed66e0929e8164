// A value that several parts of the page look at, and are told of when it changes.

export class Cell<T> {
  private held: T;
  private readonly listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.held = value;
  }

  get value(): T {
    return this.held;
  }

  set(value: T): void {
    if (Object.is(value, this.held)) return;
    this.held = value;
    for (const listener of [...this.listeners]) listener(value);
  }

  /** Calls the listener with each new value until the returned function is called. */
  listen(listener: (value: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
