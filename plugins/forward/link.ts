// How a message gets to an upstream and its reply back, whatever the transport.

/** Who waits for a reply. */
export interface Receiver {
  /** True when this was the reply that was waited for; after false the waiting goes on. The bytes are the receiver's to keep. */
  received(message: Buffer): boolean;
  /** The reply will not come. Called at most once, and not after `received` has returned true. */
  failed(error: Error): void;
}

/** A message on its way. */
export interface Link {
  /** Gives up the waiting; the receiver hears nothing more. */
  close(): void;
  /** "read udp 127.0.0.1:40000->127.0.0.1:53", for messages. */
  describe(): string;
}

/** A way to send messages to one upstream. */
export interface Channel {
  /** Counts as a network for metrics: `udp`, `tcp`, `tcp-tls`, `https`. */
  readonly protocol: 'udp' | 'tcp' | 'tcp-tls' | 'https';
  ask(message: Buffer, receiver: Receiver): Link;
  close(): void;
}

/** What a channel counts: whether it had a socket at hand or had to open one. */
export interface ChannelCounters {
  readonly hits: { add(): void };
  readonly misses: { add(): void };
}
