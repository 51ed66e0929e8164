// A plan as the other processes of a server answer by it for a while, and the messages by which that is granted, asked for and given back.
import { migration } from 'ferrydns/built-in/moves';
import { sharedState } from 'ferrydns/plugin';

/** How a plan is answered at one moment. Plain data, sent from the process that runs the plan to the others. */
export interface Snapshot {
  /** With the TTL that is counted down from, where there is a flip. */
  readonly how: migration.Steering;
  /** Where the plan leads that says so; undefined: it says nothing. */
  readonly where?: migration.State['where'];
  readonly phase: migration.Phase | undefined;
  readonly damage: string | undefined;
  /** When A ends, by the time of the plan, and how many milliseconds are left until then. */
  readonly flip: { readonly at: number; readonly left: number } | undefined;
  /**
   * Milliseconds until it is void, from the moment at which it was asked for: whoever granted it may be dead or stopped by then. Undefined where nothing that
   * is decided later can make it wrong: silence, and what is never taken back.
   */
  readonly lasts: number | undefined;
}

/** From the process that runs the plan. `withdraw`: what was granted is void; `renew`: ask for a new snapshot. Both want a {@link FollowerMessage} back. */
export type Signal =
  | { readonly kind: 'renew' | 'withdraw' }
  | {
      readonly kind: 'grant';
      readonly number: number;
      readonly snapshot: Snapshot;
      /** Those who get it, with the moment at which each of them asked, by its own clock. */
      readonly asked: Readonly<Record<string, number>>;
    };

/** From another process: who it is, what it answers by, and whom it has answered since the last word. */
export interface FollowerMessage {
  readonly follower: string;
  /** When this was said, by its own clock. */
  readonly said: number;
  /** The last grant that it has received. */
  readonly got: number;
  /** Whether it answers by one that ends with time. */
  readonly bound: boolean;
  /** Whether it ends, and asks for nothing more. */
  readonly leaves: boolean;
  /** The last answer without the plan that was not given, in words. */
  readonly overruled?: string | undefined;
  readonly handed: Report;
}

/** The last grant, and the last call for a word. Whoever misses one that came before has missed nothing: it is over, or the other side counts it as in use. */
export const snapshotState = sharedState<Signal, FollowerMessage>('snapshot');

/** Who was handed what. Milliseconds; all before the word was said. */
export interface Report {
  readonly lists: readonly {
    readonly answer: 'from' | 'to' | 'both';
    readonly clients: readonly (readonly [client: string, ttl: number, ago: number])[];
  }[];
  /** How long the answers for clients that are on no list are still in caches at the longest, 0: there are none. */
  readonly unlisted: migration.Leases;
}

/** How long a snapshot lasts, and when it is renewed: a few times before it ends. Milliseconds. */
interface Pace {
  readonly lasts: number;
  readonly every: number;
}

/** While nothing moves, a process that runs the plan may be busy with other things for a while. */
const calm: Pace = { lasts: 3000, every: 1000 };
const hasty: Pace = { lasts: 1000, every: 200 };

export function paceOf(phase: migration.Phase | undefined): Pace {
  return phase === 'original' || phase === 'done' || phase === 'released' ? calm : hasty;
}

/** The snapshot of this moment. */
export function snapshotOf(state: migration.State, now: migration.Moment): Snapshot {
  const { view, plan, timing } = state;
  const steering = migration.steering(state, now);
  const phase = state.known?.agreement?.phase ?? view?.phase;
  const leadsToA = steering.kind === 'fixed' && steering.answer === 'from';
  const counted = plan.mode === 'exclusive' && leadsToA && view !== null && view.flip !== null;
  return {
    how: counted ? { ...steering, ttl: plan.transitionTtl } : steering,
    where: state.where,
    phase,
    damage: undefined,
    flip: counted ? flipOf((view.flip?.at ?? 0) - timing.skew, migration.latest(state, now)) : undefined,
    lasts: isFinal(state, steering) ? undefined : Math.max(0, Math.min(paceOf(phase).lasts, sessionLeft(state, now))),
  };
}

function flipOf(at: number, now: number): Snapshot['flip'] {
  return { at, left: at - now };
}

/** Whether this is the end of a plan, which no rollback undoes and no plan is about to take over, or no answer at all. */
function isFinal({ view, plan, next }: migration.State, steering: migration.Steering): boolean {
  if (next !== null) return false;
  if (steering.kind === 'silent' || (steering.kind === 'fixed' && steering.answer === 'pass')) return true;
  return view !== null && migration.reached(view.phase, plan.mode === 'exclusive' ? 'draining' : 'done');
}

/** R3: A is not handed out beyond the session. */
function sessionLeft(state: migration.State, now: migration.Moment): number {
  const { plan, view, renewed, timing } = state;
  if (plan.mode !== 'exclusive' || plan.store === 'journal' || view?.bound !== true || renewed === null) return Number.POSITIVE_INFINITY;
  return timing.session - migration.sinceRenewal(state, now);
}

/** The ends of the last leases that those who answer by this snapshot can hand out if they have got it now; 0: none. */
export function endsOf({ how, flip, lasts }: Snapshot, { now, slack }: { readonly now: number; readonly slack: number }): migration.Leases {
  if (how.kind === 'silent' || lasts === undefined) return { from: 0, to: 0 };
  const longest = now + lasts + how.ttl * 1000;
  const end = Math.min(longest, flip === undefined ? longest : now + flip.left) + slack;
  const fixed = how.kind === 'fixed' ? how.answer : 'both';
  return { from: fixed === 'to' ? 0 : end, to: fixed === 'from' ? 0 : end };
}
