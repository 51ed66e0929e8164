// Answers by what the process that runs the plan has granted, and tells it whom: in the worker processes of a server.
import { migration } from 'ferrydns/built-in/moves';
import type { ActivePlan } from '../answer/active-plan.ts';
import { HeldQueries } from '../answer/held-queries.ts';
import { isAlike, type Sides, seenFrom } from '../answer/plan-in-record.ts';
import { HandedOut } from './handed-out.ts';
import { type FollowerMessage, paceOf, type Signal, type Snapshot } from './snapshot.ts';

export interface FollowerOptions {
  readonly plan: migration.Plan;
  /** Milliseconds on a monotonic clock, and on the wall clock. */
  readonly now: () => number;
  readonly wall?: () => number;
}

const unheard: migration.Steering = { kind: 'silent', why: 'the process that runs the plan is not heard' };
/** Milliseconds that a snapshot lasts at the most which was granted by another plan of the record. */
const turning = paceOf('original').lasts;
const flipped: migration.Steering = { kind: 'silent', why: 'past the flip' };

/**
 * No clock of two processes is compared: what is granted lasts from the moment at which it was asked for, which is before it was granted. So it ends here
 * before the other side takes it for ended, however long either was stopped in between.
 */
export class Follower implements ActivePlan {
  readonly held = new HeldQueries();
  state: ActivePlan['state'];
  phase: migration.Phase | undefined;
  damage: string | undefined;
  private readonly id = crypto.randomUUID();
  private readonly now: () => number;
  private readonly wall: () => number;
  private readonly handedOut = new HandedOut();
  private how: migration.Steering = unheard;
  private flip: Snapshot['flip'];
  /** What was said last, by both clocks: the monotonic one stands still while the machine sleeps. */
  private last = { said: 0, wall: 0 };
  /** When what was granted last was asked for, by both clocks, and until when it is good. */
  private asked = 0;
  private askedWall = 0;
  private until = Number.NEGATIVE_INFINITY;
  private got = 0;
  private closed = false;
  private where: Sides;

  constructor({ plan, now, wall = () => Date.now() }: FollowerOptions) {
    this.state = termsOf(plan);
    this.where = migration.sidesOf(plan);
    this.now = now;
    this.wall = wall;
  }

  /** A reload brings the plan as it is now. */
  replan(plan: migration.Plan): void {
    this.state = termsOf(plan);
    this.where = migration.sidesOf(plan);
  }

  steering(): migration.Steering {
    if (this.until === Number.POSITIVE_INFINITY) return this.how;
    const now = this.now();
    if (now >= this.until || this.wall() - this.askedWall >= this.until - this.asked) return unheard;
    return this.flip === undefined ? this.how : this.countedDown(this.flip, now);
  }

  handed(client: string, answer: 'from' | 'to' | 'both', ttl: number): void {
    this.handedOut.note(client, { answer, ttl, now: this.now() });
  }

  /** Hears a signal and says what it wants to be said to it, if anything. */
  hear(signal: Signal): FollowerMessage | undefined {
    if (this.closed) return undefined;
    switch (signal.kind) {
      case 'renew':
        return this.message();
      case 'withdraw':
        // What is never taken back holds until the next snapshot has come, whatever becomes of the process that would grant it.
        if (this.until !== Number.POSITIVE_INFINITY) this.until = Number.NEGATIVE_INFINITY;
        return this.message();
      case 'grant': {
        const asked = signal.asked[this.id];
        if (asked !== undefined && this.isNew(signal, asked)) this.adopt(signal, asked);
        return undefined;
      }
    }
  }

  /** Asks for a snapshot, and tells whom it has answered by the one before. */
  message(): FollowerMessage {
    const said = this.now();
    this.last = { said, wall: this.wall() };
    const bound = this.until !== Number.POSITIVE_INFINITY && said < this.until;
    return { follower: this.id, said, got: this.got, bound, leaves: this.closed, handed: this.handedOut.report(said) };
  }

  /** Nobody is answered any more, whatever is still on its way. */
  close(): void {
    this.closed = true;
    this.until = Number.NEGATIVE_INFINITY;
    this.held.release();
  }

  /**
   * Whether it has not come before: a grant comes by every server block of the plan, and counts once, as it may have been given back already. Whoever runs the
   * plan after a reload may count from the beginning.
   */
  private isNew({ number }: { readonly number: number }, asked: number): boolean {
    return asked > this.asked || (asked === this.asked && number > this.got);
  }

  private adopt({ number, snapshot }: { readonly number: number; readonly snapshot: Snapshot }, asked: number): void {
    const { how, where = this.where, phase, damage, flip } = snapshot;
    const own = isAlike(where, this.where);
    // What another plan takes over from is not the end.
    const lasts = own ? snapshot.lasts : Math.min(snapshot.lasts ?? turning, turning);
    this.got = number;
    this.how = seenFrom(how, where, this.where);
    this.phase = own || phase === undefined || phase === 'released' ? phase : where.to === this.where.from ? 'original' : 'done';
    this.damage = damage;
    this.flip = flip;
    this.asked = asked;
    this.askedWall = this.last.wall - (this.last.said - asked);
    this.until = lasts === undefined ? Number.POSITIVE_INFINITY : asked + lasts;
    if (this.steering().kind !== 'silent') this.held.release();
  }

  /** What was left when the snapshot was granted, less what has passed since it was asked for, which is more. */
  private countedDown({ left: granted }: NonNullable<Snapshot['flip']>, now: number): migration.Steering {
    const passed = Math.max(now - this.asked, this.wall() - this.askedWall);
    const left = granted - passed;
    if (left <= 0 || this.how.kind !== 'fixed') return flipped;
    return { ...this.how, ttl: Math.min(this.how.ttl, Math.floor(left / 1000)) };
  }
}

function termsOf(plan: migration.Plan): ActivePlan['state'] {
  return { plan, timing: migration.timingOf(plan) };
}
