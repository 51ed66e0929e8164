// UDP to one server: every query leaves from a port of its own (RFC 5452 section 9.2), which the system chooses at random.
import { type Receiver, socketError, type UdpClient, type UdpRoute, type UdpSocket } from '../transport/udp-socket.ts';
import type { Channel, ChannelCounters, Outstanding } from './channel.ts';
import { addressOf, type ServerAddress } from './server-address.ts';

/** Sockets to one server in use at once; beyond that, and when the system has no more, queries share one. */
const maxSockets = 512;

/** What a channel sends with. */
export interface UdpChannelOptions {
  readonly client: UdpClient;
  /** The local address to ask from; undefined leaves it to the system. */
  readonly source: string | undefined;
  readonly counters: ChannelCounters;
  readonly limit?: number;
}

/** Connected sockets: the kernel drops what comes from elsewhere, and tells of a closed port at once. They are closed with the client. */
export class UdpChannel implements Channel {
  readonly protocol = 'udp';
  private readonly route: UdpRoute;
  private readonly counters: ChannelCounters;
  private readonly shared: SharedSocket;
  private readonly limit: number;

  constructor(server: ServerAddress, options: UdpChannelOptions) {
    this.route = options.client.routeTo({ address: server.host, port: server.port, source: options.source });
    this.shared = new SharedSocket(this.route, addressOf(server));
    this.counters = options.counters;
    this.limit = options.limit ?? maxSockets;
  }

  /** Opens the socket to share early: when it is needed the system may have none left. */
  open(): void {
    this.shared.open();
  }

  ask(message: Buffer, receiver: Receiver): Outstanding {
    const socket = this.connect(receiver);
    if (socket === undefined) {
      this.counters.hits.add();
      return this.shared.ask(message, receiver);
    }
    this.counters.misses.add();
    socket.send(message);
    return socket;
  }

  close(): void {
    this.shared.close();
  }

  /** A socket for one query alone; undefined when there is none to be had. */
  private connect(receiver: Receiver): UdpSocket | undefined {
    const own = this.route.connected - (this.shared.isOpen ? 1 : 0);
    if (own >= this.limit) return undefined;
    try {
      return this.route.connect(receiver);
    } catch {
      return undefined;
    }
  }
}

/** One socket for several queries, told apart by their ids. */
class SharedSocket implements Receiver {
  private readonly route: UdpRoute;
  private readonly address: string;
  private readonly waiting = new Map<number, Receiver>();
  private socket: UdpSocket | undefined;
  private error: Error = new Error('not open');

  constructor(route: UdpRoute, address: string) {
    this.route = route;
    this.address = address;
  }

  get isOpen(): boolean {
    return this.socket !== undefined;
  }

  /** Tries to have a socket, unless it has one. */
  open(): void {
    if (this.socket !== undefined) return;
    try {
      this.socket = this.route.connect(this);
    } catch (error) {
      this.error = error as Error;
    }
  }

  ask(message: Buffer, receiver: Receiver): Outstanding {
    this.open();
    const id = message.readUInt16BE(0);
    const outstanding = { close: () => this.forget(id, receiver), describe: () => this.describe() };
    if (this.socket === undefined || this.waiting.has(id)) {
      const reason = this.socket === undefined ? this.error : new Error('no free id');
      queueMicrotask(() => receiver.failed(socketError(`dial udp ${this.address}`, reason)));
      return outstanding;
    }
    this.waiting.set(id, receiver);
    this.socket.send(message);
    return outstanding;
  }

  /** The socket serves others after this reply, so that it is never closed by one. */
  received(message: Buffer): boolean {
    if (message.length < 2) return false;
    const id = message.readUInt16BE(0);
    const receiver = this.waiting.get(id);
    if (receiver?.received(message) === true) this.forget(id, receiver);
    return false;
  }

  failed(error: Error): void {
    const receivers = [...this.waiting.values()];
    this.waiting.clear();
    this.socket = undefined;
    // The next one is opened at once, while the system has a socket to give: the one that was just closed.
    this.open();
    for (const receiver of receivers) receiver.failed(error);
  }

  close(): void {
    this.waiting.clear();
    this.socket?.close();
    this.socket = undefined;
  }

  private forget(id: number, receiver: Receiver): void {
    if (this.waiting.get(id) === receiver) this.waiting.delete(id);
  }

  private describe(): string {
    return this.socket?.describe() ?? `read udp ->${this.address}`;
  }
}
