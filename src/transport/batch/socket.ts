// A UDP socket that works in batches: what has arrived is received by one system call and, as far as the answers are at hand, answered by one.
import { setImmediate } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../log/logger.ts';
import { type Answerer, type Listening, maxMessage, pending } from '../answerer.ts';
import type { UdpOptions } from '../udp.ts';
import { addressText, addressWord, ipv4Text, isWildcard, portOf, portWord } from './address.ts';
import { Backlog } from './backlog.ts';
import { type UdpCounters, zeroCounters } from './counters.ts';
import type { UdpDescriptor } from './descriptor.ts';
import { errorName } from './library.ts';
import { Messages } from './messages.ts';
import { type BatchPeer, type PeerSocket, peerOf } from './peer.ts';

/** A listening UDP socket with its counters. */
export interface BatchListening extends Listening {
  readonly counters: Readonly<UdpCounters>;
}

/** The socket as the transport uses it; tests make one whose calls fail. */
export type Descriptor = Pick<UdpDescriptor, 'name' | 'receive' | 'send' | 'watch' | 'close'> & Partial<Pick<UdpDescriptor, 'share' | 'leave'>>;

/** Datagrams received or sent by one call. */
const slots = 64;
/** Octets of a query at most; the start of a longer one is answered. */
const receiveLength = 4096;
/** Full batches received in a row before timers and other sockets have their turn. */
const batchesPerTurn = 4;
/** Batches that are dropped in a row at most: more than the buffer of a socket holds. */
const batchesDropped = 1024;
/** Turns at most for what has arrived when the socket is to be closed. */
const turnsAtClose = 16;
/** Milliseconds until sending is tried again when the system had no room, and how often. */
const retryDelay = 1;
const maxRetries = 100;
/** Milliseconds after which what was to be answered may be true no more: the process was stopped between the answer and its sending. */
const staleAfter = 1000;
/** Milliseconds that queries in hand get for their answers when the socket is to be closed. */
const closeDelay = 5000;
/** Milliseconds until a message has arrived whose way the system had chosen before. */
const arrival = 20;
const again = new Set(['EAGAIN', 'ENOBUFS', 'ENOMEM', 'EINTR']);

/** One socket with the messages it receives into and sends from. */
export class BatchSocket implements PeerSocket, BatchListening {
  readonly transport = 'udp';
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly wildcard: boolean;
  readonly counters = zeroCounters();
  receivedAt: number | undefined = undefined;
  private readonly descriptor: Descriptor;
  private readonly answerer: Answerer;
  private readonly log: Logger;
  private readonly incoming: Messages;
  private readonly outgoing: Messages;
  private readonly stopWatching: () => Promise<void>;
  /** The slots of `outgoing` from `unsent` up to `filled` hold answers to be sent. */
  private unsent = 0;
  private filled = 0;
  /** When the first of them was asked of the answerer; milliseconds of the monotonic clock. */
  private filledSince = 0;
  /** 1 for each slot of `incoming` whose message was answered at once. */
  private readonly answeredAtOnce = new Uint8Array(slots);
  private flushScheduled = false;
  private retries = 0;
  /** Whether the first of them was refused once. */
  private refused = false;
  private retryTimer: NodeJS.Timeout | undefined;
  private answering = false;
  private readonly backlog = new Backlog();
  private shared: boolean;
  private unanswered = 0;
  private idle: (() => void) | undefined;
  private closing: Promise<void> | undefined;

  constructor(descriptor: Descriptor, options: Pick<UdpOptions, 'address' | 'answerer' | 'log' | 'reusePort'>) {
    const family = options.address.includes(':') ? 6 : 4;
    const wildcard = isWildcard(options.address);
    const name = descriptor.name();
    const words = Array.from(name.subarray(addressWord[family], addressWord[family] + 4));
    this.descriptor = descriptor;
    this.answerer = options.answerer;
    this.log = options.log;
    this.shared = options.reusePort ?? false;
    this.family = family;
    this.wildcard = wildcard;
    this.address = family === 4 ? ipv4Text(words[0] ?? 0) : addressText(words, 0);
    this.port = portOf(name[portWord] ?? 0);
    this.incoming = new Messages({ slots, slotLength: receiveLength, family, packetInfo: wildcard });
    this.outgoing = new Messages({ slots, slotLength: maxMessage, family, packetInfo: wildcard });
    this.stopWatching = descriptor.watch(() => this.receive());
  }

  send(message: Uint8Array, peer: BatchPeer): void {
    // The slot to be filled next is in the hands of the answerer: this one waits for its turn, with bytes of its own.
    if (this.answering) {
      const copy = Buffer.from(message);
      setImmediate(() => this.send(copy, peer));
      return;
    }
    if (message.length > maxMessage) return;
    const slot = this.freeSlot();
    this.outgoing.data[slot]?.set(message);
    this.enqueue(slot, message.length, peer);
    this.scheduleFlush();
  }

  settle(): void {
    this.unanswered--;
    if (this.unanswered === 0) this.idle?.();
  }

  share(): void {
    this.descriptor.share?.();
    this.shared = true;
  }

