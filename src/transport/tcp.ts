// DNS over TCP (RFC 7766): length-framed messages, answered as they are ready, with limits on time, connections and work in hand.
import { createServer, type Server, type Socket } from 'node:net';
import { type Answerer, type Listening, maxMessage, type Peer, pending } from './answerer.ts';
import { sharePort } from './batch/descriptor.ts';
import { isNativeAvailable } from './batch/library.ts';

/** Milliseconds of a whole read, of a write, and of silence; `queries` is how many one connection may ask, -1 for any number. */
export interface Timeouts {
  readonly read?: number;
  readonly write?: number;
  readonly idle?: number;
  readonly queries?: number;
}

/** Where to listen, who answers, and what a connection may take. */
export interface TcpOptions {
  readonly address: string;
  readonly port: number;
  readonly answerer: Answerer;
  /** Milliseconds and counts in force when a connection is made. */
  readonly timeouts: () => Required<Timeouts>;
  /** Lets listeners of other processes that say so too have the same address and port; the system spreads the connections over them (SO_REUSEPORT). */
  readonly reusePort?: boolean;
}

/** What a connection may take when the configuration says nothing: milliseconds, and queries without limit. */
export const defaultTimeouts: Required<Timeouts> = { read: 3000, write: 5000, idle: 10_000, queries: -1 };

/** Connections of one listener at a time; further ones are closed at once. */
const maxConnections = 4096;
/** Queries of one connection that may be in hand; more are read when some are answered. */
const maxInHand = 100;
/** Octets of answers waiting for a slow reader before no more of its queries are read. */
const maxUnsent = 1 << 20;
/** Octets of a header: a frame that holds less is no DNS, and what follows it cannot be trusted. */
const minMessage = 12;

/** Opens a TCP listener. Rejects with the system's error when the address cannot be had. */
export async function listenTcp(options: TcpOptions): Promise<Listening> {
  const connections = new Set<Connection>();
  const out = Buffer.allocUnsafeSlow(maxMessage);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new Connection(socket, options.answerer, options.timeouts(), out);
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  });
  server.maxConnections = maxConnections;
  await listen(server, options);
  const bound = server.address() as { address: string; port: number };
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const connection of connections) connection.finish();
    });
  return { transport: 'tcp', address: bound.address, port: bound.port, share: sharing(server), close };
}

class Connection implements Peer {
  readonly transport = 'tcp';
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  readonly localAddress: string;
  readonly localPort: number;
  private readonly socket: Socket;
  private readonly answerer: Answerer;
  private readonly timeouts: Required<Timeouts>;
  private readonly out: Buffer;
  /** What was read and is not yet a whole frame. */
  private rest: Buffer[] = [];
  private restLength = 0;
  private inHand = 0;
  private asked = 0;
  private finished = false;
  /** Ends a frame that trickles in too slowly. */
  private frameTimer: NodeJS.Timeout | undefined;
  /** Ends the connection of a reader that takes no answer any more. */
  private writeTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, answerer: Answerer, timeouts: Required<Timeouts>, out: Buffer) {
    this.socket = socket;
    this.answerer = answerer;
    this.timeouts = timeouts;
    this.out = out;
    this.address = socket.remoteAddress ?? '';
    this.port = socket.remotePort ?? 0;
    this.family = socket.remoteFamily === 'IPv6' ? 6 : 4;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('end', () => this.finish());
    socket.on('drain', () => this.resume());
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.stopTimers());
    socket.setTimeout(timeouts.idle);
    this.startFrameTimer();
  }

  send(message: Uint8Array): void {
    if (this.socket.writable) {
      const frame = Buffer.allocUnsafe(message.length + 2);
      frame.writeUInt16BE(message.length);
      frame.set(message, 2);
      this.socket.write(frame, this.written);
      if (this.socket.writableLength > 0) this.writeTimer ??= setTimeout(() => this.socket.destroy(), this.timeouts.write);
    }
    this.sendNothing();
  }

  sendNothing(): void {
    this.inHand--;
    this.closeWhenDone();
    this.resume();
  }

  /** Answers what is in hand, reads nothing more, and closes. */
  finish(): void {
    this.finished = true;
    this.closeWhenDone();
  }

  private read(chunk: Buffer): void {
    if (this.finished) return;
    this.rest.push(chunk);
    this.restLength += chunk.length;
    this.readFrames();
  }

  private readFrames(): void {
    let bytes = this.rest.length === 1 ? (this.rest[0] as Buffer) : Buffer.concat(this.rest);
    while (bytes.length >= 2 && !this.finished) {
      const length = bytes.readUInt16BE(0);
      if (length < minMessage) return void this.socket.destroy();
      if (bytes.length < length + 2) break;
      if (this.overloaded()) {
        this.socket.pause();
        break;
      }
      this.stopFrameTimer();
      this.answer(bytes, 2, length + 2);
      bytes = bytes.subarray(length + 2);
    }
    this.rest = bytes.length === 0 ? [] : [bytes];
    this.restLength = bytes.length;
    if (this.restLength > 0 && !this.socket.isPaused()) this.startFrameTimer();
  }

  private answer(bytes: Buffer, start: number, end: number): void {
    this.asked++;
    if (this.timeouts.queries >= 0 && this.asked >= this.timeouts.queries) this.finished = true;
    this.inHand++;
    const length = this.answerer.answer(bytes, start, end, this, this.out);
    if (length === pending) return;
    if (length > 0) this.send(this.out.subarray(0, length));
    else this.sendNothing();
  }

  private overloaded(): boolean {
    return this.inHand >= maxInHand || this.socket.writableLength > maxUnsent;
  }

  private resume(): void {
    if (!this.socket.isPaused() || this.overloaded() || this.finished) return;
    this.socket.resume();
    if (this.restLength > 0) this.readFrames();
  }

  private closeWhenDone(): void {
    if (this.finished && this.inHand === 0) this.socket.end(() => this.socket.destroySoon());
  }

  private readonly written = (): void => {
    clearTimeout(this.writeTimer);
    this.writeTimer = undefined;
    if (this.socket.writableLength > 0 && !this.socket.destroyed) this.writeTimer = setTimeout(() => this.socket.destroy(), this.timeouts.write);
  };

  private startFrameTimer(): void {
    this.frameTimer ??= setTimeout(() => this.socket.destroy(), this.timeouts.read);
  }

  private stopTimers(): void {
    this.stopFrameTimer();
    clearTimeout(this.writeTimer);
  }

  private stopFrameTimer(): void {
    clearTimeout(this.frameTimer);
    this.frameTimer = undefined;
  }
}

/** Node tells neither the descriptor of a listener nor sets this option on it later. */
function sharing(server: Server): (() => void) | undefined {
  const { fd = -1 } = (server as unknown as { readonly _handle?: { readonly fd?: number } })._handle ?? {};
  return fd >= 0 && isNativeAvailable() ? () => sharePort(fd) : undefined;
}

function listen(server: Server, { address: host, port, reusePort = false }: TcpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: true, exclusive: true, reusePort, backlog: maxConnections }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}
