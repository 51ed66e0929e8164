// What a replica makes of a value of the store that it hears.
import type { Agreement } from './agreement.ts';
import { alarm, cleared } from './alarms.ts';
import { restartLeases } from './begin.ts';
import { resumeClock } from './clock.ts';
import { observePeers, viewOf } from './replicas.ts';
import { holdsLess, isOutdated, remembering } from './restoration.ts';
import type { Moment, State, Stepped, Versioned } from './state.ts';

/** A newer value of the store. One that goes back is not followed: a store restored from an old copy must not undo a move (P3). */
export function hear(state: State, { version, agreement }: Versioned, now: Moment): Stepped {
  const found = { version, agreement };
  if (isOutdated(state, found)) return plain(state);
  const { view } = state;
  if (holdsLess(state, found)) return lessHeld(state, found);
  if (agreement === null) return plain({ ...state, known: found, emptySince: state.emptySince ?? now.mono });
  const restarted = state.known === null && view === null ? recall(state, agreement, now) : state;
  const calm = state.lost === null ? restarted : cleared(restarted, 'store');
  const heard = { ...stillIll(calm, agreement, now), lost: null, emptySince: null, ...observePeers(state, agreement, now) };
  return plain({ ...heard, openSince: openSince(state, agreement, now), known: found });
}

/** What was seen of A before the fence came to stand as it does says nothing of what it has done. */
function openSince({ known, openSince: since }: State, { fence }: Agreement, now: Moment): number | null {
  const before = known?.agreement?.fence;
  return since === null || (before?.state === fence.state && before.attempt === fence.attempt) ? since : now.mono;
}

/** What is known here is put back: a store that was emptied, or restored from an old copy, does not undo a move (P3). A journal of its own does not lose. */
function lessHeld(state: State, found: Versioned): Stepped {
  const { agreement } = found;
  const { epoch, phase } = state.view ?? state.known?.agreement ?? { epoch: 0, phase: 'original' };
  const held = agreement === null ? 'nothing' : `epoch ${agreement.epoch}, ${agreement.phase}`;
  const text = `the store went back: it holds ${held}, the journal has epoch ${epoch}, ${phase}`;
  const follows = state.rules.restored && state.plan.store !== 'journal';
  return alarm(follows ? remembering(state, found) : { ...state, known: null }, 'store', text);
}

/** A replica that finds itself registered without a journal of its own has run before: its leases and its clock of then count. */
function recall(state: State, agreement: Agreement, now: Moment): State {
  const member = agreement.members[state.replica];
  if (member === undefined) return state;
  const anchored = { ...state, clock: resumeClock(state, now, member.stamp) };
  const view = state.plan.store === 'journal' ? viewOf(anchored, agreement, now) : null;
  return { ...anchored, restart: restartLeases(anchored, view, now) };
}

/** P4: a B that was ill before a restart is ill until it was looked at. */
function stillIll(state: State, { members }: Agreement, now: Moment): State {
  if (state.known !== null || state.checked.to || members[state.replica]?.ill !== true) return state;
  return { ...state, unhealthy: { ...state.unhealthy, to: now.mono } };
}

function plain(state: State): Stepped {
  return { state, effects: [] };
}
