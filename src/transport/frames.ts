// Length-framed messages on one connection (RFC 7766 section 8, RFC 7858 section 3.3): answered as they are ready, with limits on time and work in hand.
import type { Socket } from 'node:net';
import { headerLength } from '../dns/wire.ts';
import type { Served } from './accept.ts';
import { addressesOf, Ends } from './addresses.ts';
import { type Answerer, type Cancellable, type MessageStream, type Peer, pending } from './answerer.ts';
import type { Timeouts } from './stream-settings.ts';

/** Queries of one connection that may be in hand; more are read when some are answered. */
const maxUnanswered = 100;
/** Octets of answers waiting for a slow reader before no more of its queries are read. */
const maxUnsent = 1 << 20;

/** What a connection is served by. */
export interface FramedOptions {
  readonly transport: 'tcp' | 'tls';
  readonly answerer: Answerer;
  readonly timeouts: Required<Timeouts>;
  /** Room for the largest message, which is used within one turn. */
  readonly out: Buffer;
}

/** One connection, and the client at its other end. */
export class FramedConnection extends Ends implements Peer, Served {
  readonly waiting = new Set<Cancellable>();
  readonly stream: MessageStream = { send: (message) => this.sendPart(message), abort: () => void this.socket.destroy() };
  readonly transport: 'tcp' | 'tls';
  private readonly socket: Socket;
  private readonly answerer: Answerer;
  private readonly timeouts: Required<Timeouts>;
  private readonly out: Buffer;
  /** What was read and is not yet a whole frame. */
  private rest: Buffer[] = [];
  private restLength = 0;
  /** Queries of this connection that wait for their answer. */
  private unanswered = 0;
  private asked = 0;
  private readonly drained: (() => void)[] = [];
  private finished = false;
  /** Ends a frame that trickles in too slowly. */
  private frameTimer: NodeJS.Timeout | undefined;
  /** Ends the connection of a reader that takes no answer any more. */
  private writeTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, { transport, answerer, timeouts, out }: FramedOptions) {
    super(addressesOf(socket));
    this.transport = transport;
    this.socket = socket;
    this.answerer = answerer;
    this.timeouts = timeouts;
    this.out = out;
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('end', () => this.finish());
    socket.on('drain', () => this.goOn());
    socket.on('timeout', () => socket.destroy());
    socket.on('close', () => this.closed());
    socket.setTimeout(timeouts.idle);
    this.startFrameTimer();
  }

  send(message: Uint8Array): void {
    this.write(message);
    this.sendNothing();
  }

  sendNothing(): void {
    this.unanswered--;
    this.closeWhenDone();
    this.resume();
  }

  /** Resolves at once while the client keeps up, else when it has taken what is on its way. */
  private sendPart(message: Uint8Array): undefined | Promise<void> {
    this.write(message);
    if (this.socket.destroyed || this.socket.writableLength <= maxUnsent) return undefined;
    return new Promise((resolve) => {
      this.drained.push(resolve);
    });
  }

  private write(message: Uint8Array): void {
    if (!this.socket.writable) return;
    const frame = Buffer.allocUnsafe(message.length + 2);
    frame.writeUInt16BE(message.length);
    frame.set(message, 2);
    this.socket.write(frame, this.written);
    if (this.socket.writableLength > 0) this.writeTimer ??= setTimeout(() => this.socket.destroy(), this.timeouts.write);
  }

  private goOn(): void {
    for (const resolve of this.drained.splice(0)) resolve();
    this.resume();
  }

  private closed(): void {
    this.stopTimers();
    this.goOn();
    for (const each of this.waiting) each.cancel('the client is gone');
    this.waiting.clear();
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
      if (length < headerLength) return void this.socket.destroy();
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
    this.unanswered++;
    const length = this.answerer.answer(bytes, start, end, this, this.out);
    if (length === pending) return;
    if (length > 0) this.send(this.out.subarray(0, length));
    else this.sendNothing();
  }

  private overloaded(): boolean {
    return this.unanswered >= maxUnanswered || this.socket.writableLength > maxUnsent;
  }

  private resume(): void {
    // A socket that is gone stays paused, whatever it is told: what it left unread has nobody to be answered to.
    if (this.socket.destroyed || this.finished || this.overloaded() || !this.socket.isPaused()) return;
    this.socket.resume();
    if (this.restLength > 0) this.readFrames();
  }

  private closeWhenDone(): void {
    if (this.finished && this.unanswered === 0) this.socket.end(() => this.socket.destroySoon());
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
