// When waiting ends: one timer for everything that is waited for, however much that is.

/** Ticks until a slot comes round again. What waits longer stays in its slot for another round. */
const slotCount = 512;
/** Ticks by which a look may be late before this process is taken for late. */
const lateTicks = 2;

/** A place in the list of a slot, kept by {@link Deadlines}. */
interface Linked {
  before: Linked | undefined;
  behind: Waiting | undefined;
}

/** Something that is waited for. The links are undefined while it is in no wheel, and are not its own to change. */
export interface Waiting extends Linked {
  /** Milliseconds on the clock of {@link performance.now} at which the wait is over. */
  readonly until: number;
  /** Called once, when it is; it is in the wheel no more. */
  expire(): void;
}

/**
 * A wheel of deadlines. To begin and to end a wait is to change four links: a table that so much goes through would keep what was in it until the
 * whole heap is collected. No timer runs while nothing waits.
 */
export class Deadlines {
  /** Milliseconds between two looks at what is over; no wait is longer than asked for by more than that. */
  private readonly tick: number;
  private readonly slots = Array.from({ length: slotCount }, (): Linked => ({ before: undefined, behind: undefined }));
  private count = 0;
  /** The number of the tick that was looked at last. */
  private looked = 0;
  private timer: NodeJS.Timeout | undefined;
  /** When the timer is to fire. */
  private due = 0;

  constructor(tick: number) {
    this.tick = tick;
  }

  add(waiting: Waiting): void {
    if (this.timer === undefined) {
      const now = performance.now();
      this.looked = Math.floor(now / this.tick);
      this.wait(now);
    }
    const number = Math.max(Math.ceil(waiting.until / this.tick), this.looked + 1);
    const slot = this.slots[number % slotCount] as Linked;
    waiting.before = slot;
    waiting.behind = slot.behind;
    if (slot.behind !== undefined) slot.behind.before = waiting;
    slot.behind = waiting;
    this.count++;
  }

  remove(waiting: Waiting): void {
    const { before, behind } = waiting;
    if (before === undefined) return;
    before.behind = behind;
    if (behind !== undefined) behind.before = before;
    waiting.before = undefined;
    waiting.behind = undefined;
    this.count--;
  }

  private wait(now: number): void {
    this.due = now + this.tick;
    this.timer = setTimeout(this.wake, this.tick).unref();
  }

  /**
   * When this process is late, what it waits for may have come long ago: that is read first, in the round of the event loop that has begun. Else a
   * server that has too little of the processor would take others for silent, and ask them twice.
   */
  private readonly wake = () => {
    if (performance.now() - this.due <= lateTicks * this.tick) this.look();
    else setImmediate(() => setImmediate(this.look));
  };

  private readonly look = () => {
    const now = performance.now();
    const current = Math.floor(now / this.tick);
    const first = Math.max(this.looked + 1, current - slotCount + 1);
    this.looked = current;
    for (let number = first; number <= current; number++) this.expire(this.slots[number % slotCount] as Linked, now);
    if (this.count === 0) this.timer = undefined;
    else this.wait(performance.now());
  };

  private expire(slot: Linked, now: number): void {
    if (slot.behind === undefined) return;
    const over: Waiting[] = [];
    for (let waiting: Waiting | undefined = slot.behind; waiting !== undefined; waiting = waiting.behind) {
      if (waiting.until <= now) over.push(waiting);
    }
    for (const waiting of over) {
      // One that is over may end others.
      if (waiting.before === undefined) continue;
      this.remove(waiting);
      waiting.expire();
    }
  }
}
