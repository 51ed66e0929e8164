// How a move stands, in the words an operator reads: phase, what it waits for, the horizon, who has not been heard.
import type { Agreement, Phase } from './agreement.ts';
import { type Steering, steering } from './answers.ts';
import { type Horizon, horizonOf, rolledBackHorizon } from './horizon.ts';
import { type Wait, waitOf } from './phases.ts';
import { sessionLives, silentFor } from './replicas.ts';
import { earliest, latest, type Moment, type State } from './state.ts';

/** A replica as this one knows it; times in milliseconds. */
interface ReplicaStatus {
  readonly replica: string;
  readonly phase: Phase;
  readonly epoch: number;
  readonly bound: boolean;
  /** How long nothing has been heard of it. */
  readonly silentFor: number;
}

export interface Status {
  readonly plan: string;
  /** Null: neither journal nor store has been heard. */
  readonly epoch: number | null;
  readonly phase: Phase | null;
  readonly paused: boolean;
  /** Wall time at which the phase was entered. */
  readonly since: number | null;
  /** F, once it is proposed. */
  readonly flipAt: number | null;
  readonly waits: Wait | null;
  /** When A may be switched off; in a rolled back plan, when the last lease on B is over. */
  readonly horizon: Horizon;
  readonly mayBeSwitchedOff: boolean;
  readonly answers: Steering;
  readonly fence: Agreement['fence']['state'];
  /** Whether the store has been heard within a session; a blend plan without it holds its last answer. */
  readonly storeHeard: boolean;
  readonly replicas: readonly ReplicaStatus[];
  readonly alarms: State['alarms'];
}

export function statusOf(state: State, now: Moment): Status {
  const { plan, timing, view } = state;
  const agreement = state.known?.agreement ?? null;
  const rolledBack = agreement !== null && agreement.epoch > 1 && (agreement.phase === 'original' || agreement.phase === 'lowering');
  const unknown: Horizon = { at: null, missing: [] };
  const horizon = agreement === null ? unknown : rolledBack ? rolledBackHorizon(timing, agreement) : horizonOf(plan, timing, agreement);
  return {
    plan: plan.name,
    epoch: agreement?.epoch ?? view?.epoch ?? null,
    phase: shownPhase(state, now),
    paused: agreement?.paused ?? false,
    since: agreement?.since ?? null,
    flipAt: agreement?.flip?.at ?? view?.flip?.at ?? null,
    waits: agreement === null ? { why: 'the store has not been heard', until: null } : waitOf(state, agreement, now),
    horizon,
    mayBeSwitchedOff:
      !rolledBack &&
      agreement !== null &&
      (agreement.phase === 'done' || agreement.phase === 'released') &&
      horizon.at !== null &&
      earliest(state, now) >= horizon.at,
    answers: steering(state, now),
    fence: agreement?.fence.state ?? 'none',
    storeHeard: sessionLives(state, now),
    replicas:
      agreement === null
        ? []
        : Object.entries(agreement.members).map(([replica, { phase, epoch, bound }]) => ({
            replica,
            phase,
            epoch,
            bound,
            silentFor: silentFor(state, replica, now),
          })),
    alarms: state.alarms,
  };
}

/** From F on a countdown is flipping, also where nobody has written that down yet. */
export function shownPhase(state: State, now: Moment): Phase | null {
  const { view } = state;
  if (view?.phase !== 'countdown' || view.flip === null) return view?.phase ?? null;
  return latest(state, now) >= view.flip.at - state.timing.skew ? 'flipping' : 'countdown';
}
