// The other processes of a server that answer by a plan: what each of them was granted, until when, and what it can have handed out by it.
import type { migration } from 'ferrydns/built-in/moves';
import { endsOf, type FollowerWord, type Posture, paceOf, type Report, type Signal } from './posture.ts';

type Ledger = InstanceType<typeof migration.Ledger>;
type Tell = (signal: Signal) => void;

export interface FleetOptions {
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** What is answered by at this moment. */
  posture(): Posture;
  ledger(): Ledger;
  /** Milliseconds added to every lease. */
  slack(): number;
  /** Runs soon, so that those who ask at the same time are granted it by one message. */
  readonly soon?: (run: () => void) => void;
}

/** What a follower may be answering by. */
interface Berth {
  /** The last grant that it was sent. */
  readonly number: number;
  /** Nothing that it was granted is good any more from then on, by the monotonic clock. */
  readonly until: number;
  /** The ends of the last leases that it can hand out, by the same clock. */
  readonly ends: migration.Leases;
}

const none: migration.Leases = { from: 0, to: 0 };
/** Stands for those that an earlier run of the server may have left behind. */
const stray = '';

/**
 * What leads to a side that can be taken back is granted for a moment only, again and again, and counts as a lease on that side from when it is granted.
 * Before the plan goes on, it is withdrawn: either every follower has said that it has let go, or its time is over, and it knows that by itself.
 */
export class Fleet {
  private readonly options: FleetOptions;
  private readonly channels = new Set<Tell>();
  private readonly berths = new Map<string, Berth>();
  /** Who has said a word since this was last emptied. */
  private readonly heard = new Set<string>();
  private asking = new Map<string, number>();
  private reserved = none;
  private number = 0;
  private withdrawals = 0;
  private musterAt = Number.NEGATIVE_INFINITY;
  private shown = '';
  private readonly waiting = new Set<() => void>();
  private strays: Berth | undefined;
  private closed = false;

  constructor(options: FleetOptions) {
    this.options = options;
  }

  /** The followers in the other processes, in one configuration. Returns how to tell them no more. */
  join(tell: Tell): () => void {
    this.channels.add(tell);
    tell({ kind: 'muster' });
    return () => this.channels.delete(tell);
  }

  /** What an earlier run can have handed out by `leases` may go on for as long as a posture lasts: its followers end with it, but not at once. */
  succeed(leases: migration.Leases): void {
    const { lasts } = paceOf('original');
    if (leases.from === 0 && leases.to === 0) return;
    const extended = (end: number) => (end === 0 ? 0 : end + lasts);
    this.strays = { number: 0, until: this.options.now() + lasts, ends: { from: extended(leases.from), to: extended(leases.to) } };
  }

  hear({ follower, said, got, bound, leaves, handed }: FollowerWord): void {
    if (this.closed) return;
    this.admitStrays();
    this.note(handed);
    const berth = this.berths.get(follower);
    // What is on its way to it counts as held.
    if (berth !== undefined && !bound && (leaves || got >= berth.number)) this.release(follower);
    this.heard.add(follower);
    this.wake();
    if (leaves) this.asking.delete(follower);
    if (leaves || this.withdrawals > 0) return;
    if (this.asking.size === 0) (this.options.soon ?? setImmediate)(() => this.grant());
    this.asking.set(follower, said);
  }

  /** Time has passed. */
  tick(): void {
    this.sweep();
    this.wake();
    const posture = this.options.posture();
    const now = this.options.now();
    if (now < this.musterAt && keyOf(posture) === this.shown) return;
    this.muster(posture);
  }

  /** The ends of the leases in a ledger and of those that may be handed out by what is granted. */
  leases(known: migration.Leases): migration.Leases {
    const { reserved } = this;
    if (reserved === none) return known;
    return { from: Math.max(known.from, reserved.from), to: Math.max(known.to, reserved.to) };
  }

