// How a plan goes from phase to phase: what ends each of them, and the agreement that comes next. Every replica tries; the one whose swap the store takes has done it (R4).
import { type Agreement, type Flip, type Member, reached, type Step } from './agreement.ts';
import { clockDoubt, earliest, latest } from './clock.ts';
import { afterFence, beginFence, fenceRefusal } from './fence.ts';
import { horizonOf, leasesEnd } from './horizon.ts';
import { isCompared, readyToCommit, upstreamDoubt } from './replicas.ts';
import { closedGate, type Moment, type State, targetDoubt } from './state.ts';

/** What is in the way of leaving this phase; null: nothing. `until` is wall time, where a wait is known. */
export interface Wait {
  readonly why: string;
  readonly until: number | null;
}

/** What happens by itself now, if anything. `advance manual` leaves the beginning of the countdown and every step of the transition to a person. */
export function progress(state: State, agreement: Agreement, now: Moment): Step | null {
  const { plan } = state;
  if (agreement.phase === 'original' || agreement.phase === 'released') return null;
  const back = automaticRollback(state, agreement, now);
  if (back !== null) return back;
  if (agreement.paused) return null;
  switch (agreement.phase) {
    case 'lowering':
    case 'transition':
      return plan.advance === 'auto' && waitOf(state, agreement, now) === null ? next(state, agreement, now) : null;
    case 'countdown':
      return countdown(state, agreement, now);
    case 'flipping':
      return flipping(state, agreement, now);
    case 'draining':
      return waitOf(state, agreement, now) === null ? enter(state, agreement, { now, phase: 'done', why: 'the last lease on A is over' }) : null;
    case 'done':
      return plan.handback && waitOf(state, agreement, now) === null
        ? enter(state, agreement, { now, phase: 'released', why: 'the upstream answers B alone' })
        : null;
  }
}

/** The step after lowering, transition or done; only to be taken when {@link waitOf} is null. */
export function next(state: State, agreement: Agreement, now: Moment): Step | null {
  const { plan } = state;
  switch (agreement.phase) {
    case 'lowering':
      return plan.mode === 'exclusive'
        ? propose(state, agreement, now)
        : enter(state, agreement, { now, phase: 'transition', why: 'the old TTL has run out' });
    case 'transition':
      if (agreement.step + 1 < plan.canary.length)
        return {
          agreement: { ...agreement, step: agreement.step + 1, since: earliest(state, now) },
          why: `canary ${plan.canary[agreement.step + 1]}%`,
        };
      return enter(state, agreement, { now, phase: 'draining', why: 'A is no longer handed out' });
    case 'done':
      return enter(state, agreement, { now, phase: 'released', why: 'the name is given back' });
    default:
      return null;
  }
}

/** What keeps the plan in its phase. */
export function waitOf(state: State, agreement: Agreement, now: Moment): Wait | null {
  switch (agreement.phase) {
    case 'lowering':
      return loweringWait(state, agreement, now) ?? conditions(state);
    case 'transition':
      return transitionWait(state, agreement, now) ?? conditions(state);
    case 'draining':
      return drainingWait(state, agreement, now);
    case 'done': {
      const unclean = Object.entries(agreement.members).find(([, member]) => !member.clean);
      if (unclean === undefined) return null;
      const doubt = unclean[0] === state.replica ? upstreamDoubt(state, agreement, now) : null;
      return { why: `the upstream of ${unclean[0]} has not shown B alone for long enough${doubt === null ? '' : `: ${doubt}`}`, until: null };
    }
    default:
      return null;
  }
}

/** Gates and B's health: they must hold before a phase begins. */
export function conditions(state: State): Wait | null {
  const gate = closedGate(state);
  if (gate !== null) return { why: `gate ${gate} does not hold`, until: null };
  const doubt = targetDoubt(state);
  return doubt === null ? null : { why: doubt, until: null };
}

