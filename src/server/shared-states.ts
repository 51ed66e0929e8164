// The states that the instances of one configuration share with those in the other processes: the primary process writes, workers follow.
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../config/error.ts';
import type { Logger } from '../log/logger.ts';
import type { SharedState, StateKey, StateListener } from '../plugin/shared-state.ts';
import type { Outbox, Piece, Source, StateAddress } from './outbox.ts';

/** A note of a worker. */
export interface Note extends StateAddress {
  readonly note: unknown;
}

/** How a worker reaches the primary process. */
export interface PrimaryLink {
  /** Asks to be told of a state, from its beginning. */
  follow(address: StateAddress): void;
  /** `sent` is called when it has left. */
  note(note: Note, sent: () => void): void;
}

/** Who shares, and where its errors are logged. */
export interface Sharer {
  readonly identity: string;
  readonly log: Logger;
}

/** Notes of a state that may be on their way from a worker. */
const mostNotes = 1000;

export class SharedStates {
  private readonly serial: number;
  private readonly link: PrimaryLink | undefined;
  private readonly states = new Map<string, PrimaryState | WorkerState>();
  private readonly started = new Set<string>();

  /** In a worker with a way to the primary process. */
  constructor(serial: number, link: PrimaryLink | undefined) {
    this.serial = serial;
    this.link = link;
  }

  /** The state of an instance that starts. */
  open<V, N>({ identity, log }: Sharer, { label }: StateKey<V, N>, listener: StateListener<V, N>): SharedState<V, N> {
    const address = { serial: this.serial, identity, label };
    if (this.started.has(identity)) throw new Error(`state '${label}' is shared too late, expected it in start`);
    const state = this.link === undefined ? this.primary(address) : new WorkerState(address, this.link);
    if (state.listener !== undefined) throw new Error(`state '${label}' is shared twice`);
    state.listener = guarded(listener as StateListener<unknown, unknown>, log);
    this.states.set(nameOf(address), state);
    return state as unknown as SharedState<V, N>;
  }

  /** An instance has started: it hears from here on, and what came before now. */
  begin(identity: string): void {
    this.started.add(identity);
    for (const state of this.states.values()) if (state.address.identity === identity) state.begin();
  }

  /** A worker asks for a state. The instance in this process may not have started yet. */
  follow(address: StateAddress, outbox: Outbox): void {
    this.primary(address).join(outbox);
  }

  note({ note, ...address }: Note): void {
    this.primary(address).hear(note);
  }

  update({ changes, ...address }: Piece): void {
    const state = this.states.get(nameOf(address));
    if (state instanceof WorkerState) state.update(changes);
  }

  /** Nothing more is sent to workers, and a worker takes no more changes. The notes that a worker sends until its own end are still heard. */
  end(): void {
    for (const state of this.states.values()) state.end();
  }

  private primary(address: StateAddress): PrimaryState {
    const known = this.states.get(nameOf(address));
    if (known instanceof PrimaryState) return known;
    const state = new PrimaryState(address);
    // Where its instance does not share it, nobody waits for notes.
    if (this.started.has(address.identity)) state.begin();
    this.states.set(nameOf(address), state);
    return state;
  }
}

class PrimaryState implements SharedState<unknown, unknown>, Source {
  readonly address: StateAddress;
  readonly entries = new Map<string, unknown>();
  listener: StateListener<unknown, unknown> | undefined;
  private readonly outboxes = new Set<Outbox>();
  /** Notes that came before there was somebody to hear them. */
  private early: unknown[] | undefined = [];

  constructor(address: StateAddress) {
    this.address = address;
  }

  set(key: string, value: unknown): void {
    this.entries.set(key, value);
    for (const outbox of this.outboxes) outbox.changed(this, key);
  }

  delete(key: string): void {
    if (!this.entries.delete(key)) return;
    for (const outbox of this.outboxes) outbox.changed(this, key);
  }

  replace(entries: ReadonlyMap<string, unknown>): void {
    for (const key of [...this.entries.keys()]) if (!entries.has(key)) this.delete(key);
    for (const [key, value] of entries) if (!this.entries.has(key) || !isDeepStrictEqual(this.entries.get(key), value)) this.set(key, value);
  }

  tell(): boolean {
    return true;
  }

  begin(): void {
    const { early = [], listener } = this;
    this.early = undefined;
    if (this.outboxes.size > 0) listener?.followed?.();
    for (const note of early) listener?.told?.(note);
  }

  hear(note: unknown): void {
    if (this.early === undefined) this.listener?.told?.(note);
    else this.early.push(note);
  }

  join(outbox: Outbox): void {
    if (this.early === undefined && this.outboxes.size === 0) this.listener?.followed?.();
    this.outboxes.add(outbox);
    outbox.follow(this);
  }

  leave(outbox: Outbox): void {
    this.outboxes.delete(outbox);
  }

  end(): void {
    for (const outbox of this.outboxes) outbox.forget(this);
    this.outboxes.clear();
  }
}

class WorkerState implements SharedState<unknown, unknown> {
  readonly entries = new Map<string, unknown>();
  listener: StateListener<unknown, unknown> | undefined;
  readonly address: StateAddress;
  private readonly link: PrimaryLink;
  private begun = false;
  private notes = 0;

  constructor(address: StateAddress, link: PrimaryLink) {
    this.address = address;
    this.link = link;
    link.follow(address);
  }

  set(): never {
    throw new Error('a worker cannot change what the primary process shares, expected server.primary');
  }

  delete(): never {
    return this.set();
  }

  replace(): never {
    return this.set();
  }

  tell(note: unknown): boolean {
    if (this.notes >= mostNotes) return false;
    this.link.note({ ...this.address, note }, () => this.notes--);
    this.notes++;
    return true;
  }

  begin(): void {
    this.begun = true;
    for (const [key, value] of this.entries) this.listener?.changed?.(key, value);
  }

  end(): void {
    this.listener = undefined;
  }

  update(changes: Piece['changes']): void {
    for (const change of changes) {
      const [key, value] = change;
      if (change.length === 1) this.entries.delete(key);
      else this.entries.set(key, value);
      if (this.begun) this.listener?.changed?.(key, value);
    }
  }
}

function nameOf({ identity, label }: StateAddress): string {
  return `${identity} ${label}`;
}

/** Calls a listener. What it throws is logged, and it is called for the next change all the same. */
function guarded({ changed, told, followed }: StateListener<unknown, unknown>, log: Logger): StateListener<unknown, unknown> {
  const run = (call: () => void) => {
    try {
      call();
    } catch (error) {
      log.error(messageOf(error));
    }
  };
  return {
    ...(changed && { changed: (key, value) => run(() => changed(key, value)) }),
    ...(told && { told: (note) => run(() => told(note)) }),
    ...(followed && { followed: () => run(followed) }),
  };
}
