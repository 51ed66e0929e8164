// The horizon of a move: when the last lease is over, over all replicas and all caches below (P2; docs/architecture.md, "The law of a move").
import { type Agreement, reached } from './agreement.ts';
import type { Plan, Timing } from './plan.ts';

/** `at` is milliseconds of the wall clock; null when it is not known, because of these replicas or because the side is still handed out. */
export interface Horizon {
  readonly at: number | null;
  /** "Not known: replica X": those that have not said that they stopped. */
  readonly missing: readonly string[];
}

/** When A may be switched off. Known from the commit of the flip on (exclusive), or once every replica has stopped handing out A (blend). */
export function horizonOf(plan: Plan, timing: Timing, agreement: Agreement): Horizon {
  if (plan.mode === 'exclusive') return exclusiveHorizon(timing, agreement);
  const leases = leasesEnd(timing, agreement);
  // A replica that has not settled falls back to A when B fails: the end of its leases is not the last one.
  const settled = agreement.phase !== 'draining' || Object.values(agreement.members).every((member) => member.settled);
  return settled ? leases : { ...leases, at: null };
}

/** When the leases on A that are known of are over; where a replica may still fall back to A, there may be more. */
export function leasesEnd(timing: Timing, agreement: Agreement): Horizon {
  return stoppedHorizon(timing, agreement, 'from');
}

/** Whether the plan has gone back to A and has not led to B since. */
export function isRolledBack({ epoch, phase, begins }: Agreement): boolean {
  return epoch > (begins?.epoch ?? 1) && !reached(phase, 'transition');
}

/** After a rollback the leases on B are counted as those on A are: when the last of them is over. */
export function rolledBackHorizon(timing: Timing, agreement: Agreement): Horizon {
  return isRolledBack(agreement) ? stoppedHorizon(timing, agreement, 'to') : { at: null, missing: [] };
}

/**
 * Every answer with A ends at F plus slack (counted down), or at the end its replica stated with its promise, or was given by a replica
 * removed before, which is in the floor. Stamps of other replicas may be `skew` apart (R6).
 */
function exclusiveHorizon(timing: Timing, { flip, floor }: Agreement): Horizon {
  if (flip === null || !flip.committed) return { at: null, missing: [] };
  const acknowledged = Object.values(flip.acks).map((end) => end + timing.skew);
  return { at: Math.max(flip.at + timing.slack, floor.from, ...acknowledged) + timing.caches, missing: [] };
}

function stoppedHorizon(timing: Timing, agreement: Agreement, side: 'from' | 'to'): Horizon {
  if (side === 'from' && !reached(agreement.phase, 'draining')) return { at: null, missing: [] };
  let at = agreement.floor[side];
  const missing: string[] = [];
  for (const [replica, member] of Object.entries(agreement.members)) {
    const stopped = member.epoch === agreement.epoch && (side === 'to' || reached(member.phase, 'draining'));
    if (!stopped) missing.push(replica);
    at = Math.max(at, member.lease[side] + timing.skew);
  }
  if (missing.length > 0) return { at: null, missing };
  // What was never handed out is in no cache.
  return { at: at === 0 ? 0 : at + timing.caches, missing };
}
