// Queries whose answer is not at hand: which they are, how long they may take, and who waits for the last one.
import type { Exchange } from '../dns/exchange.ts';
import { Deadlines, type Waiting } from '../transport/deadlines.ts';

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

  /** What `value` resolves to, what `failed` makes of its error, or what `late` says when it has not come for so many milliseconds. Never rejects. */
  inTime<T>(value: Promise<T>, milliseconds: number, { failed, late }: { failed(error: unknown): T; late(): T }): Promise<T> {
    return new Promise((resolve) => {
      const waiting: Waiting = { until: performance.now() + milliseconds, expire: () => resolve(late()), before: undefined, behind: undefined };
      this.deadlines.add(waiting);
      const end = (result: T) => {
        this.deadlines.remove(waiting);
        resolve(result);
      };
      value.then(end, (error: unknown) => end(failed(error)));
    });
  }
}
