// Who asked, over what, and where in the configuration the answer is looked for.

/** How a query came. */
export type Transport = 'udp' | 'tcp' | 'tls' | 'https' | 'grpc';

/** Who asked, and over what. */
export interface Client {
  /** IPv4 or IPv6 address in its usual text form. */
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  readonly transport: Transport;
  /** The address and port of this server that were asked. */
  readonly localAddress: string;
  readonly localPort: number;
  /**
   * Writes the address without making text of it: one number for IPv4, four for IPv6, 32 bits each, and returns how many. Undefined where the address is
   * known as text only.
   */
  writeAddress?(words: Uint32Array): 1 | 4;
}

/** The server block that answers, as metrics and logs name it. */
export interface Route {
  /** The listener, as "dns://:53". */
  readonly server: string;
  /** The zone of the block that matched, "dropped" where none did. */
  readonly zone: string;
  /** The name of the block's view; empty without one. */
  readonly view: string;
  /** Numbers the routes of the process, so that counters can be looked up by index. */
  readonly index: number;
}
