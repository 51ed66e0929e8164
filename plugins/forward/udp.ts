// UDP to one upstream: every query leaves from a port of its own (RFC 5452 section 9.2), which the system chooses at random.
import type { ConnectedUdp, UdpClient, UdpOwner, UdpRoute } from 'ferrydns/plugin';
import type { Channel, ChannelCounters, Link, Receiver } from './link.ts';
import { addressOf, type Target } from './settings.ts';

/** Sockets of one upstream in use at once; beyond that, and when the system has no more, queries share one. */
const maxSockets = 512;

/** What a channel sends with. */
export interface UdpChannelOptions {
  readonly client: UdpClient;
  /** The local address to ask from; undefined leaves it to the system. */
  readonly source: string | undefined;
  readonly counters: ChannelCounters;
  readonly limit?: number;
}

/** Connected sockets: the kernel drops what comes from elsewhere, and tells of a closed port at once. */
export class UdpChannel implements Channel {
  readonly protocol = 'udp';
  /** "HOST:PORT". */
  readonly address: string;
  private readonly route: UdpRoute;
  private readonly counters: ChannelCounters;
  /**
   * The queries on their way, in no order. A Set that so much goes through leaves tables behind which, once old, keep what was in them, and the
   * tables that came after, until the whole heap is collected.
   */
  private readonly links: UdpLink[] = [];
  private shared: SharedSocket | undefined;
  private readonly limit: number;

  constructor(target: Target, options: UdpChannelOptions) {
    this.address = addressOf(target);
    this.route = options.client.routeTo({ address: target.host, port: target.port, source: options.source });
    this.counters = options.counters;
    this.limit = options.limit ?? maxSockets;
  }

  /** Opens the socket to share early: when it is needed the system may have none left. */
  open(): void {
    this.shared ??= new SharedSocket(this.route, this.address);
    this.shared.open();
  }

  ask(message: Buffer, receiver: Receiver): Link {
    if (this.links.length < this.limit) {
      const link = new UdpLink(this, receiver);
      if (link.connect(this.route)) {
        this.counters.misses.add();
        link.position = this.links.push(link) - 1;
        link.send(message);
        return link;
      }
    }
    this.counters.hits.add();
    this.open();
    return (this.shared as SharedSocket).ask(message, receiver);
  }

  forget(link: UdpLink): void {
    const last = this.links.pop();
    if (last === undefined || last === link) return;
    this.links[link.position] = last;
    last.position = link.position;
  }

  close(): void {
    for (const link of [...this.links]) link.close();
    this.shared?.close();
    this.shared = undefined;
  }
}

/** One query with a port of its own. */
class UdpLink implements Link, UdpOwner {
  /** Where it stands among those of its channel. */
  position = -1;
  private readonly channel: UdpChannel;
  private readonly receiver: Receiver;
  private socket: ConnectedUdp | undefined;

  constructor(channel: UdpChannel, receiver: Receiver) {
    this.channel = channel;
    this.receiver = receiver;
  }

  /** False when there is no socket to be had. */
  connect(route: UdpRoute): boolean {
    try {
      this.socket = route.connect(this);
      return true;
    } catch {
      return false;
    }
  }

  send(message: Buffer): void {
    this.socket?.send(message);
  }

  received(message: Buffer): void {
    if (this.receiver.received(message)) this.close();
  }

  failed(error: NodeJS.ErrnoException): void {
    const failure = new Error(`${this.describe()}: ${plain(error)}`, { cause: error });
    this.close();
    this.receiver.failed(failure);
  }

  close(): void {
    const { socket } = this;
    if (socket === undefined) return;
    this.socket = undefined;
    this.channel.forget(this);
    socket.close();
  }

  describe(): string {
    return `read udp ${this.socket?.local ?? ''}->${this.channel.address}`;
  }
}

/** One socket for several queries, told apart by their ids. */
class SharedSocket implements UdpOwner {
  private readonly route: UdpRoute;
  private readonly address: string;
  private readonly waiting = new Map<number, Receiver>();
  private socket: ConnectedUdp | undefined;
  private error: Error | undefined;

  constructor(route: UdpRoute, address: string) {
    this.route = route;
    this.address = address;
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

  ask(message: Buffer, receiver: Receiver): Link {
    const id = message.readUInt16BE(0);
    const link = { close: () => this.forget(id, receiver), describe: () => this.describe() };
    if (this.socket === undefined || this.waiting.has(id)) {
      const reason = this.socket === undefined ? plain(this.error) : 'no free id';
      queueMicrotask(() => receiver.failed(new Error(`dial udp ${this.address}: ${reason}`)));
      return link;
    }
    this.waiting.set(id, receiver);
    this.socket.send(message);
    return link;
  }

  received(message: Buffer): void {
    if (message.length < 2) return;
    const id = message.readUInt16BE(0);
    const receiver = this.waiting.get(id);
    if (receiver?.received(message) === true) this.forget(id, receiver);
  }

  /** A connected socket stays usable after the error of one datagram. */
  failed(error: NodeJS.ErrnoException): void {
    const receivers = [...this.waiting.values()];
    this.waiting.clear();
    const failure = new Error(`${this.describe()}: ${plain(error)}`, { cause: error });
    for (const receiver of receivers) receiver.failed(failure);
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
    return `read udp ${this.socket?.local ?? ''}->${this.address}`;
  }
}

function plain(error: NodeJS.ErrnoException | undefined): string {
  return error?.code === 'ECONNREFUSED' ? 'read: connection refused' : (error?.message ?? '');
}
