// The state of a replica that has just started: what it may still believe of an earlier run, and what it has to find out.
import type { Leases, View } from './agreement.ts';
import { startClock } from './clock.ts';
import { hashOf, type Plan, timingOf, whereOf } from './plan.ts';
import { allRules, type Moment, type Rules, type State, type Written } from './state.ts';

/** A replica that has just started; `view` is the last one in its own journal, null when there is none. */
export interface Setup {
  readonly plan: Plan;
  readonly replica: string;
  readonly view: View | null;
  readonly now: Moment;
  readonly written?: Written;
  readonly rules?: Rules;
}

/** The state of a replica at its start; it has not heard the store yet. */
export function begin({ plan, replica, view, now, written = { at: 0, latest: 0 }, rules = allRules }: Setup): State {
  const timing = timingOf(plan);
  const state: State = {
    plan,
    hash: hashOf(plan),
    where: { from: whereOf(plan, 'from'), to: whereOf(plan, 'to') },
    next: null,
    timing: rules.skew ? timing : { ...timing, skew: 0 },
    replica,
    rules,
    clock: startClock(now, view?.stamp ?? 0, written),
    written,
    restart: { from: 0, to: 0 },
    stated: null,
    view,
    writing: null,
    known: null,
    lost: null,
    lostNumber: 0,
    emptySince: null,
    sending: null,
    counter: 0,
    renewed: null,
    seen: {},
    readAt: null,
    skewedBy: null,
    promised: null,
    unhealthy: { from: null, to: null },
    openSince: null,
    checked: { from: false, to: false },
    aborted: null,
    gates: {},
    preflight: null,
    command: null,
    fencing: null,
    begunFence: null,
    upstream: unseen(plan),
    alarms: {},
  };
  return view === null ? state : { ...state, restart: restartLeases(state, view, now) };
}

/** An upstream of which nothing has been seen. */
export function unseen({ handbackAnswers: wanted }: Plan): State['upstream'] {
  return { there: false, cleanSince: null, longest: 0, drawn: { seen: 0, wanted, left: null }, missing: [] };
}

/** After a restart the leases of before are unknown, so they may last for the longest TTL that was handed out. */
export function restartLeases(state: State, view: View | null, now: Moment): Leases {
  const { plan, timing } = state;
  const ttls = [plan.transitionTtl, plan.ttl ?? 0, view?.ttl ?? 0, view?.oldTtl ?? 0];
  const lowered = view !== null && view.phase !== 'original' && view.phase !== 'lowering';
  const longest = (lowered ? plan.transitionTtl : Math.max(...ttls)) * 1000;
  const end = now.mono + longest + timing.slack;
  const past = view !== null && (view.settled || view.phase === 'done' || (plan.mode === 'exclusive' && view.phase === 'draining'));
  return { from: past ? 0 : end, to: lowered || view === null || view.epoch > 1 ? now.mono + Math.max(...ttls) * 1000 + timing.slack : 0 };
}
