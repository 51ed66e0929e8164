// How a message gets to a server and its reply back, whatever the transport.
import type { SecureContext } from 'node:tls';
import type { Receiver } from '../transport/udp-socket.ts';

/** A message whose reply is waited for. */
export interface Outstanding {
  /** Gives up the waiting; the receiver hears nothing more. */
  close(): void;
  /** "read udp 127.0.0.1:40000->127.0.0.1:53", for messages. */
  describe(): string;
}

/** A way to send messages to one server. */
export interface Channel {
  /** Counts as a network for metrics: `udp`, `tcp`, `tcp-tls`, `https`. */
  readonly protocol: Protocol;
  ask(message: Buffer, receiver: Receiver): Outstanding;
  close(): void;
}

export type Protocol = 'udp' | 'tcp' | 'tcp-tls' | 'https';

/** What a channel counts: whether it had a socket at hand or had to open one. */
export interface ChannelCounters {
  readonly hits: { add(): void };
  readonly misses: { add(): void };
}

/** How connections are made and kept; lengths of time in milliseconds. */
export interface ConnectionSettings {
  /** Idle connections older than this are closed. */
  readonly expire: number;
  /** Connections older than this are not used again; 0 for no limit. */
  readonly maxAge: number;
  /** Idle connections kept for each server; 0 for no limit. */
  readonly maxIdleConnections: number;
  /** The local address to ask from; undefined leaves it to the system. */
  readonly sourceAddress: string | undefined;
  /** The method of DNS over HTTPS. */
  readonly httpMethod: 'GET' | 'POST';
  /** Certificates for servers that are asked over TLS or HTTPS. */
  readonly tls: { readonly secureContext?: SecureContext };
}

/** What a channel of connections needs. */
export interface ConnectionOptions {
  readonly settings: ConnectionSettings;
  readonly counters: ChannelCounters;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}
