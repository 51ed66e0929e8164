// UDP to one upstream: every query leaves from a socket and a port of its own (RFC 5452 section 9.2), which the system chooses at random.
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import type { Channel, ChannelCounters, Link, Receiver } from './link.ts';
import { addressOf, type Target } from './settings.ts';

/** Sockets of one upstream open at once; beyond that, and when the system has no more, queries share one. */
const maxSockets = 512;

/** Connected sockets: the kernel drops what comes from elsewhere, and tells of a closed port at once. */
export class UdpChannel implements Channel {
  readonly protocol = 'udp';
  private readonly target: Target;
  private readonly source: string | undefined;
  private readonly counters: ChannelCounters;
  private readonly links = new Set<UdpLink>();
  private shared: SharedSocket | undefined;
  private readonly limit: number;

  constructor(target: Target, options: { readonly source: string | undefined; readonly counters: ChannelCounters; readonly limit?: number }) {
    this.target = target;
    this.source = options.source;
    this.counters = options.counters;
    this.limit = options.limit ?? maxSockets;
  }

  /** Opens the socket to share early: when it is needed the system may have none left. */
  open(): void {
    if (this.shared?.usable === true) return;
    this.shared?.close();
    this.shared = new SharedSocket(this.connect(), this.target);
  }

  ask(message: Buffer, receiver: Receiver): Link {
    if (this.links.size < this.limit) {
      const link = new UdpLink(this.connect(), this.target, receiver);
      if (link.usable) {
        this.counters.misses.add();
        this.links.add(link);
        link.send(message, () => this.links.delete(link));
        return link;
      }
    }
    this.counters.hits.add();
    this.open();
    return (this.shared as SharedSocket).ask(message, receiver);
  }

  close(): void {
    for (const link of this.links) link.close();
    this.shared?.close();
    this.shared = undefined;
  }

  /** With a lookup that answers at once, bind and connect are done when this returns, or the socket has an error. */
  private connect(): Opened {
    const socket = createSocket(this.target.host.includes(':') ? options6 : options4);
    const opened: Opened = { socket, error: undefined };
    socket.on('error', (error) => {
      opened.error ??= error;
    });
    if (this.source !== undefined) socket.bind({ address: this.source, port: 0, exclusive: true });
    if (opened.error === undefined) socket.connect(this.target.port, this.target.host);
    return opened;
  }
}

interface Opened {
  readonly socket: Socket;
  error: Error | undefined;
}

type Lookup = NonNullable<SocketOptions['lookup']>;
// Hosts are addresses already; node:dgram would look them up in a later turn. It calls with the family as a number.
const atOnce = ((host: string, family: 4 | 6, done: (error: null, address: string, family: number) => void) => {
  done(null, host, family);
}) as unknown as Lookup;
const options4 = { type: 'udp4', lookup: atOnce } as const;
const options6 = { type: 'udp6', lookup: atOnce } as const;

/** One query with a socket of its own. */
class UdpLink implements Link {
  private readonly socket: Socket;
  private readonly target: Target;
  private readonly receiver: Receiver;
  private readonly opened: Opened;
  private closed = false;
  private done: () => void = () => {};

  constructor(opened: Opened, target: Target, receiver: Receiver) {
    this.opened = opened;
    this.socket = opened.socket;
    this.target = target;
    this.receiver = receiver;
    if (!this.usable) this.close();
  }

  get usable(): boolean {
    return this.opened.error === undefined;
  }

  send(message: Buffer, done: () => void): void {
    this.done = done;
    this.socket.on('message', (reply) => {
      if (!this.closed && this.receiver.received(reply)) this.close();
    });
    this.socket.on('error', (error) => this.fail(error));
    // Without a callback node:dgram keeps the errors of sending to itself.
    this.socket.send(message, (error) => {
      if (error) this.fail(error);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.close();
    this.done();
  }

  describe(): string {
    return `read udp ${localOf(this.socket)}->${addressOf(this.target)}`;
  }

  private fail(error: Error): void {
    if (this.closed) return;
    const failure = new Error(`${this.describe()}: ${plain(error)}`, { cause: error });
    this.close();
    this.receiver.failed(failure);
  }
}

/** One socket for several queries, told apart by their ids. */
class SharedSocket {
  private readonly opened: Opened;
  private readonly target: Target;
  private readonly waiting = new Map<number, Receiver>();

  constructor(opened: Opened, target: Target) {
    this.opened = opened;
    this.target = target;
    opened.socket.on('message', (reply) => this.receive(reply));
    opened.socket.on('error', (error) => this.failAll(error));
  }

  get usable(): boolean {
    return this.opened.error === undefined;
  }

  ask(message: Buffer, receiver: Receiver): Link {
    const id = message.readUInt16BE(0);
    const link = { close: () => this.forget(id, receiver), describe: () => `read udp ${localOf(this.opened.socket)}->${addressOf(this.target)}` };
    if (!this.usable || this.waiting.has(id)) {
      const reason = this.opened.error === undefined ? 'no free id' : plain(this.opened.error);
      queueMicrotask(() => receiver.failed(new Error(`dial udp ${addressOf(this.target)}: ${reason}`)));
      return link;
    }
    this.waiting.set(id, receiver);
    this.opened.socket.send(message, (error) => {
      if (error && this.waiting.get(id) === receiver) {
        this.waiting.delete(id);
        receiver.failed(new Error(`${link.describe()}: ${plain(error)}`, { cause: error }));
      }
    });
    return link;
  }

  close(): void {
    this.waiting.clear();
    this.opened.socket.close();
  }

  private receive(reply: Buffer): void {
    if (reply.length < 2) return;
    const id = reply.readUInt16BE(0);
    const receiver = this.waiting.get(id);
    if (receiver?.received(reply) === true) this.forget(id, receiver);
  }

  private forget(id: number, receiver: Receiver): void {
    if (this.waiting.get(id) === receiver) this.waiting.delete(id);
  }

  private failAll(error: Error): void {
    // A connected socket stays usable after the error of one datagram.
    this.opened.error = undefined;
    const receivers = [...this.waiting.values()];
    this.waiting.clear();
    for (const receiver of receivers) receiver.failed(new Error(`read udp ->${addressOf(this.target)}: ${plain(error)}`, { cause: error }));
  }
}

function localOf(socket: Socket): string {
  try {
    const { address, port } = socket.address();
    return addressOf({ host: address, port });
  } catch {
    return '';
  }
}

function plain(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' ? 'read: connection refused' : error.message;
}
