// The UDP client by node:dgram, which works everywhere.
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { endpoint } from './endpoint.ts';
import type { ConnectedUdp, UdpClient, UdpOwner, UdpPeer, UdpRoute } from './udp-client.ts';

type Lookup = NonNullable<SocketOptions['lookup']>;
// Hosts are addresses already; node:dgram would look them up in a later turn. It calls with the family as a number.
const atOnce = ((host: string, family: 4 | 6, done: (error: null, address: string, family: number) => void) => {
  done(null, host, family);
}) as unknown as Lookup;
const options4 = { type: 'udp4', lookup: atOnce } as const;
const options6 = { type: 'udp6', lookup: atOnce } as const;

/** One socket of node:dgram for each connection. */
export class DgramUdpClient implements UdpClient {
  readonly kind = 'dgram';
  private readonly open = new Set<DgramSocket>();

  routeTo(peer: UdpPeer): UdpRoute {
    return {
      connect: (owner) => {
        const socket = new DgramSocket(peer, owner, () => this.open.delete(socket));
        this.open.add(socket);
        return socket;
      },
    };
  }

  close(): void {
    for (const socket of this.open) socket.close();
  }
}

class DgramSocket implements ConnectedUdp {
  private readonly socket: Socket;
  private readonly owner: UdpOwner;
  private readonly closed: () => void;
  private isOpen = true;

  constructor(peer: UdpPeer, owner: UdpOwner, closed: () => void) {
    this.owner = owner;
    this.closed = closed;
    this.socket = createSocket(peer.address.includes(':') ? options6 : options4);
    this.connect(peer);
    this.socket.on('error', (error) => this.failed(error));
    this.socket.on('message', (message) => {
      if (this.isOpen) owner.received(message);
    });
  }

  get local(): string {
    try {
      return endpoint(this.socket.address());
    } catch {
      return '';
    }
  }

  send(message: Uint8Array): void {
    // The socket keeps the bytes until the kernel has them. Without a callback node:dgram keeps the errors of sending to itself.
    this.socket.send(Buffer.from(message), (error) => {
      if (error) this.failed(error);
    });
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.socket.close();
    this.closed();
  }

  /** With a lookup that answers at once, bind and connect are done when this returns, or the socket has an error. */
  private connect({ address, port, source }: UdpPeer): void {
    let failure: Error | undefined;
    const note = (error: Error) => {
      failure ??= error;
    };
    this.socket.on('error', note);
    if (source !== undefined) this.socket.bind({ address: source, port: 0, exclusive: true });
    if (failure === undefined) this.socket.connect(port, address);
    this.socket.off('error', note);
    if (failure === undefined) return;
    this.socket.on('error', () => {});
    this.socket.close();
    throw failure;
  }

  private failed(error: NodeJS.ErrnoException): void {
    if (this.isOpen) this.owner.failed(error);
  }
}
