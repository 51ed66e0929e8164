// What the configuration says of proxies in front of a listener.

/**
 * What becomes of a header: `use`: it says who asks; `ignore`: it is taken off, and the proxy is who asks; `reject`: the connection is closed, the datagram dropped;
 * `skip`: nobody looks for one.
 */
export type ProxyPolicy = 'use' | 'ignore' | 'reject' | 'skip';

/** What became of a header, or of what should have been one. */
export type ProxyEvent = 'used' | 'local' | 'ignored' | 'rejected' | 'malformed';

/** How a listener takes headers of the PROXY protocol. */
export interface ProxySettings {
  /** By the address that a connection or datagram comes from. */
  policy(address: string): ProxyPolicy;
  /** How long datagrams without a header count as those of the client that one before, from the same address and port, was for; undefined for not at all. */
  readonly sessions: { readonly milliseconds: number; readonly most: number } | undefined;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** Called for each header with what became of it, and why it was not taken. */
  happened(event: ProxyEvent, from: string, why?: string): void;
}
