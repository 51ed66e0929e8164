// One plan after another for the same names: who may take over from whom, and the agreement that begins with it. All of them are one record: its epochs go on.
import type { Agreement, Phase, Step } from './agreement.ts';
import { unseen } from './begin.ts';
import { earliest } from './clock.ts';
import { forbiddenChanges, hashOf, type Plan, timingOf, whereOf } from './plan.ts';
import type { Moment, State } from './state.ts';

/** Whether `next` moves the very names that `before` has moved, from where they lead to now. */
export function follows(before: Plan, next: Plan): boolean {
  return whereOf(before, 'to') === whereOf(next, 'from');
}

/** Why `next` cannot come after `running`, which has come as far as this; null: it can, at once or as the one that takes over. */
export function successionRefusal(
  running: Plan,
  next: Plan,
  { phase, begins }: { readonly phase: Phase; readonly begins?: Agreement['begins'] },
): string | null {
  const changed = forbiddenChanges(running, next);
  if (changed.length === 0) return null;
  if (phase === 'original') {
    if (begins === undefined || begins.where === whereOf(next, 'from')) return null;
    return `plan ${running.name} has taken over from a plan before it: the names lead where its 'from' says, which plan ${next.name} does not move them from`;
  }
  if (phase === 'released') return null;
  if (phase === 'done' && follows(running, next)) {
    return running.store === next.store ? null : `plan ${running.name} is agreed on by store ${running.store}, plan ${next.name} by ${next.store}`;
  }
  if (follows(running, next))
    return `plan ${running.name} is in ${phase}: plan ${next.name} can take over when it is done; roll it back, or finish it first`;
  if (phase === 'done' && whereOf(running, 'from') !== whereOf(next, 'from'))
    return `plan ${running.name} is done: the names lead to its B, and plan ${next.name} does not move the very same names from there, as a plan must that takes over`;
  const fields = changed.map((field) => (field === 'names' ? 'what is moved' : field));
  return `plan ${running.name} is in ${phase} and was edited in ${fields.join(', ')}, expected only weight, gates, pace, advance, rollback, handback or hold to change`;
}

/** Whether another plan is in force in the record. `start` fixes the plan, and a plan that has taken over fixes where the names lead: a server with another plan takes no part. */
export function otherPlan({ hash, where }: State, agreement: Agreement): boolean {
  if (agreement.begins !== undefined && agreement.begins.where !== where.from) return true;
  return agreement.phase !== 'original' && agreement.hash !== hash;
}

/** The plan that is to take over, where it has been agreed on that it does. */
export function planInForce(state: State, agreement: Agreement): Plan | null {
  const { next, view } = state;
  if (next === null || (view !== null && agreement.epoch <= view.epoch)) return null;
  return otherPlan({ ...state, hash: hashOf(next), where: sidesOf(next) }, agreement) ? null : next;
}

/** A replica whose names are answered by this plan from now on: what was seen of A and B of the one before says nothing of its own. */
export function takenOver(state: State, plan: Plan): State {
  const timing = timingOf(plan);
  return {
    ...state,
    plan,
    hash: hashOf(plan),
    where: sidesOf(plan),
    timing: state.rules.skew ? timing : { ...timing, skew: 0 },
    next: null,
    stated: null,
    promised: null,
    restart: { from: state.restart.to, to: 0 },
    unhealthy: { from: null, to: null },
    checked: { from: false, to: false },
    gates: {},
    preflight: null,
    openSince: null,
    upstream: { ...unseen(plan), there: state.upstream.there },
    fencing: null,
    begunFence: null,
  };
}

/** The swap by which the next plan takes over, once the one before is over; null: there is none, or it is not yet. */
export function takeover(state: State, agreement: Agreement, now: Moment): Step | null {
  const { view, writing } = state;
  const heir = state.next ?? (view === null && writing === null && otherPlan(state, agreement) ? state.plan : null);
  if (heir === null || !mayTakeOver(state, agreement, heir)) return null;
  if (view !== null && (view.epoch !== agreement.epoch || view.phase !== agreement.phase)) return null;
  return { agreement: begun(state, agreement, { heir, now }), why: `plan ${heir.name} takes over` };
}

function mayTakeOver(state: State, agreement: Agreement, heir: Plan): boolean {
  if (agreement.phase === 'released') return true;
  const ends = agreement.ends ?? (state.view === null ? null : state.where.to);
  return agreement.phase === 'done' && ends === whereOf(heir, 'from');
}

/** What B was handed out with is what A was handed out with before the next move, and its leases are leases on the next A. */
function begun(state: State, agreement: Agreement, { heir, now }: { readonly heir: Plan; readonly now: Moment }): Agreement {
  const { fence, floor, ttl, oldTtl, upstreamTtl, phase, epoch } = agreement;
  const handedOut = Math.max(ttl, state.plan.transitionTtl, phase === 'released' ? Math.max(oldTtl, upstreamTtl) : 0);
  return {
    ...agreement,
    epoch: epoch + 1,
    phase: 'original',
    since: earliest(state, now),
    step: 0,
    ttl: heir.ttl ?? ttl,
    oldTtl: Math.max(heir.ttl ?? 0, handedOut),
    flip: null,
    fence: { state: 'none', by: '', attempt: fence.attempt },
    paused: false,
    floor: { from: floor.to, to: 0 },
    upstreamTtl: 0,
    hash: hashOf(heir),
    begins: { epoch: epoch + 1, where: whereOf(heir, 'from'), givenBack: phase === 'released' },
    ends: whereOf(heir, 'to'),
  };
}

/** The replicas that answer by the plan before still. */
export function laggards({ begins, epoch, members }: Agreement): readonly string[] {
  if (begins === undefined) return [];
  return Object.entries(members).flatMap(([replica, member]) => (member.epoch === epoch ? [] : [replica]));
}

/** Where the names lead on both sides. */
export function sidesOf(plan: Plan): State['where'] {
  return { from: whereOf(plan, 'from'), to: whereOf(plan, 'to') };
}