  /** Answers what has arrived, waits some seconds for the answers to queries in hand, and closes. */
  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    // Where others share the port, clients would be sent here up to the last moment.
    if (this.shared) {
      this.descriptor.leave?.();
      // What the system was bringing here at that moment arrives a little later, and is still answered.
      await delay(arrival);
    }
    this.drain();
    await this.stopWatching();
    await this.settled();
    this.flush();
    clearTimeout(this.retryTimer);
    this.descriptor.close();
  }

  private drain(): void {
    for (let turn = 0; turn < turnsAtClose && !this.answering && this.receive(); turn++);
  }

  private async settled(): Promise<void> {
    if (this.unanswered === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.idle = resolve;
    const timer = setTimeout(resolve, closeDelay);
    await promise;
    clearTimeout(timer);
  }

  /** One turn: receives until nothing is left, or for so long that others must have theirs; then the event loop calls again. Says whether there may be more. */
  private receive(): boolean {
    if (this.backlog.isOld) this.shed();
    let count = slots;
    for (let batch = 0; batch < batchesPerTurn && count === slots; batch++) {
      count = this.descriptor.receive(this.incoming);
      this.counters.receiveCalls++;
      if (count < 0) this.receiveFailed(-count);
      if (count <= 0) break;
      this.counters.received += count;
      this.answerAll(count);
      if (this.isStale()) {
        // The process was stopped, or its machine has too much to do. Asked again is what was answered at once, as its clients would: plugins that count see it twice.
        this.discard();
        this.answerAll(count, true);
      }
    }
    this.flush();
    this.backlog.turned(count === slots);
    return count === slots;
  }

  /** Drops what waits. Without that every query would be answered too late for as long as more is asked than can be answered; so most are answered in time. */
  private shed(): void {
    let count = slots;
    for (let batch = 0; batch < batchesDropped && count === slots; batch++) {
      count = this.descriptor.receive(this.incoming);
      this.counters.receiveCalls++;
      if (count > 0) this.counters.shed += count;
    }
    this.backlog.turned(false);
  }

  private answerAll(count: number, again = false): void {
    this.answering = true;
    this.receivedAt = this.answerer.now?.();
    try {
      for (let slot = 0; slot < count; slot++) {
        if (!again || this.answeredAtOnce[slot] === 1) this.answer(slot);
      }
    } finally {
      this.answering = false;
    }
  }

  private answer(slot: number): void {
    const { incoming, counters } = this;
    const peer = peerOf(this, incoming, slot);
    this.answeredAtOnce[slot] = 0;
    if (!incoming.hasName(slot) || !peer.answerable) {
      counters.unanswerable++;
      return;
    }
    if (incoming.isTruncated(slot)) counters.truncated++;
    const out = this.freeSlot();
    const length = this.answerer.answer(incoming.data[slot] as Buffer, 0, incoming.length(slot), peer, this.outgoing.data[out] as Buffer);
    if (length > 0) {
      this.answeredAtOnce[slot] = 1;
      this.enqueue(out, length, peer);
    } else if (length === pending) {
      peer.unanswered = true;
      this.unanswered++;
    }
  }

  /** A slot to write an answer to. When the system takes none any more, those that wait are given up: their askers have asked again. */
  private freeSlot(): number {
    if (this.filled === slots) this.flush();
    if (this.filled === slots) this.discard();
    if (this.filled === 0) this.filledSince = performance.now();
    return this.filled;
  }

  private enqueue(slot: number, length: number, peer: BatchPeer): void {
    this.outgoing.setLength(slot, length);
    peer.addressTo(this.outgoing, slot);
    this.filled = slot + 1;
  }

  private scheduleFlush(): void {
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => {
      this.flushScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    const { counters } = this;
    if (this.isStale()) this.discard();
    while (this.unsent < this.filled) {
      const sent = this.descriptor.send(this.outgoing, this.unsent, this.filled - this.unsent);
      counters.sendCalls++;
      if (sent > 0) {
        this.unsent += sent;
        counters.sent += sent;
        this.retries = 0;
        this.refused = false;
      } else if (!this.sendFailed(-sent)) return;
    }
    this.unsent = 0;
    this.filled = 0;
  }

  private isStale(): boolean {
    return this.unsent < this.filled && performance.now() - this.filledSince > staleAfter;
  }

  /** Says whether sending may go on. An error concerns the first message alone, which is tried once more; having no room concerns all. */
  private sendFailed(errno: number): boolean {
    const name = errorName(errno);
    if (!again.has(name)) {
      this.log.debug(`udp ${this.address}:${this.port}: sendmmsg: ${name}`);
      this.counters.sendErrors++;
      if (this.refused) this.unsent++;
      this.refused = !this.refused;
      return true;
    }
    this.counters.sendBlocked++;
    this.retries++;
    if (this.retries > maxRetries) this.discard();
    else this.retryTimer ??= setTimeout(() => this.retry(), retryDelay);
    return false;
  }

  private retry(): void {
    this.retryTimer = undefined;
    this.flush();
  }

  private discard(): void {
    this.counters.discarded += this.filled - this.unsent;
    this.unsent = 0;
    this.filled = 0;
    this.retries = 0;
    this.refused = false;
  }

  /** ICMP errors surface here among others; whom they concern asks again. */
  private receiveFailed(errno: number): void {
    const name = errorName(errno);
    if (name === 'EAGAIN' || name === 'EINTR') return;
    this.counters.receiveErrors++;
    this.log.debug(`udp ${this.address}:${this.port}: recvmmsg: ${name}`);
  }
}
