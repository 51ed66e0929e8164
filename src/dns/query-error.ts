// A failure whose reason the client may know.
import { knownRcode, type Rcode } from './codes.ts';
import type { ExtendedErrorValue } from './extended-error.ts';

const brand = Symbol.for('ferrydns.query-error.1');

/** Thrown by a handler: the client gets `rcode`, the `errors` plugin logs the message. Anything else that is thrown becomes SERVFAIL. */
export class QueryError extends Error {
  /** Recognises errors of another copy of this module. */
  readonly [brand] = true;
  readonly rcode: Rcode;
  /** Code of RFC 8914, alone or with a text, for askers that speak EDNS. */
  readonly extendedError: ExtendedErrorValue | undefined;

  constructor(rcode: Rcode, message: string, options: { readonly cause?: unknown; readonly extendedError?: ExtendedErrorValue } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    knownRcode(rcode);
    this.rcode = rcode;
    this.extendedError = options.extendedError;
  }

  static is(value: unknown): value is QueryError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
