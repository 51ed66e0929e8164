// What a UDP client of either kind gives: sockets that ask one server each.
import type { UdpKind } from './open-udp.ts';

/** Who waits for a reply. */
export interface Receiver {
  /** True when this was the reply that was waited for; after false the waiting goes on. The bytes are the receiver's to keep. */
  received(message: Buffer): boolean;
  /** The reply will not come. Called at most once, not after `received` has returned true, and never within the call that asked. */
  failed(error: Error): void;
}

/** A socket that sends to one peer, and hears that peer alone. Once closed it is not to be touched: the system's socket may serve somebody else. */
export interface UdpSocket {
  /** The address and port that it sends from, as "127.0.0.1:40000"; empty when the system does not tell. */
  readonly local: string;
  /** The bytes may be used again when this returns. */
  send(message: Uint8Array): void;
  /** As {@link send}, by one system call where that can be done. */
  sendAll(messages: readonly Uint8Array[]): void;
  /** The receiver hears nothing more. */
  close(): void;
  /** "read udp 127.0.0.1:40000->127.0.0.1:53", as CoreDNS has it in messages. */
  describe(): string;
}

/** The way to one peer. */
export interface UdpRoute {
  /** Sockets that are connected now. */
  readonly connected: number;
  /**
   * A socket with a port of its own, chosen at random by the system (RFC 5452 section 9.2). It is closed when the receiver has what it waited for, and
   * when the system tells of an error, as that nobody listens there. Throws the system's error when it has no socket or port left, or does not know
   * the way.
   */
  connect(receiver: Receiver): UdpSocket;
}

/** Where a peer is, and the local address to ask from if not the system is to choose. */
export interface UdpPeer {
  readonly address: string;
  readonly port: number;
  readonly source?: string | undefined;
}

/** Opens sockets to peers, and closes them all with itself. */
export interface UdpClient {
  readonly kind: UdpKind;
  /** `address` and `source` are IP addresses. */
  routeTo(peer: UdpPeer): UdpRoute;
  /** Closes what is open; receivers hear nothing more. */
  close(): void;
}

/** The system's error of a socket, with what it was doing in front. */
export function socketError(doing: string, error: NodeJS.ErrnoException): Error {
  return Object.assign(new Error(`${doing}: ${reasonOf(error)}`, { cause: error }), { ...(error.code === undefined ? {} : { code: error.code }) });
}

/** In the words of CoreDNS, which people search their logs for. */
function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === 'ECONNREFUSED' ? 'read: connection refused' : error.message;
}
