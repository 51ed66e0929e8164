// TCP and TLS to one server: connections are kept and used again, one query at a time on each.
import { connect, type Socket } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Receiver } from '../transport/udp-socket.ts';
import type { Channel, ConnectionOptions, Outstanding } from './channel.ts';
import { addressOf, type ServerAddress } from './server-address.ts';

/** Connections to one server. The one that was idle longest is used first, so that ports change. */
export class StreamChannel implements Channel {
  readonly protocol: 'tcp' | 'tcp-tls';
  readonly server: ServerAddress;
  private readonly options: ConnectionOptions;
  private readonly idle: Connection[] = [];
  private readonly all = new Set<Connection>();
  private session: Buffer | undefined;
  private closed = false;

  constructor(server: ServerAddress, options: ConnectionOptions) {
    this.server = server;
    this.options = options;
    this.protocol = server.transport === 'tls' ? 'tcp-tls' : 'tcp';
  }

  ask(message: Buffer, receiver: Receiver): Outstanding {
    const query = new StreamQuery(this, message, receiver);
    query.start();
    return query;
  }

  /** An idle connection that may still be used, or a new one. */
  take(): Connection {
    this.sweep();
    const kept = this.idle.shift();
    this.options.counters[kept === undefined ? 'misses' : 'hits'].add();
    if (kept !== undefined) return kept;
    const connection = new Connection(this, this.dial(), this.options.now());
    this.all.add(connection);
    return connection;
  }

  /** Keeps a connection whose reply has come. */
  giveBack(connection: Connection): void {
    const { maxIdleConnections } = this.options.settings;
    const full = maxIdleConnections > 0 && this.idle.length >= maxIdleConnections;
    connection.usedAt = this.options.now();
    if (this.closed || full) connection.close();
    else this.idle.push(connection);
  }

  forget(connection: Connection): void {
    this.all.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at !== -1) this.idle.splice(at, 1);
  }

  /** Closes the connections that have been idle or open for too long. */
  sweep(): void {
    const { expire, maxAge } = this.options.settings;
    const now = this.options.now();
    const over = this.idle.filter(({ usedAt, openedAt }) => now - usedAt > expire || (maxAge > 0 && now - openedAt > maxAge));
    for (const connection of over) connection.close();
  }

  close(): void {
    this.closed = true;
    for (const connection of [...this.all]) connection.close();
  }

  private dial(): Socket {
    const { host, port, serverName } = this.server;
    const { sourceAddress, tls } = this.options.settings;
    const from = sourceAddress === undefined ? {} : { localAddress: sourceAddress };
    if (this.protocol === 'tcp') return connect({ host, port, noDelay: true, ...from });
    const name = serverName === '' ? {} : { servername: serverName };
    const session = this.session === undefined ? {} : { session: this.session };
    const options: TlsOptions = { minVersion: 'TLSv1.2', ...tls, host, port, ...from, ...name, ...session };
    const socket = process.getBuiltinModule('node:tls').connect(options);
    socket.setNoDelay(true);
    socket.on('session', (ticket) => {
      this.session = ticket;
    });
    return socket;
  }
}

/** One query on a connection. When the server had closed a kept connection meanwhile, it goes to another one. */
class StreamQuery implements Outstanding {
  private readonly channel: StreamChannel;
  private readonly message: Buffer;
  private readonly receiver: Receiver;
  private connection: Connection | undefined;

  constructor(channel: StreamChannel, message: Buffer, receiver: Receiver) {
    this.channel = channel;
    this.receiver = receiver;
    this.message = Buffer.allocUnsafe(message.length + 2);
    this.message.writeUInt16BE(message.length);
    this.message.set(message, 2);
  }

  start(): void {
    this.connection = this.channel.take();
    this.connection.send(this.message, this);
  }

  received(message: Buffer): boolean {
    const wanted = this.receiver.received(message);
    // The connection may serve another query from now on.
    if (wanted) this.connection = undefined;
    return wanted;
  }

  lost(error: Error, wasKept: boolean): void {
    if (wasKept) this.start();
    else this.receiver.failed(new Error(`${this.describe()}: ${this.reason(error)}`, { cause: error }));
  }

  close(): void {
    this.connection?.close();
  }

  /** In the words of CoreDNS, which people search their logs for: a connection that was never made has no address of its own. */
  describe(): string {
    const local = this.connection?.local ?? '';
    const server = addressOf(this.channel.server);
    return local === '' ? `dial tcp ${server}` : `read tcp ${local}->${server}`;
  }

  private reason(error: NodeJS.ErrnoException): string {
    const known = systemErrors[error.code ?? ''];
    if (known === undefined) return error.message;
    return (this.connection?.local ?? '') === '' ? `connect: ${known}` : `read: ${known}`;
  }
}

const systemErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

class Connection {
  readonly openedAt: number;
  usedAt: number;
  /** The local address and port, once connected. */
  local = '';
  private readonly channel: StreamChannel;
  private readonly socket: Socket;
  private query: StreamQuery | undefined;
  private buffered: Buffer = Buffer.alloc(0);
  private replies = 0;
  private error: Error | undefined;

  constructor(channel: StreamChannel, socket: Socket, now: number) {
    this.channel = channel;
    this.socket = socket;
    this.openedAt = now;
    this.usedAt = now;
    socket.on('connect', () => {
      this.local = addressOf({ host: socket.localAddress ?? '', port: socket.localPort ?? 0 });
    });
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => this.ended());
  }

  send(frame: Buffer, query: StreamQuery): void {
    this.query = query;
    this.socket.write(frame);
  }

  /** Closes it without telling who waits. */
  close(): void {
    this.query = undefined;
    this.channel.forget(this);
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.buffered = this.buffered.length === 0 ? chunk : Buffer.concat([this.buffered, chunk]);
    while (this.buffered.length >= 2) {
      const end = 2 + this.buffered.readUInt16BE(0);
      if (this.buffered.length < end) return;
      const message = Buffer.from(this.buffered.subarray(2, end));
      this.buffered = this.buffered.subarray(end);
      this.deliver(message);
    }
  }

  private deliver(message: Buffer): void {
    // Nothing was asked: what arrives could only be taken for the answer to the next query.
    if (this.query === undefined) {
      this.close();
      return;
    }
    const { query } = this;
    // One query at a time: nobody else can be meant, and what was forged does not get into a stream. There is nothing better to wait for.
    if (!query.received(message)) {
      this.close();
      query.lost(new Error('found a message that is no reply to the query'), false);
      return;
    }
    this.query = undefined;
    this.replies++;
    if (this.buffered.length > 0) this.close();
    else this.channel.giveBack(this);
  }

  private ended(): void {
    const { query } = this;
    this.query = undefined;
    this.channel.forget(this);
    query?.lost(this.error ?? new Error('EOF'), this.replies > 0);
  }
}
