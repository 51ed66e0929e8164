// UDP to one server: a query leaves from a port that the system chooses at random (RFC 5452 section 9.2), alone or, under load, together with a few others.
import { type Receiver, socketError, type UdpClient, type UdpRoute, type UdpSocket } from '../transport/udp-socket.ts';
import type { Channel, ChannelCounters, Outstanding } from './channel.ts';
import { addressOf, type ServerAddress } from './server-address.ts';
import { Together } from './together.ts';

/** Sockets to one server in use at once; beyond that, and when the system has no more, queries share one. */
const maxSockets = 512;
/** Load: so many queries have left within so many milliseconds. Until as many more have left, those of one turn leave together. */
const countedQueries = 512;
const countedTime = 100;

/** What a channel sends with. */
export interface UdpChannelOptions {
  readonly client: UdpClient;
  /** The local address to ask from; undefined leaves it to the system. */
  readonly source: string | undefined;
  readonly counters: ChannelCounters;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  readonly limit?: number;
}

/** Connected sockets: the kernel drops what comes from elsewhere, and tells of a closed port at once. They are closed with the client. */
export class UdpChannel implements Channel {
  readonly protocol = 'udp';
  private readonly route: UdpRoute;
  private readonly counters: ChannelCounters;
  private readonly shared: SharedSocket;
  private readonly now: () => number;
  private readonly limit: number;
  /** Queries of this turn that have not left yet. */
  private together: Together | undefined;
  private isBusy = false;
  private counted = 0;
  private countedSince = 0;

  constructor(server: ServerAddress, options: UdpChannelOptions) {
    this.route = options.client.routeTo({ address: server.host, port: server.port, source: options.source });
    this.shared = new SharedSocket(this.route, addressOf(server));
    this.counters = options.counters;
    this.now = options.now;
    this.limit = options.limit ?? maxSockets;
  }

  /** Opens the socket to share early: when it is needed the system may have none left. */
  open(): void {
    this.shared.open();
  }

  ask(message: Buffer, receiver: Receiver): Outstanding {
    this.count();
    const outstanding = this.isBusy ? this.askTogether(message, receiver) : this.askAlone(message, receiver);
    if (outstanding !== undefined) return outstanding;
    this.counters.hits.add();
    return this.shared.ask(message, receiver);
  }

  close(): void {
    this.shared.close();
  }

  /** By a socket for one query alone; undefined when there is none to be had. */
  private askAlone(message: Buffer, receiver: Receiver): Outstanding | undefined {
    if (!this.mayConnect) return undefined;
    try {
      const socket = this.route.connect(receiver);
      this.counters.misses.add();
      socket.send(message);
      return socket;
    } catch {
      return undefined;
    }
  }

  /** With others of this turn; undefined when there is no socket to be had. */
  private askTogether(message: Buffer, receiver: Receiver): Outstanding | undefined {
    const joined = this.together?.ask(message, receiver);
    if (joined !== undefined) {
      this.counters.hits.add();
      return joined;
    }
    if (this.together === undefined) queueMicrotask(this.leave);
    else this.together.leave();
    this.together = undefined;
    if (!this.mayConnect) return undefined;
    try {
      this.together = new Together(this.route);
    } catch {
      return undefined;
    }
    this.counters.misses.add();
    return this.together.ask(message, receiver);
  }

  private readonly leave = (): void => {
    this.together?.leave();
    this.together = undefined;
  };

  private get mayConnect(): boolean {
    return this.route.connected - (this.shared.isOpen ? 1 : 0) < this.limit;
  }

  /** Finds out whether there is much to do. */
  private count(): void {
    if (this.counted === 0) this.countedSince = this.now();
    if (++this.counted < countedQueries) return;
    this.isBusy = this.now() - this.countedSince < countedTime;
    this.counted = 0;
  }
}

/** One socket for several queries, told apart by their ids, and where these are the same by what they ask for. */
class SharedSocket implements Receiver {
  private readonly route: UdpRoute;
  private readonly address: string;
  private readonly waiting = new Map<number, Receiver[]>();
  private socket: UdpSocket | undefined;
  /** Why it has no socket. None is made beforehand: an error keeps what called at its making, and by that the configuration before this one, and so on. */
  private error: Error | undefined;

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
      this.error = undefined;
    } catch (error) {
      this.error = error as Error;
    }
  }

  ask(message: Buffer, receiver: Receiver): Outstanding {
    this.open();
    const id = message.readUInt16BE(0);
    const outstanding = { close: () => this.forget(id, receiver), describe: () => this.describe() };
    if (this.socket === undefined) {
      const reason = this.error ?? new Error('no socket');
      queueMicrotask(() => receiver.failed(socketError(`dial udp ${this.address}`, reason)));
      return outstanding;
    }
    const others = this.waiting.get(id);
    if (others === undefined) this.waiting.set(id, [receiver]);
    else others.push(receiver);
    this.socket.send(message);
    return outstanding;
  }

  /** The socket serves others after this reply, so that it is never closed by one. */
  received(message: Buffer): boolean {
    if (message.length < 2) return false;
    const id = message.readUInt16BE(0);
    const receiver = this.waiting.get(id)?.find((each) => each.received(message));
    if (receiver !== undefined) this.forget(id, receiver);
    return false;
  }

  failed(error: Error): void {
    const receivers = [...this.waiting.values()].flat();
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
    const receivers = this.waiting.get(id);
    const at = receivers?.indexOf(receiver) ?? -1;
    if (receivers === undefined || at === -1) return;
    if (receivers.length === 1) this.waiting.delete(id);
    else receivers.splice(at, 1);
  }

  private describe(): string {
    return this.socket?.describe() ?? `read udp ->${this.address}`;
  }
}
