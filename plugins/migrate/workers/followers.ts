// The other processes of a server that answer by a plan: what each of them was granted, until when, and what it can have handed out by it.
import type { migration } from 'ferrydns/built-in/moves';
import { endsOf, type FollowerMessage, paceOf, type Report, type Signal, type Snapshot } from './snapshot.ts';

type Ledger = InstanceType<typeof migration.Ledger>;
type Tell = (signal: Signal) => void;

export interface FollowersOptions {
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** What is answered by at this moment. */
  snapshot(): Snapshot;
  ledger(): Ledger;
  /** Milliseconds added to every lease. */
  slack(): number;
  /** Runs soon, so that those who ask at the same time are granted it by one message. */
  readonly soon?: (run: () => void) => void;
}

/** What a follower has been granted: it may answer by it. */
interface Grant {
  /** The last grant that it was sent. */
  readonly number: number;
  /** Nothing that it was granted is good any more from then on, by the monotonic clock. */
  readonly until: number;
  /** The ends of the last leases that it can hand out, by the same clock. */
  readonly ends: migration.Leases;
}

const none: migration.Leases = { from: 0, to: 0 };
/** Stands for those that an earlier run of the server may have left behind. */
const orphan = '';

/**
 * What leads to a side that can be taken back is granted for a moment only, again and again, and counts as a lease on that side from when it is granted.
 * Before the plan goes on, it is withdrawn: either every follower has said that it has let go, or its time is over, and it knows that by itself.
 */
export class Followers {
  private readonly options: FollowersOptions;
  private readonly channels = new Set<Tell>();
  private readonly grants = new Map<string, Grant>();
  /** Who has said a word since this was last emptied. */
  private readonly heard = new Set<string>();
  private asking = new Map<string, number>();
  private reserved = none;
  private number = 0;
  private withdrawals = 0;
  private renewAt = Number.NEGATIVE_INFINITY;
  private shown = '';
  private readonly waiting = new Set<() => void>();
  private orphans: Grant | undefined;
  private closed = false;

  constructor(options: FollowersOptions) {
    this.options = options;
  }

  /** Adds a way to tell the followers in the other processes, one for each configuration. Returns what ends it. */
  join(tell: Tell): () => void {
    this.channels.add(tell);
    tell({ kind: 'renew' });
    return () => this.channels.delete(tell);
  }

  /** What an earlier run can have handed out by `leases` may go on for as long as a snapshot lasts: its followers end with it, but not at once. */
  succeed(leases: migration.Leases): void {
    const { lasts } = paceOf('original');
    if (leases.from === 0 && leases.to === 0) return;
    const extended = (end: number) => (end === 0 ? 0 : end + lasts);
    this.orphans = { number: 0, until: this.options.now() + lasts, ends: { from: extended(leases.from), to: extended(leases.to) } };
  }

  hear({ follower, said, got, bound, leaves, handed }: FollowerMessage): void {
    if (this.closed) return;
    this.admitOrphans();
    this.note(handed);
    const granted = this.grants.get(follower);
    // What is on its way to it counts as held.
    if (granted !== undefined && !bound && (leaves || got >= granted.number)) this.release(follower);
    this.heard.add(follower);
    this.wake();
    if (leaves) this.asking.delete(follower);
    if (leaves || this.withdrawals > 0) return;
    if (this.asking.size === 0) (this.options.soon ?? setImmediate)(() => this.grantAll());
    this.asking.set(follower, said);
  }

  /** Time has passed. */
  tick(): void {
    this.sweep();
    this.wake();
    const snapshot = this.options.snapshot();
    const now = this.options.now();
    if (now < this.renewAt && keyOf(snapshot) === this.shown) return;
    this.askToRenew(snapshot);
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
    this.all({ kind: 'renew' });
    await this.until((follower) => this.heard.has(follower));
    this.withdrawals++;
    this.asking.clear();
    this.all({ kind: 'withdraw' });
    await this.until(() => false);
    return () => {
      this.withdrawals--;
      if (!this.closed) this.askToRenew(this.options.snapshot());
    };
  }

  close(): void {
    this.closed = true;
    this.grants.clear();
    this.wake();
  }

  /** Waits until every grant has ended, or is as it should be. */
  private async until(settled: (follower: string) => boolean): Promise<void> {
    for (;;) {
      this.sweep();
      if ([...this.grants.keys()].every(settled)) return;
      await this.nextChange();
    }
  }

  /** Resolves when something has been heard, or the next grant has ended. */
  private async nextChange(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.add(resolve);
    const ends = [...this.grants.values()].map(({ until }) => until);
    const timer = setTimeout(resolve, Math.max(1, Math.min(...ends) - this.options.now()));
    await promise;
    clearTimeout(timer);
  }

  private wake(): void {
    for (const go of this.waiting) go();
    this.waiting.clear();
  }

  private askToRenew(snapshot: Snapshot): void {
    this.shown = keyOf(snapshot);
    this.renewAt = this.options.now() + paceOf(snapshot.phase).every;
    this.all({ kind: 'renew' });
  }

  private all(signal: Signal): void {
    for (const tell of this.channels) tell(signal);
  }

  private grantAll(): void {
    const { asking } = this;
    if (asking.size === 0 || this.closed) return;
    this.asking = new Map();
    const snapshot = this.options.snapshot();
    this.shown = keyOf(snapshot);
    const number = ++this.number;
    const { lasts } = snapshot;
    if (lasts !== undefined) {
      const now = this.options.now();
      const until = now + lasts;
      const ends = endsOf(snapshot, { now, slack: this.options.slack() });
      for (const follower of asking.keys()) this.grantTo(follower, { number, until, ends });
    }
    this.all({ kind: 'grant', number, snapshot, asked: Object.fromEntries(asking) });
  }

  /** Until the follower says that it has let go, what it was granted before counts as well. */
  private grantTo(follower: string, { number, until, ends }: Grant): void {
    const before = this.grants.get(follower);
    this.grants.set(follower, { number, until: Math.max(until, before?.until ?? 0), ends: later(ends, before?.ends ?? none) });
    this.reserve();
  }

  private release(follower: string): void {
    this.grants.delete(follower);
    this.reserve();
  }

  private reserve(): void {
    this.reserved = none;
    for (const { ends } of this.grants.values()) this.reserved = later(this.reserved, ends);
  }

  /** A follower that did not let go in time does not answer any more; nobody knows whom it has answered. */
  private sweep(): void {
    const now = this.options.now();
    for (const [follower, { until, ends }] of this.grants) {
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
  private admitOrphans(): void {
    if (this.orphans !== undefined) this.grantTo(orphan, this.orphans);
    this.orphans = undefined;
  }
}

function later(a: migration.Leases, b: migration.Leases): migration.Leases {
  return { from: Math.max(a.from, b.from), to: Math.max(a.to, b.to) };
}

/** What of a snapshot is not the time. */
function keyOf({ how, where, phase, damage, flip }: Snapshot): string {
  return JSON.stringify([how, where, phase, damage, flip?.at]);
}
