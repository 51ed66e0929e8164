// Values that are here now or will be: an answer at hand costs no promise.

/** A value now, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** Applies `fn` at once if the value is here, later if it is a promise. */
export function after<T, U>(value: Awaitable<T>, fn: (value: T) => Awaitable<U>): Awaitable<U> {
  return isPromise(value) ? value.then(fn) : fn(value);
}

/** Turns a throw or a rejection of `run` into the value that `fn` makes of it. */
export function rescue<T>(run: () => Awaitable<T>, fn: (error: unknown) => Awaitable<T>): Awaitable<T> {
  try {
    const value = run();
    return isPromise(value) ? value.catch(fn) : value;
  } catch (error) {
    return fn(error);
  }
}

/** Whether the value is still to come. */
export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
