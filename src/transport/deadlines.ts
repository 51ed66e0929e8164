// When waiting ends: one timer for everything that is waited for, however much that is.

/** Something that is waited for. */
export interface Waiting {
  /** Milliseconds on the clock of {@link performance.now} at which the wait is over. Not to be changed while it is in a wheel. */
  readonly until: number;
  /** Called once, when it is. */
  expire(): void;
}

/** A wheel of deadlines: to begin and to end a wait is one entry in a set. No timer runs while nothing waits. */
export class Deadlines {
  /** Milliseconds between two looks at what is over. Whatever waits waits so much longer at most. */
  private readonly tick: number;
  private readonly slots = new Map<number, Set<Waiting>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(tick: number) {
    this.tick = tick;
  }

  add(waiting: Waiting): void {
    const slot = this.slotOf(waiting);
    const there = this.slots.get(slot);
    if (there === undefined) this.slots.set(slot, new Set([waiting]));
    else there.add(waiting);
    this.timer ??= setTimeout(this.look, this.tick).unref();
  }

  remove(waiting: Waiting): void {
    this.slots.get(this.slotOf(waiting))?.delete(waiting);
  }

  private readonly look = () => {
    const now = performance.now();
    for (const [slot, waiting] of this.slots) {
      if (slot * this.tick > now) continue;
      for (const each of waiting) {
        waiting.delete(each);
        each.expire();
      }
      this.slots.delete(slot);
    }
    this.timer = this.slots.size === 0 ? undefined : setTimeout(this.look, this.tick).unref();
  };

  private slotOf({ until }: Waiting): number {
    return Math.ceil(until / this.tick);
  }
}