/** R6: times of other clocks cannot be compared with a clock that is off. */
const uncompared: Wait = { why: 'the clock has to be compared with those of the other replicas', until: null };

/** T + slack + C after the last replica began to hand out the short TTL. */
function loweringWait(state: State, agreement: Agreement, now: Moment): Wait | null {
  const { timing, plan } = state;
  const doubt = plan.mode === 'exclusive' ? clockDoubt(state, now) : null;
  if (!isCompared(state, agreement, now)) return uncompared;
  if (doubt !== null) return { why: `${doubt}: no flip is reckoned by it, \`rollback\` and \`start\` again`, until: null };
  // Each replica says so by its own clock, which may have been set since the move was begun.
  let since = 0;
  for (const [replica, member] of Object.entries(agreement.members)) {
    if (!obeys(member, agreement) || (plan.mode === 'exclusive' && !member.bound))
      return { why: `replica ${replica} does not obey the lowered TTL yet`, until: null };
    since = Math.max(since, member.since + timing.skew);
  }
  const end = Math.max(since + agreement.oldTtl * 1000 + timing.slack + timing.caches, agreement.floor.from + timing.caches);
  return earliest(state, now) >= end ? null : { why: 'answers with the old TTL are still alive', until: end };
}

function transitionWait(state: State, agreement: Agreement, now: Moment): Wait | null {
  if (state.plan.advance === 'manual') return null;
  const end = agreement.since + state.timing.pace;
  return earliest(state, now) >= end ? null : { why: 'this step lasts a while', until: end };
}

function drainingWait(state: State, agreement: Agreement, now: Moment): Wait | null {
  const { plan, timing } = state;
  if (!isCompared(state, agreement, now)) return uncompared;
  const { at, missing } = plan.mode === 'blend' ? leasesEnd(timing, agreement) : horizonOf(plan, timing, agreement);
  if (missing.length > 0) return { why: `not known: replica ${missing.join(', ')}`, until: null };
  if (at === null || earliest(state, now) < at) return { why: 'leases on A are alive', until: at };
  const unsettled = Object.entries(agreement.members).find(([, member]) => state.plan.mode === 'blend' && !member.settled);
  return unsettled === undefined ? null : { why: `replica ${unsettled[0]} may still fall back to A`, until: null };
}

/** R4: commit when all have promised and F is ahead; else a later F. From F on: flipping. */
function countdown(state: State, agreement: Agreement, now: Moment): Step | null {
  const { flip } = agreement;
  if (flip === null) return null;
  const doubt = clockDoubt(state, now);
  if (doubt !== null && earliest(state, now) < flip.at - state.timing.skew) {
    const aborts = `${doubt}: the flip is called off, A is answered; see to the clock and start again`;
    return { ...rollback(state, agreement, { now, why: doubt }), aborts };
  }
  const compared = isCompared(state, agreement, now);
  if (flip.committed) return compared && earliest(state, now) >= flip.at + state.timing.skew ? beginFlipping(state, agreement, now) : null;
  if (compared && readyToCommit(state, agreement) && latest(state, now) < flip.at) {
    return conditions(state) === null
      ? { agreement: { ...agreement, flip: { ...flip, committed: true } }, why: `flip committed for ${new Date(flip.at).toISOString()}` }
      : null;
  }
  // Also by a clock that is off: a proposal binds nobody who does not acknowledge it, and who has promised the last one would fall silent.
  return latest(state, now) >= flip.at - state.timing.skew - state.timing.margin ? propose(state, agreement, now) : null;
}

/** A proposal of F. A server alone promises to itself: its commit is the promise. */
function propose(state: State, agreement: Agreement, now: Moment): Step {
  const at = latest(state, now) + state.timing.lead;
  const round = (agreement.flip?.round ?? 0) + 1;
  const flip: Flip = { round, at, acks: {}, committed: false };
  return {
    agreement: { ...agreement, phase: 'countdown', since: agreement.phase === 'countdown' ? agreement.since : earliest(state, now), flip },
    why: `flip proposed, round ${round}`,
  };
}

