// Queries whose answer is not at hand: which they are, how long they may take, and who waits for the last one.
import type { Exchange } from '../dns/exchange.ts';
import type { Reply } from '../dns/reply.ts';
import { Deadlines } from '../transport/deadlines.ts';
import type { Unanswered } from './unanswered.ts';

/** Milliseconds between two looks at which queries have taken too long. */
const tick = 100;

/** A query in hand and its place in the list of them, which is {@link InHand}'s alone to change. */
export interface Held {
  readonly exchange: Exchange;
  before: Held | undefined;
  behind: Held | undefined;
}

/** They are a list: the tables of a Set that so much goes through grow old, and are garbage until the whole heap is collected. */
export class InHand {
  private last: Held | undefined;
  private idle: (() => void) | undefined;
  private readonly deadlines = new Deadlines(tick);

  enter(held: Held): void {
    held.before = this.last;
    if (this.last !== undefined) this.last.behind = held;
    this.last = held;
  }

  leave(held: Held): void {
    const { before, behind } = held;
    if (before !== undefined) before.behind = behind;
    if (behind === undefined) this.last = before;
    else behind.before = before;
    held.before = undefined;
    held.behind = undefined;
    if (this.last === undefined) this.idle?.();
  }

  /** Says that nobody waits for those that are left. */
  cancel(reason: string): void {
    const all: Held[] = [];
    for (let held = this.last; held !== undefined; held = held.before) all.push(held);
    for (const { exchange } of all) exchange.cancel(reason);
  }

  /** Resolves when no query is in hand. */
  empty(): Promise<void> {
    if (this.last === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.idle = resolve;
    });
  }

  /** Tells a query what comes of its answer, or that it has not come for so many milliseconds. */
  wait(answer: Promise<Reply>, milliseconds: number, unanswered: Unanswered): void {
    unanswered.wait(answer, milliseconds, this.deadlines);
  }
}
