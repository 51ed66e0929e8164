// Queries whose answer is not at hand: how many there are, how long they may take, and who waits for the last one.
import { Deadlines, type Waiting } from './deadlines.ts';

export class InHand {
  private count = 0;
  private idle: (() => void) | undefined;
  private readonly deadlines = new Deadlines();

  enter(): void {
    this.count++;
  }

  leave(): void {
    this.count--;
    if (this.count === 0) this.idle?.();
  }

  /** Resolves when no query is in hand. */
  empty(): Promise<void> {
    if (this.count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.idle = resolve;
    });
  }

  /** What `value` resolves to, what `failed` makes of its error, or what `late` says when it has not come for so many milliseconds. Never rejects. */
  inTime<T>(value: Promise<T>, milliseconds: number, { failed, late }: { failed(error: unknown): T; late(): T }): Promise<T> {
    return new Promise((resolve) => {
      const waiting: Waiting = { until: performance.now() + milliseconds, expire: () => resolve(late()) };
      this.deadlines.add(waiting);
      const end = (result: T) => {
        this.deadlines.remove(waiting);
        resolve(result);
      };
      value.then(end, (error: unknown) => end(failed(error)));
    });
  }
}