/** The fence begins only past F on every clock; its beginning is agreed on before it runs. */
function beginFlipping(state: State, agreement: Agreement, now: Moment): Step | null {
  const entered: Agreement = { ...agreement, phase: 'flipping', since: earliest(state, now) };
  if (state.plan.fence === null) return { agreement: entered, why: 'silent about A and B until the last lease on A is over' };
  const doubt = targetDoubt(state);
  if (doubt !== null) return { agreement: entered, why: `${doubt}: the fence waits` };
  return beginFence(state, entered);
}

function flipping(state: State, agreement: Agreement, now: Moment): Step | null {
  const { plan, timing } = state;
  const { fence, flip } = agreement;
  if (flip === null || !isCompared(state, agreement, now)) return null;
  if (plan.fence === null) {
    const { at } = horizonOf(plan, timing, agreement);
    return at !== null && earliest(state, now) >= at ? enter(state, agreement, { now, phase: 'draining', why: 'every lease on A is over' }) : null;
  }
  if (fence.state === 'begun') return afterFence(state, agreement, now);
  if (fence.state === 'none') return targetDoubt(state) === null ? beginFence(state, agreement) : null;
  if (fence.state !== 'done') return null;
  return earliest(state, now) >= flip.at + Math.max(timing.slack, timing.skew)
    ? enter(state, agreement, { now, phase: 'draining', why: 'A is fenced: B is open' })
    : null;
}

/** `rollback auto`: B has been unhealthy for long, and going back is still allowed. */
function automaticRollback(state: State, agreement: Agreement, now: Moment): Step | null {
  const since = state.unhealthy.to;
  if (state.plan.rollback !== 'auto' || since === null || now.mono - since < state.timing.rollbackAfter) return null;
  return rollbackRefusal(state, agreement, { now }) === null ? rollback(state, agreement, { now, why: 'B stayed unhealthy' }) : null;
}

/**
 * Why the plan cannot go back to A, or null. In exclusive mode nothing may follow an answer with B (P1), nor a fence that may have run. `aIsOpen` is the
 * attempt of the fence after which an operator has seen that A is open.
 */
export function rollbackRefusal(
  state: State,
  agreement: Agreement,
  look: { readonly now: Moment; readonly aIsOpen?: number | undefined },
): string | null {
  const { phase } = agreement;
  if (phase === 'original') return 'nothing has begun';
  const fenced = fenceRefusal(state, agreement, look);
  if (fenced !== null) return fenced;
  if (state.plan.mode === 'exclusive' && reached(phase, 'draining')) return 'B has been answered; `migrate reverse` makes the plan from B to A';
  if (reached(phase, 'done')) return 'A may be switched off already; `migrate reverse` makes the plan from B to A';
  return null;
}

/** A again, in a new epoch: the only way back (P3). */
export function rollback(state: State, agreement: Agreement, { now, why }: { readonly now: Moment; readonly why: string }): Step {
  return {
    agreement: {
      ...agreement,
      epoch: agreement.epoch + 1,
      phase: 'original',
      since: earliest(state, now),
      step: 0,
      flip: null,
      fence: { state: 'none', by: '', attempt: agreement.fence.attempt },
      paused: false,
    },
    why: `rolled back: ${why}`,
  };
}

function enter(
  state: State,
  agreement: Agreement,
  { now, phase, why }: { readonly now: Moment; readonly phase: Agreement['phase']; readonly why: string },
): Step {
  return { agreement: { ...agreement, phase, since: earliest(state, now), step: phase === 'transition' ? 0 : agreement.step }, why };
}

function obeys(member: Member, agreement: Agreement): boolean {
  return member.epoch === agreement.epoch && member.phase === agreement.phase;
}
