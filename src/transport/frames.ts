// Length-framed messages on one connection (RFC 7766 section 8, RFC 7858 section 3.3): answered as they are ready, with limits on time and work in hand.
import type { Socket } from 'node:net';
import { headerLength } from '../dns/wire.ts';
import { type Addresses, Ends } from './addresses.ts';
import { type Answerer, type Cancellable, type MessageStream, maxMessage, type Peer, pending } from './answerer.ts';
import type { Served } from './connections.ts';
import { readInto } from './read-into.ts';
import type { Timeouts } from './stream-settings.ts';

/** Queries of one connection that may be in hand; more are read when some are answered. */
const maxUnanswered = 100;
/** Octets of answers waiting for a slow reader before no more of its queries are read. */
const maxUnsent = 1 << 20;

const nothing = Buffer.alloc(0);
/** Room for the answers of one turn of any connection: two of the largest fit, and each is out of here when the turn ends. */
const gathered = Buffer.allocUnsafeSlow(2 * (maxMessage + 2));

/** What a connection is served by. */
export interface FramedOptions {
  readonly transport: 'tcp' | 'tls';
  readonly addresses: Addresses;
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
  /** What was read and is not answered yet, and octets that make up its first frame, as far as its length is known. */
  private rest: Buffer[] = [];
  private restLength = 0;
  private wanted = 2;
  /** Answers that leave when the turn is over, each as a frame, and their octets. */
  private late: Buffer[] = [];
  private lateLength = 0;
  /** Queries of this connection that wait for their answer. */
  private unanswered = 0;
  private asked = 0;
  private readonly drained: (() => void)[] = [];
  private finished = false;
  /** Ends a frame that trickles in too slowly. */
  private frameTimer: NodeJS.Timeout | undefined;
  /** Ends the connection of a reader that takes no answer any more. */
  private writeTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, { transport, addresses, answerer, timeouts, out }: FramedOptions) {
    super(addresses);
    this.transport = transport;
    this.socket = socket;
    this.answerer = answerer;
    this.timeouts = timeouts;
    this.out = out;
    readInto(socket, (chunk) => this.read(chunk));
    socket.on('end', () => this.finish());
    socket.on('drain', () => this.goOn());
    // A connection is idle when all its queries are answered (RFC 7766 section 3); an answer begins the time anew.
    socket.on('timeout', () => {
      if (this.unanswered === 0) socket.destroy();
    });
    socket.on('close', () => this.closed());
    socket.setTimeout(timeouts.idle);
    this.startFrameTimer();
  }

  send(message: Uint8Array): void {
    this.sendLate(message);
    this.sendNothing();
  }

  sendNothing(): void {
    this.unanswered--;
    this.closeWhenDone();
    this.resume();
  }

  /** Resolves at once while the client keeps up, else when it has taken what is on its way. */
  private sendPart(message: Uint8Array): undefined | Promise<void> {
    this.sendLate(message);
    if (this.socket.destroyed || this.unsent <= maxUnsent) return undefined;
    return new Promise((resolve) => {
      this.drained.push(resolve);
    });
  }

  /** Sends an answer together with the others that come in this turn. */
  private sendLate(message: Uint8Array): void {
    if (!this.socket.writable) return;
    const frame = Buffer.allocUnsafe(message.length + 2);
    frame.writeUInt16BE(message.length);
    frame.set(message, 2);
    if (this.late.length === 0) process.nextTick(this.writeLate);
    this.late.push(frame);
    this.lateLength += frame.length;
    if (this.lateLength >= gathered.length) this.writeLate();
  }

  private readonly writeLate = (): void => {
    const [first] = this.late;
    if (first === undefined) return;
    const frames = this.late.length === 1 ? first : Buffer.concat(this.late, this.lateLength);
    this.late = [];
    this.lateLength = 0;
    this.write(frames);
  };

  /** Octets of answers that the system has not taken yet. */
  private get unsent(): number {
    return this.lateLength + this.socket.writableLength;
  }

  /** Hands frames to the system, and watches whether the client takes what the system cannot take at once. */
  private write(frames: Buffer): void {
    const { socket } = this;
    if (!socket.writable) return;
    if (this.transport === 'tls' || socket.writableLength > 0) socket.write(frames, this.written);
    else {
      socket.write(frames);
      // Tells when those frames are taken. Over TCP most are at once, and a callback for each would be work in vain.
      if (socket.writableLength > 0) socket.write(nothing, this.written);
    }
    if (socket.writableLength > 0) this.writeTimer ??= setTimeout(() => socket.destroy(), this.timeouts.write);
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
    // An array that is made with what it holds takes a quarter of the room of one that grows.
    if (this.restLength === 0) this.rest = [chunk];
    else this.rest.push(chunk);
    this.restLength += chunk.length;
    if (this.restLength >= this.wanted) this.readFrames();
    else this.startFrameTimer();
    // The memory of the chunk is others' from here on.
    const last = this.rest.length - 1;
    const left = this.rest[last];
    if (left?.buffer === chunk.buffer) this.rest[last] = Buffer.from(left);
  }

  /** Answers the frames that are there, those whose answers are at hand by one write. */
  private readFrames(): void {
    const bytes = this.rest.length === 1 ? (this.rest[0] as Buffer) : Buffer.concat(this.rest, this.restLength);
    let at = 0;
    let filled = 0;
    this.wanted = 2;
    while (bytes.length - at >= 2 && !this.finished) {
      const length = bytes.readUInt16BE(at);
      if (length < headerLength) {
        this.flush(filled);
        this.socket.destroy();
        return;
      }
      this.wanted = length + 2;
      if (bytes.length - at < this.wanted) break;
      if (this.overloaded(filled)) {
        this.socket.pause();
        break;
      }
      this.stopFrameTimer();
      filled = this.answer(bytes, at + 2, filled);
      at += this.wanted;
      this.wanted = 2;
    }
    this.keep(bytes, at);
    this.flush(filled);
    this.closeWhenDone();
  }

  /** Puts what is not answered yet aside. */
  private keep(bytes: Buffer, at: number): void {
    this.restLength = bytes.length - at;
    this.rest = this.restLength === 0 ? [] : [at === 0 ? bytes : bytes.subarray(at)];
    if (this.restLength > 0 && !this.socket.isPaused()) this.startFrameTimer();
  }

  /** Answers the frame whose message starts at `start`. Puts an answer that is at hand behind the `filled` octets that were gathered. Returns how many there are then. */
  private answer(bytes: Buffer, start: number, filled: number): number {
    this.asked++;
    if (this.timeouts.queries >= 0 && this.asked >= this.timeouts.queries) this.finished = true;
    this.unanswered++;
    const length = this.answerer.answer(bytes, start, start + this.wanted - 2, this, this.out);
    if (length === pending) return filled;
    this.unanswered--;
    if (length <= 0) return filled;
    const at = this.gather(filled, length + 2);
    gathered.writeUInt16BE(length, at);
    this.out.copy(gathered, at + 2, 0, length);
    return at + 2 + length;
  }

  /** Where `octets` more can be gathered: behind the `filled` ones, if need be after these were sent. */
  private gather(filled: number, octets: number): number {
    if (filled + octets <= gathered.length) return filled;
    this.flush(filled);
    return 0;
  }

  private flush(filled: number): void {
    if (filled === 0) return;
    const frames = Buffer.allocUnsafe(filled);
    gathered.copy(frames, 0, 0, filled);
    this.write(frames);
  }

  private overloaded(gathered = 0): boolean {
    return this.unanswered >= maxUnanswered || this.unsent + gathered > maxUnsent;
  }

  private resume(): void {
    // A socket that is gone stays paused whatever is called on it, and nobody can take answers to what it left unread.
    if (this.socket.destroyed || this.finished || this.overloaded() || !this.socket.isPaused()) return;
    this.socket.resume();
    if (this.restLength >= this.wanted) this.readFrames();
  }

  private closeWhenDone(): void {
    if (!this.finished || this.unanswered > 0) return;
    this.writeLate();
    this.socket.end(() => this.socket.destroySoon());
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
