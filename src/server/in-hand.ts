// Queries whose answer is not at hand: which they are, how long they may take, and who waits for the last one.
import type { Exchange } from '../dns/exchange.ts';
import type { Reply } from '../dns/reply.ts';
import { Deadlines } from '../transport/deadlines.ts';
import type { Unanswered } from './unanswered.ts';

/** Milliseconds between two looks at which queries have taken too long. */
const tick = 100;

export class InHand {
  private readonly exchanges = new Set<Exchange>();
  private idle: (() => void) | undefined;
  private readonly deadlines = new Deadlines(tick);

  enter(exchange: Exchange): void {
    this.exchanges.add(exchange);
  }

  leave(exchange: Exchange): void {
    this.exchanges.delete(exchange);
    if (this.exchanges.size === 0) this.idle?.();
  }

  /** Says that nobody waits for those that are left. */
  cancel(reason: string): void {
    for (const exchange of this.exchanges) exchange.cancel(reason);
  }

  /** Resolves when no query is in hand. */
  empty(): Promise<void> {
    if (this.exchanges.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.idle = resolve;
    });
  }

  /** Tells a query what comes of its answer, or that it has not come for so many milliseconds. */
  wait(answer: Promise<Reply>, milliseconds: number, unanswered: Unanswered): void {
    void unanswered.wait(answer, milliseconds, this.deadlines);
  }
}
