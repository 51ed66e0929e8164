// A DNS client for tests over real sockets: sends exact bytes, waits for replies, believes nothing.
//   await ask(target, 'www.example.org A +tcp +do')      → { reply?: Message, … }
//   await exchange(target, bytes, { transport: 'udp' })  → { bytes?: Buffer, … }
//   const tcp = await TcpClient.open(target); tcp.send(bytes); await tcp.next()
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type PeerCertificate, TLSSocket } from 'node:tls';
import { type Message, parseAsk, readMessage, writeMessage } from './message.ts';

/** Where to ask; the address is 127.0.0.1 unless given. */
export interface Target {
  readonly port: number;
  readonly address?: string;
}
export interface ExchangeOptions {
  readonly transport?: 'udp' | 'tcp';
  /** Milliseconds until silence counts as no reply; 20,000 unless given. */
  readonly timeout?: number;
}
/** Outcome of one exchange: no `bytes` means that no reply came (or that the TCP connection was closed instead). */
export interface Exchange {
  readonly bytes: Buffer | undefined;
  /** The client's own port, which whoami and logs show. */
  readonly clientPort: number;
  readonly milliseconds: number;
}

/** Sends one query given in words (see parseAsk) and reads the reply; a reply with another id is not taken for one. */
export async function ask(target: Target, text: string, options: ExchangeOptions = {}): Promise<Exchange & { reply: Message | undefined }> {
  const { transport, parts } = parseAsk(text);
  const outcome = await exchange(target, writeMessage(parts), { transport, ...options });
  return { ...outcome, reply: outcome.bytes === undefined ? undefined : readMessage(outcome.bytes) };
}

/** Sends these very bytes and waits for one reply with the same id. */
export async function exchange(target: Target, message: Buffer, options: ExchangeOptions = {}): Promise<Exchange> {
  const started = performance.now();
  const client = options.transport === 'tcp' ? await TcpClient.open(target) : await UdpClient.open(target);
  try {
    client.send(message);
    const deadline = started + (options.timeout ?? 20_000);
    let bytes = await client.next(Math.max(1, deadline - performance.now()));
    while (bytes !== undefined && !sameId(bytes, message)) bytes = await client.next(Math.max(1, deadline - performance.now()));
    return { bytes, clientPort: client.port, milliseconds: performance.now() - started };
  } finally {
    client.close();
  }
}

const sameId = (a: Buffer, b: Buffer): boolean => a.length < 2 || b.length < 2 || a.readUInt16BE(0) === b.readUInt16BE(0);

/** A line of received messages that can be waited for. */
class Inbox {
  readonly #messages: Buffer[] = [];
  readonly #waiting: ((message: Buffer | undefined) => void)[] = [];
  #ended = false;

  push(message: Buffer): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#messages.push(message);
    else waiter(message);
  }

  end(): void {
    this.#ended = true;
    for (const waiter of this.#waiting.splice(0)) waiter(undefined);
  }

  next(timeout: number): Promise<Buffer | undefined> {
    const ready = this.#messages.shift();
    if (ready !== undefined || this.#ended) return Promise.resolve(ready);
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(done), 1);
      resolve(undefined);
    }, timeout);
    const done = (message: Buffer | undefined): void => {
      clearTimeout(timer);
      resolve(message);
    };
    this.#waiting.push(done);
    return promise;
  }
}

/** One connected UDP socket: `send` any number of datagrams, `next` hands out what arrives from the target, in order. */
export class UdpClient {
  readonly #socket: UdpSocket;
  readonly #inbox = new Inbox();

  private constructor(socket: UdpSocket) {
    this.#socket = socket;
    socket.on('message', (message) => this.#inbox.push(message));
    socket.on('error', () => this.#inbox.end());
  }

  static async open(target: Target): Promise<UdpClient> {
    const address = target.address ?? '127.0.0.1';
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.connect(target.port, address);
    await once(socket, 'connect');
    return new UdpClient(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(message: Buffer): void {
    this.#socket.send(message);
  }

  /** The next datagram, or undefined when none came in `timeout` milliseconds. */
  next(timeout = 20_000): Promise<Buffer | undefined> {
    return this.#inbox.next(timeout);
  }

  close(): void {
    this.#socket.close();
  }
}

/** One TCP connection: `send` frames messages, `write` sends raw bytes as they are, `next` hands out whole messages in order. */
export class TcpClient {
  readonly #socket: Socket;
  /** The one below TLS, where that is spoken. */
  readonly #plain: Socket;
  readonly #inbox = new Inbox();
  #buffered = Buffer.alloc(0);
  /** Resolves when the other side has closed or reset the connection. */
  readonly closed: Promise<void>;
  readonly port: number;

  private constructor(socket: Socket, plain = socket) {
    this.#socket = socket;
    this.#plain = plain;
    this.port = socket.localPort ?? 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
    socket.on('end', () => this.#inbox.end());
    socket.on('close', () => {
      this.#inbox.end();
      resolve();
    });
  }

  /** Connects, sends what is to come first, and completes a handshake where TLS is asked for; rejects when it fails. */
  static async open(target: Target & { readonly tls?: ConnectionOptions; readonly preface?: Buffer }): Promise<TcpClient> {
    const { port, address = '127.0.0.1', tls, preface } = target;
    const plain = connect(port, address);
    plain.setNoDelay(true);
    await once(plain, 'connect');
    if (preface !== undefined) plain.write(preface);
    if (tls === undefined) return new TcpClient(plain);
    const secured = connectTls({ ...tls, socket: plain });
    await once(secured, 'secureConnect');
    return new TcpClient(secured, plain);
  }

  /** The certificate of the server, of a connection over TLS. */
  get certificate(): PeerCertificate | undefined {
    return this.#socket instanceof TLSSocket ? this.#socket.getPeerCertificate() : undefined;
  }

  send(message: Buffer): void {
    this.write(frame(message));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Ends the connection as a program does that crashes: the other side is told at once. */
  reset(): void {
    this.#plain.resetAndDestroy();
    this.#socket.destroy();
  }

  /** Reads nothing any more. */
  pause(): void {
    this.#socket.pause();
  }

  /** Closes the sending direction; replies can still arrive. */
  finish(): void {
    this.#socket.end();
  }

  /** The next whole message, or undefined when none came in `timeout` milliseconds or the other side closed. */
  next(timeout = 20_000): Promise<Buffer | undefined> {
    return this.#inbox.next(timeout);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    while (this.#buffered.length >= 2) {
      const end = 2 + this.#buffered.readUInt16BE(0);
      if (this.#buffered.length < end) return;
      this.#inbox.push(this.#buffered.subarray(2, end));
      this.#buffered = this.#buffered.subarray(end);
    }
  }
}

/** Puts the two-byte length of DNS over TCP in front (RFC 1035 section 4.2.2). */
export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length, 0);
  return Buffer.concat([length, message]);
}
