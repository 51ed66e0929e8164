// The changes of shared states that one worker has not been sent yet.
import { serialize } from 'node:v8';
import { messageOf } from '../config/error.ts';
import type { Logger } from '../log/logger.ts';

/** A state, as its generation knows it. */
export interface StateAddress {
  /** Of the configuration. */
  readonly serial: number;
  /** Of the instance. */
  readonly identity: string;
  readonly label: string;
}

/** An entry that was set, or only its key where it was deleted. */
export type Change = readonly [key: string, value: unknown] | readonly [key: string];

/** Changes of one state, in order. */
export interface Piece extends StateAddress {
  readonly changes: readonly Change[];
}

/** What is read when a piece is made. */
export interface Source {
  readonly address: StateAddress;
  readonly entries: ReadonlyMap<string, unknown>;
  /** Tells the outbox nothing more. */
  leave(outbox: Outbox): void;
}

/** Entries in one message: a worker takes them in well below a millisecond, between two queries. */
const pieceLength = 256;

/**
 * One piece is on its way at a time: the next one is made when the worker has taken it in. What changes meanwhile is remembered by its key alone, so a worker
 * that falls behind costs no memory but that, and catches up with what is so then. Several states take turns.
 */
export class Outbox {
  private readonly send: (piece: Piece) => Promise<unknown>;
  private readonly log: Logger;
  private readonly pending = new Map<Source, ChangedKeys>();
  /** The number of the last change. */
  private last = 0;
  private running = false;
  private ended: Error | undefined;
  private waiting: { readonly number: number; resolve(): void; reject(error: Error): void }[] = [];

  constructor(send: (piece: Piece) => Promise<unknown>, log: Logger) {
    this.send = send;
    this.log = log;
  }

  /** From here on it tells of this state, first of all that is there. */
  follow(source: Source): void {
    if (this.ended !== undefined) return void source.leave(this);
    const keys = new ChangedKeys();
    for (const key of source.entries.keys()) keys.add(key, ++this.last);
    this.pending.set(source, keys);
    this.run();
  }

  forget(source: Source): void {
    this.pending.delete(source);
  }

  changed(source: Source, key: string): void {
    this.pending.get(source)?.add(key, ++this.last);
    this.run();
  }

  /** Resolves when the worker knows all that was so at the call; rejects when it ends before. */
  caughtUp(): Promise<void> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.waiting.push({ number: this.last, resolve, reject });
    this.run();
    return promise;
  }

  end(error: Error): void {
    this.ended = error;
    for (const source of this.pending.keys()) source.leave(this);
    this.pending.clear();
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  private run(): void {
    if (this.running) return;
    this.running = true;
    // What changes in one go leaves together.
    queueMicrotask(() => void this.empty());
  }

  private async empty(): Promise<void> {
    for (let piece = this.take(); piece !== undefined && this.ended === undefined; piece = this.take()) {
      await this.deliver(piece);
      this.wake();
    }
    this.running = false;
    this.wake();
  }

  private take(): Piece | undefined {
    for (const [source, keys] of this.pending) {
      const taken = keys.take(pieceLength);
      if (taken.length === 0) continue;
      // The others come first now.
      this.pending.delete(source);
      this.pending.set(source, keys);
      const { entries, address } = source;
      return { ...address, changes: taken.map((key) => (entries.has(key) ? [key, entries.get(key)] : [key])) };
    }
    return undefined;
  }

  private async deliver(piece: Piece): Promise<void> {
    try {
      await this.send(piece);
    } catch {
      if (this.ended !== undefined) return;
      // An entry that cannot be sent does not keep the others from it.
      await this.send({ ...piece, changes: piece.changes.filter((change) => this.canBeSent(piece, change)) }).catch(() => undefined);
    }
  }

  private canBeSent({ identity, label }: StateAddress, [key, value]: Change): boolean {
    try {
      serialize(value);
      return true;
    } catch (error) {
      this.log.error(`multisocket: workers do not learn what '${label}' of ${identity} holds for '${key}', expected plain data: ${messageOf(error)}`);
      return false;
    }
  }

  /** Tells those who wait for what has been taken in. */
  private wake(): void {
    if (this.waiting.length === 0) return;
    const next = Math.min(...[...this.pending.values()].map(({ first }) => first));
    const done = this.waiting.filter(({ number }) => number < next);
    this.waiting = this.waiting.filter(({ number }) => number >= next);
    for (const { resolve } of done) resolve();
  }
}

/** The keys of a state that have changed, in the order of their last change. */
class ChangedKeys {
  /** With the number of the last change. */
  private readonly numbers = new Map<string, number>();
  /** What the map held when all before that was taken. An iterator of the map instead would keep every change alive while nothing is taken. */
  private order: (readonly [string, number])[] = [];
  private at = 0;

  /** The number of the first change that has not been taken. */
  get first(): number {
    return this.peek()?.[1] ?? Number.POSITIVE_INFINITY;
  }

  add(key: string, number: number): void {
    this.numbers.delete(key);
    this.numbers.set(key, number);
  }

  take(most: number): string[] {
    const taken: string[] = [];
    for (let first = this.peek(); first !== undefined && taken.length < most; first = this.peek()) {
      taken.push(first[0]);
      this.numbers.delete(first[0]);
    }
    return taken;
  }

  private peek(): readonly [string, number] | undefined {
    for (;;) {
      const first = this.order[this.at];
      if (first === undefined) {
        this.order = [...this.numbers];
        this.at = 0;
        if (this.order.length === 0) return undefined;
      } else if (this.numbers.get(first[0]) === first[1]) {
        return first;
      } else this.at++;
    }
  }
}
