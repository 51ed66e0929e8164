// Who answers now: the members that come first as long as one of them is well, then the next; and when those that come first get it back.
import type { AllDown, ServingReason } from 'ferrydns/built-in';

export type Failback = { readonly when: 'auto' | 'manual' } | { readonly when: 'after'; readonly delay: number };

/** What must be known of a member. */
export interface Ranked {
  readonly label: string;
  readonly up: boolean;
  /** It is up, but answers are not to name it any more. */
  readonly drained: boolean;
  readonly backup: boolean;
}

export interface Serving<M> {
  readonly members: readonly M[];
  readonly by: ServingReason;
}

export interface SuccessionOptions<M> {
  /** In this order; a rank answers when those before it have no member that is well. */
  readonly ranks: readonly (readonly M[])[];
  readonly failback: Failback;
  readonly allDown: AllDown;
}

export class Succession<M extends Ranked> {
  /** When the outcome may change by time alone. */
  reviewAt = Number.POSITIVE_INFINITY;
  private readonly ranks: readonly (readonly M[])[];
  private readonly failbackRule: Failback;
  private readonly allDown: AllDown;
  private active = 0;
  /** The better rank that has somebody again, and since when without a break. */
  private waiting: { readonly rank: number; readonly since: number } | undefined;
  private lastServed: readonly M[] = [];

  constructor({ ranks, failback, allDown }: SuccessionOptions<M>) {
    this.ranks = ranks;
    this.failbackRule = failback;
    this.allDown = allDown;
  }

  /** Whether a rank before the one that answers has somebody and is kept waiting. */
  get pending(): boolean {
    return this.waiting !== undefined;
  }

  /** Those that come before the ones whose turn it is. */
  get ahead(): readonly M[] {
    return this.ranks.slice(0, this.active).flat();
  }

  /** Decides who answers from now on. */
  review(now: number): Serving<M> {
    this.reviewAt = Number.POSITIVE_INFINITY;
    const best = this.ranks.findIndex((rank) => rank.some(isWell));
    if (best === -1) {
      this.waiting = undefined;
      return this.whenAllAreDown();
    }
    this.settle(best, now);
    const members = (this.ranks[this.active] ?? []).filter(isWell);
    this.lastServed = members;
    return { members, by: members.every(({ backup }) => backup) ? 'backup' : 'members' };
  }

  /** Stops the waiting: those that come first answer from the next review on. False when none was waiting. */
  failback(): boolean {
    if (this.waiting === undefined) return false;
    this.active = this.waiting.rank;
    this.waiting = undefined;
    return true;
  }

  /** Goes on where another one was, for the members that both have. */
  inherit(previous: Succession<M>): void {
    const labels = new Set((previous.ranks[previous.active] ?? []).map(({ label }) => label));
    const active = this.ranks.findIndex((rank) => rank.some(({ label }) => labels.has(label)));
    if (active > 0) this.active = active;
    if (previous.waiting !== undefined && active > 0)
      this.waiting = { rank: Math.min(previous.waiting.rank, active - 1), since: previous.waiting.since };
    const served = new Set(previous.lastServed.map(({ label }) => label));
    this.lastServed = this.ranks.flat().filter(({ label }) => served.has(label));
  }

  private settle(best: number, now: number): void {
    const answers = this.ranks[this.active]?.some(isWell) ?? false;
    if (!answers || best === this.active) {
      this.active = best;
      this.waiting = undefined;
      return;
    }
    if (best > this.active) return;
    const rule = this.failbackRule;
    const since = this.waiting?.rank === best ? this.waiting.since : now;
    if (rule.when === 'auto' || (rule.when === 'after' && now - since >= rule.delay)) {
      this.active = best;
      this.waiting = undefined;
      return;
    }
    this.waiting = { rank: best, since };
    if (rule.when === 'after') this.reviewAt = since + rule.delay;
  }

  private whenAllAreDown(): Serving<M> {
    const by = this.allDown;
    const wanted = (members: readonly M[]) => members.filter(({ drained }) => !drained);
    if (by === 'servfail') return { members: [], by };
    if (by === 'backup') return { members: wanted(this.firstRank(true)), by };
    const held = by === 'hold' ? wanted(this.lastServed) : [];
    return { members: held.length > 0 ? held : wanted(this.firstRank(false)), by };
  }

  /** The first rank of backup members, or of those that are not, in which somebody may be answered. */
  private firstRank(backup: boolean): readonly M[] {
    return this.ranks.find((rank) => rank.some((member) => member.backup === backup && !member.drained)) ?? [];
  }
}

/** Whether it may be answered. */
export function isWell({ up, drained }: Ranked): boolean {
  return up && !drained;
}