  /** Resolves when nobody answers by what was granted any more. Nothing is granted again until what it resolves to is called. */
  async withdraw(): Promise<() => void> {
    // One that does not answer is waited for while the others go on.
    this.heard.clear();
    this.all({ kind: 'muster' });
    await this.until((follower) => this.heard.has(follower));
    this.withdrawals++;
    this.asking.clear();
    this.all({ kind: 'withdraw' });
    await this.until(() => false);
    return () => {
      this.withdrawals--;
      if (!this.closed) this.muster(this.options.posture());
    };
  }

  close(): void {
    this.closed = true;
    this.berths.clear();
    this.wake();
  }

  /** Waits until every berth has ended, or is as it should be. */
  private async until(settled: (follower: string) => boolean): Promise<void> {
    for (;;) {
      this.sweep();
      if ([...this.berths.keys()].every(settled)) return;
      await this.news();
    }
  }

  /** Resolves when something has been heard, or the next berth has ended. */
  private async news(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.add(resolve);
    const ends = [...this.berths.values()].map(({ until }) => until);
    const timer = setTimeout(resolve, Math.max(1, Math.min(...ends) - this.options.now()));
    await promise;
    clearTimeout(timer);
  }

  private wake(): void {
    for (const go of this.waiting) go();
    this.waiting.clear();
  }

  private muster(posture: Posture): void {
    this.shown = keyOf(posture);
    this.musterAt = this.options.now() + paceOf(posture.phase).every;
    this.all({ kind: 'muster' });
  }

  private all(signal: Signal): void {
    for (const tell of this.channels) tell(signal);
  }

  private grant(): void {
    const { asking } = this;
    if (asking.size === 0 || this.closed) return;
    this.asking = new Map();
    const posture = this.options.posture();
    this.shown = keyOf(posture);
    const number = ++this.number;
    const { lasts } = posture;
    if (lasts !== undefined) {
      const now = this.options.now();
      const until = now + lasts;
      const ends = endsOf(posture, { now, slack: this.options.slack() });
      for (const follower of asking.keys()) this.berth(follower, { number, until, ends });
    }
    this.all({ kind: 'grant', number, posture, asked: Object.fromEntries(asking) });
  }

  /** Until the follower says that it has let go, what it was granted before counts as well. */
  private berth(follower: string, { number, until, ends }: Berth): void {
    const before = this.berths.get(follower);
    this.berths.set(follower, { number, until: Math.max(until, before?.until ?? 0), ends: later(ends, before?.ends ?? none) });
    this.reserve();
  }

  private release(follower: string): void {
    this.berths.delete(follower);
    this.reserve();
  }

  private reserve(): void {
    this.reserved = none;
    for (const { ends } of this.berths.values()) this.reserved = later(this.reserved, ends);
  }

  /** A follower that did not let go in time does not answer any more; nobody knows whom it has answered. */
  private sweep(): void {
    const now = this.options.now();
    for (const [follower, { until, ends }] of this.berths) {
      if (until > now) continue;
      this.options.ledger().reserve(ends);
      this.release(follower);
    }
  }

  private note({ lists, unlisted }: Report): void {
    const now = this.options.now();
    const ledger = this.options.ledger();
    for (const { answer, clients } of lists) for (const [client, ttl, ago] of clients) ledger.hand({ client, answer, ttl }, now - ago);
    const slack = this.options.slack();
    const end = (left: number) => (left === 0 ? 0 : now + left + slack);
    if (unlisted.from > 0 || unlisted.to > 0) ledger.reserve({ from: end(unlisted.from), to: end(unlisted.to) }, { cut: true });
  }

  /** Only a server of several processes has left followers behind. */
  private admitStrays(): void {
    if (this.strays !== undefined) this.berth(stray, this.strays);
    this.strays = undefined;
  }
}

function later(a: migration.Leases, b: migration.Leases): migration.Leases {
  return { from: Math.max(a.from, b.from), to: Math.max(a.to, b.to) };
}

/** What of a posture is not the time. */
function keyOf({ how, where, phase, damage, flip }: Posture): string {
  return JSON.stringify([how, where, phase, damage, flip?.at]);
}
