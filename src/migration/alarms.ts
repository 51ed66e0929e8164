// What a person should look at: each thing is said once, and again when it has been well in between.
import type { Agreement } from './agreement.ts';
import { fenceAlarm } from './fence.ts';
import { type Alarm, closedGate, type State, type Stepped } from './state.ts';
import { otherPlan, planInForce } from './succession.ts';

/** Raises the alarms that hold now and ends those that hold no more. */
export function raiseAlarms(state: State): Stepped {
  const gate = closedGate(state);
  const running = state.view !== null && state.view.phase !== 'original' && state.view.phase !== 'released';
  const texts: Partial<Record<Alarm, string | null>> = {
    clock: state.aborted ?? (state.skewedBy === null ? behindAlarm(state) : skewWords(state)),
    target: running && state.unhealthy.to !== null ? 'B is not healthy' : null,
    gate: running && gate !== null ? `gate ${gate} does not hold` : null,
    plan: state.known?.agreement == null ? null : strangeness(state, state.known.agreement),
    fence: fenceAlarm(state),
  };
  let stepped: Stepped = { state, effects: [] };
  for (const [about, text] of Object.entries(texts) as [Alarm, string | null][]) {
    const raised = text === null ? { state: cleared(stepped.state, about), effects: [] } : alarm(stepped.state, about, text);
    stepped = { state: raised.state, effects: [...stepped.effects, ...raised.effects] };
  }
  return stepped;
}

/** The clock goes on: what is said of it stays the same. */
function behindAlarm({ clock }: State): string | null {
  return clock.behind === null
    ? null
    : `the clock is behind the journal, which was written until ${new Date(clock.behind).toISOString()}: no move is started`;
}

function skewWords({ plan, skewedBy }: State): string {
  return `the clock is further off than ${plan.skew} s, seen from replica ${skewedBy}: no flip is acknowledged`;
}

/** The alarm when another plan is in force in the record; null: there is nothing to report. */
function strangeness(state: State, agreement: Agreement): string | null {
  if (!otherPlan(state, agreement) || planInForce(state, agreement) !== null) return null;
  return state.view !== null && agreement.begins !== undefined && state.view.epoch < agreement.begins.epoch
    ? 'another plan has taken over: this replica answers as its own plan has ended until it is given that one'
    : 'the move was started with another plan: this replica takes no part in it';
}

/** Says this of `about`, unless that was what was said of it last. */
export function alarm(state: State, about: Alarm, text: string): Stepped {
  if (state.alarms[about] === text) return { state, effects: [] };
  return { state: { ...state, alarms: { ...state.alarms, [about]: text } }, effects: [{ kind: 'alarm', about, text }] };
}

/** The state in which nothing has been said of `about`: the next alarm of it is raised again. */
export function cleared(state: State, about: Alarm): State {
  if (state.alarms[about] === undefined) return state;
  const { [about]: _, ...alarms } = state.alarms;
  return { ...state, alarms };
}
