// The time that a plan goes by. The wall clock is set forward and back by others, and the monotonic one stands still while the machine sleeps: none is believed alone.
import type { Clock, Effect, Moment, State, Written } from './state.ts';

/** Milliseconds. What is less is no step: clocks are read one after another, and count whole milliseconds. */
const noticed = 100;
/** Milliseconds by which a clock may be behind what was written in an earlier run and still be the same clock. */
const behindNoticed = 1000;

/** The clock of a process that begins: never before what was written, and behind that no phase goes back. */
export function startClock(now: Moment, stamp: number, { latest }: Written): Clock {
  const { wall, mono } = now;
  const seen = Math.max(stamp, latest);
  return {
    wall: Math.max(wall, stamp),
    mono,
    offset: wall - mono,
    ahead: 0,
    slept: 0,
    untold: 0,
    behind: wall < seen - behindNoticed ? seen : null,
  };
}

/**
 * The clock of a replica that finds out what it said last. A server alone trusts the wall clock for the time it was down, and no more: before that its clock
 * may have been set in the course of a move.
 */
export function resumeClock({ clock, written, plan }: State, now: Moment, stamp: number): Clock {
  const passed = clock.wall + (now.mono - clock.mono);
  const alone = plan.store === 'journal' && written.at > 0;
  const wall = alone ? stamp + Math.max(0, now.wall - written.at) : Math.max(passed, stamp);
  const seen = Math.max(alone ? written.at : stamp, written.latest);
  return { ...clock, wall, mono: now.mono, behind: now.wall < seen - behindNoticed ? seen : clock.behind };
}

/** The time that has passed for sure: phases end by it (R7). No step of the wall clock changes it while a move is under way. */
export function earliest(state: State, now: Moment): number {
  const passed = state.clock.wall + (now.mono - state.clock.mono);
  return state.rules.steady ? passed : Math.min(now.wall, passed);
}

/** The time that it may be at the latest: A ends by it. A server alone opens B itself, so no sleep of its own matters to it. */
export function latest(state: State, now: Moment): number {
  const { clock, plan } = state;
  const passed = clock.wall + (now.mono - clock.mono);
  if (!state.rules.steady) return Math.max(now.wall, passed);
  return plan.store === 'journal' ? passed : passed + clock.ahead + stepOf(clock, now);
}

/** A clock that never goes back and also counts the time in which the machine may have slept: sessions go by it, as others count that time. */
export function ruler({ clock }: State, now: Moment): number {
  return now.mono + clock.slept + stepOf(clock, now);
}

/** A time of the plan as a clock on the wall shows it now. */
export function shown(state: State, now: Moment, at: number): number {
  return at + now.wall - earliest(state, now);
}

/** A time of the monotonic clock as a clock on the wall shows it now. */
export function shownMono(now: Moment, at: number): number {
  return at + now.wall - now.mono;
}

/** By how much the wall clock has gone forward since it was looked at last, beyond the time that has passed. */
function stepOf({ offset }: Clock, { wall, mono }: Moment): number {
  return Math.max(0, wall - mono - offset);
}

/** Looks at both clocks. A wall clock that was set while nothing waits is taken over, whichever way (R7). */
export function watchClock(state: State, now: Moment): State {
  const stepped = stepClock(state, now);
  if (!isResting(state) || !state.rules.steady) return stepped === state.clock ? state : { ...state, clock: stepped };
  const off = now.wall - (stepped.wall + (now.mono - stepped.mono));
  const held = stepped.behind !== null || (Math.abs(off) < noticed && stepped.ahead === 0);
  return held ? { ...state, clock: stepped } : takeOver({ ...state, clock: stepped }, now);
}

/** The wall clock is the time of the plan from now on. What others said is looked at anew. */
export function takeOver(state: State, now: Moment): State {
  const { clock } = state;
  const off = now.wall - earliest(state, now);
  const untold = clock.untold === 0 && Math.abs(off) > behindNoticed ? off : clock.untold;
  return {
    ...state,
    clock: { ...clock, wall: now.wall, mono: now.mono, ahead: 0, behind: null, untold },
    stated: null,
    readAt: null,
    skewedBy: null,
  };
}

function stepClock({ clock }: State, now: Moment): Clock {
  const behind = clock.behind !== null && now.wall >= clock.behind ? null : clock.behind;
  const step = now.wall - now.mono - clock.offset;
  if (Math.abs(step) < noticed) return behind === clock.behind ? clock : { ...clock, behind };
  return {
    ...clock,
    behind,
    offset: clock.offset + step,
    // A clock that is set back does not show that it was set forward before: the machine may have slept.
    ahead: clock.ahead + Math.max(0, step),
    slept: clock.slept + Math.max(0, step),
    untold: clock.untold + step,
  };
}

/** Whether the plan neither waits for a time nor shows one. When a move is over nothing waits either, but its times are still shown. */
function isResting({ view }: State): boolean {
  return view === null || view.phase === 'original';
}

/** R8: before the flip, why this replica would be silent about A by a step of its clock alone; null: it would not. */
export function clockDoubt(state: State, now: Moment): string | null {
  const { clock, timing, replica, plan } = state;
  if (!state.rules.abort || plan.store === 'journal') return null;
  const gap = latest(state, now) - earliest(state, now);
  return gap > timing.skew ? `the clock of ${replica} went ${seconds(Math.max(gap, clock.ahead))} forward in the course of the move` : null;
}

/** The note for a step of the clock. Every step is reported at once, whether it matters for the move or not. */
export function tellStep({ clock, replica }: State, { clock: after }: State): readonly Effect[] {
  const step = after.offset - clock.offset;
  return step === 0 ? [] : [{ kind: 'note', level: 'warn', text: stepWords(step), by: replica }];
}

/** A step of the clock in words. */
export function stepWords(step: number): string {
  return step > 0 ? `the clock went ${seconds(step)} forward: it was set, or the machine slept` : `the clock was set back by ${seconds(-step)}`;
}

/** Why nothing may be started by this clock; null: it may. */
export function behindWords(state: State, now: Moment): string | null {
  const { behind } = state.clock;
  if (behind === null) return null;
  const [clock, seen] = [now.wall, behind].map((time) => new Date(time).toISOString());
  return `the clock says ${clock}, and the journal was written until ${seen}: set the clock right; if it is right now, and was ahead before, \`start -force\` takes it over`;
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`;
}
