// The UDP client by node:dgram, which works everywhere.
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { endpoint } from './endpoint.ts';
import { type Receiver, socketError, type UdpClient, type UdpPeer, type UdpRoute, type UdpSocket } from './udp-socket.ts';

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
  private readonly routes: DgramRoute[] = [];

  routeTo(peer: UdpPeer): UdpRoute {
    const route = new DgramRoute(peer);
    this.routes.push(route);
    return route;
  }

  close(): void {
    for (const route of this.routes) route.close();
  }
}

class DgramRoute implements UdpRoute {
  readonly peer: UdpPeer;
  private readonly open = new Set<DgramSocket>();

  constructor(peer: UdpPeer) {
    this.peer = peer;
  }

  get connected(): number {
    return this.open.size;
  }

  connect(receiver: Receiver): UdpSocket {
    const socket = new DgramSocket(this, receiver);
    this.open.add(socket);
    return socket;
  }

  forget(socket: DgramSocket): void {
    this.open.delete(socket);
  }

  close(): void {
    for (const socket of this.open) socket.close();
  }
}

class DgramSocket implements UdpSocket {
  private readonly socket: Socket;
  private readonly route: DgramRoute;
  private readonly receiver: Receiver;
  private isOpen = true;

  /** Throws the system's error. */
  constructor(route: DgramRoute, receiver: Receiver) {
    this.route = route;
    this.receiver = receiver;
    this.socket = createSocket(route.peer.address.includes(':') ? options6 : options4);
    this.connect(route.peer);
    this.socket.on('error', (error) => this.failed(error));
    this.socket.on('message', (message) => {
      if (this.isOpen && receiver.received(message)) this.close();
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

  sendAll(messages: readonly Uint8Array[]): void {
    for (const message of messages) this.send(message);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.socket.close();
    this.route.forget(this);
  }

  describe(): string {
    return `read udp ${this.local}->${endpoint(this.route.peer)}`;
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
    if (!this.isOpen) return;
    const failure = socketError(this.describe(), error);
    this.close();
    this.receiver.failed(failure);
  }
}
