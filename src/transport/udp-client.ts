// Asks other servers over UDP, each time from a port that the system has just chosen at random (RFC 5452 section 9.2).
import { isNativeAvailable } from './batch/library.ts';
import { NativeUdpClient } from './batch/udp-client.ts';
import { DgramUdpClient } from './dgram-client.ts';
import type { UdpKind } from './open-udp.ts';

/** Who hears what comes back to a {@link ConnectedUdp}. */
export interface UdpOwner {
  /** A datagram of the peer. The bytes are the owner's to keep. */
  received(message: Buffer): void;
  /** The system told of an error, as that nobody listens there. The socket is still to be closed. Never called within `connect` or `send`. */
  failed(error: NodeJS.ErrnoException): void;
}

/** A socket that sends to one peer, and hears that peer alone. Once closed it is not to be touched: the system's socket may serve somebody else. */
export interface ConnectedUdp {
  /** The address and port that it sends from, as "127.0.0.1:40000"; empty when the system does not tell. */
  readonly local: string;
  /** The bytes may be used again when this returns. */
  send(message: Uint8Array): void;
  /** The owner hears nothing more. */
  close(): void;
}

/** The way to one peer. */
export interface UdpRoute {
  /** A socket with a port of its own. Throws the system's error when it has no socket or port left, or does not know the way. */
  connect(owner: UdpOwner): ConnectedUdp;
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
  /** Closes what is open; owners hear nothing more. */
  close(): void;
}

/** Opens a client by the faster of the two ways that works here, unless told which. */
export function openUdpClient(kind: UdpKind = isNativeAvailable() ? 'batch' : 'dgram'): UdpClient {
  return kind === 'batch' ? new NativeUdpClient() : new DgramUdpClient();
}
