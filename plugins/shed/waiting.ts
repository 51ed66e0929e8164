// The queries of one listener that wait for their answers over UDP: not more than a bound, and the oldest goes first.
import { type Awaitable, isPromise, type Query, Reply } from 'ferrydns/plugin';

/** Milliseconds that every client waits: a query that is younger is not given up for another one. */
const patience = 1000;

/** What was not answered. */
export interface Drops {
  /** The query was not taken. */
  query(): void;
  /** The query was taken, and given up for a newer one. */
  response(): void;
}

interface Waiter {
  readonly since: number;
  giveUp(): void;
}

export class Waiting {
  private readonly most: number;
  private readonly now: () => number;
  /** In the order of their arrival. */
  private readonly waiters = new Set<Waiter>();

  constructor(most: number, now: () => number) {
    this.most = most;
    this.now = now;
  }

  /** The answer of `next`. Where too many wait already, silence for the oldest or for this one. */
  admit(query: Query, next: (query: Query) => Awaitable<Reply>, drops: Drops): Awaitable<Reply> {
    if (this.waiters.size >= this.most) {
      const [oldest] = this.waiters;
      if (oldest === undefined || this.now() - oldest.since < patience) {
        drops.query();
        return Reply.drop;
      }
      drops.response();
      this.waiters.delete(oldest);
      oldest.giveUp();
    }
    const reply = next(query);
    return isPromise(reply) ? this.wait(reply) : reply;
  }

  private wait(reply: Promise<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { since: this.now(), giveUp: () => resolve(Reply.drop) };
      this.waiters.add(waiter);
      const leave = () => this.waiters.delete(waiter);
      reply.then(
        (found) => {
          leave();
          resolve(found);
        },
        (error: unknown) => {
          leave();
          reject(error);
        },
      );
    });
  }
}
