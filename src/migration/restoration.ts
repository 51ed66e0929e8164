// A store that has lost what was agreed on: who knows more puts it back, and nobody goes by it until all that are registered have said that they know no more (R10).
import { type Agreement, compareProgress, type Leases, type Member, reached, type View } from './agreement.ts';
import { earliest, latest } from './clock.ts';
import { memberOf } from './replicas.ts';
import type { Moment, State, Versioned } from './state.ts';

/** Whether the store holds less than this replica knows. One that was put back may have begun to count its versions anew. */
export function holdsLess(state: State, { agreement }: Versioned): boolean {
  const { known, lost, rules } = state;
  const view = furthest(state);
  if (agreement === null) return view !== null || (rules.restored && known?.agreement != null);
  if (view !== null && compareProgress(agreement, view) < 0) return true;
  const before = known?.agreement ?? lost;
  // That all have promised is not in a view.
  return rules.restored && before !== null && compareProgress(before, agreement) === 0 && isCommitted(before) && !isCommitted(agreement);
}

/** What is on disk, or on its way there. */
function furthest({ view, writing }: State): View | null {
  return writing !== null && (view === null || compareProgress(writing.view, view) > 0) ? writing.view : view;
}

function isCommitted({ flip }: Agreement): boolean {
  return flip?.committed === true;
}

/** Whether a reading is of an earlier time than what is known: one with a lower version, unless it was put back since. */
export function isOutdated({ known, rules }: State, { version, agreement }: Versioned): boolean {
  if (known === null || version >= known.version || (rules.restored && agreement === null)) return false;
  return numberOf(agreement) <= numberOf(known.agreement);
}

/** A replica that has seen the store hold less, and remembers what it held before. */
export function remembering(state: State, { version, agreement }: Versioned): State {
  const lost = state.known?.agreement ?? state.lost;
  const view = furthest(state);
  const useful = lost !== null && (view === null || compareProgress(lost, view) >= 0);
  const number = Math.max(state.lostNumber, numberOf(agreement), numberOf(state.known?.agreement ?? null));
  return { ...state, known: { version, agreement: null }, lost: useful ? lost : null, lostNumber: number };
}

/** What this replica knows, under a higher number than the store had. */
export function putBack(state: State, now: Moment): Agreement | null {
  const { view, lost, lostNumber, replica } = state;
  const base = lost ?? (view === null ? null : fromView(state, view, now));
  if (base === null) return null;
  const restored: Agreement = { ...base, restored: { number: lostNumber + 1, by: [replica] } };
  return { ...restored, members: { ...base.members, [replica]: memberOf(state, restored, now) } };
}

/** Registered replicas that may know more than what was put back. */
export function unheard({ restored, members }: Agreement): readonly string[] {
  return restored === undefined ? [] : Object.keys(members).filter((replica) => !restored.by.includes(replica));
}

/** The statement of a replica that has read what was put back and knows no more than that. What it has handed out is counted, whatever it had promised. */
export function confirmed(
  agreement: Agreement,
  { replica, lease, skew }: { readonly replica: string; readonly lease: Leases; readonly skew: number },
): Agreement {
  const { restored, floor } = agreement;
  if (restored === undefined || restored.by.includes(replica)) return agreement;
  const from = lease.from === 0 ? floor.from : Math.max(floor.from, lease.from + skew);
  return { ...agreement, floor: { ...floor, from }, restored: { ...restored, by: [...restored.by, replica] } };
}

/** Of a replica that has been restarted meanwhile: what its journal does not say is taken for the worst. */
function fromView(state: State, view: View, now: Moment): Agreement {
  const { plan, timing, replica, hash, where } = state;
  const { epoch, phase, step, ttl, oldTtl, begins, flip } = view;
  const end = latest(state, now) + Math.max(ttl, oldTtl, plan.transitionTtl) * 1000 + timing.slack + timing.skew;
  const stranger: Member = {
    beat: 0,
    stamp: 0,
    bound: true,
    epoch: 0,
    phase: 'original',
    since: earliest(state, now),
    lease: { from: end, to: end },
    settled: false,
    clean: false,
  };
  const shut = plan.mode === 'exclusive' && plan.fence !== null && reached(phase, 'flipping');
  return {
    epoch,
    phase,
    since: earliest(state, now),
    step,
    ttl,
    oldTtl,
    flip: flip === null ? null : { ...flip, acks: {}, committed: true },
    fence: { state: !shut ? 'none' : phase === 'flipping' ? 'begun' : 'done', by: replica, attempt: 1, ...(shut ? { mayHaveRun: true } : {}) },
    paused: false,
    members: Object.fromEntries((view.others ?? []).map((other) => [other, stranger])),
    floor: { from: end, to: end },
    upstreamTtl: oldTtl,
    hash,
    ends: where.to,
    ...(begins === undefined ? {} : { begins }),
  };
}

function numberOf(agreement: Agreement | null): number {
  return agreement?.restored?.number ?? 0;
}
