// What a plugin does with messages as they are on the wire: signatures (RFC 8945) and taps. Server blocks without such a plugin do no work for it.
import type { Query } from '../dns/query.ts';

/** A part in the messages of a server block. Of several, each sees what those behind it in the chain have made of the reply. */
export interface WireStep {
  /** Is told of a query before the chain runs, for who needs nothing of its message. */
  asked?(query: Query): void;
  /** Is shown the message of a query as it was received, before the chain runs. The bytes are used again after the call. */
  received?(message: Uint8Array, query: Query): void;
  /** Octets that {@link sending} needs behind the reply. */
  room?(query: Query): number;
  /**
   * Is shown a message of the reply as it leaves, from 0 to `length` of `out`. May change it, and write into its {@link room}. Returns the length.
   * The bytes are used again after the call.
   */
  sending?(out: Uint8Array, length: number, query: Query): number;
  /** Is told that nothing is sent to the client of a query. */
  silent?(query: Query): void;
}
