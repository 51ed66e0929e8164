// When waiting ends: one timer for everything that is waited for, however much that is.

/** Milliseconds between two looks at what is over. Whatever waits waits so much longer at most. */
const tick = 100;

/** Something that is waited for. */
export interface Waiting {
  /** Milliseconds on the clock of {@link performance.now} at which the wait is over. */
  readonly until: number;
  /** Called once, when it is. */
  expire(): void;
}

/** A wheel of deadlines: to begin and to end a wait is one entry in a set. No timer runs while nothing waits. */
export class Deadlines {
  private readonly slots = new Map<number, Set<Waiting>>();
  private timer: NodeJS.Timeout | undefined;

  add(waiting: Waiting): void {
    const slot = slotOf(waiting);
    const there = this.slots.get(slot);
    if (there === undefined) this.slots.set(slot, new Set([waiting]));
    else there.add(waiting);
    this.timer ??= setTimeout(this.look, tick).unref();
  }

  remove(waiting: Waiting): void {
    this.slots.get(slotOf(waiting))?.delete(waiting);
  }

  private readonly look = () => {
    const now = performance.now();
    for (const [slot, waiting] of this.slots) {
      if (slot * tick > now) continue;
      this.slots.delete(slot);
      for (const each of waiting) each.expire();
    }
    this.timer = this.slots.size === 0 ? undefined : setTimeout(this.look, tick).unref();
  };
}

function slotOf({ until }: Waiting): number {
  return Math.ceil(until / tick);
}
