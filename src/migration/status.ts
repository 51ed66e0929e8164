// How a move stands where more is known than what the replicas have agreed on: the phase that is shown, the horizon that counts.
import type { Phase } from './agreement.ts';
import { latest } from './clock.ts';
import { type Horizon, horizonOf, isRolledBack, rolledBackHorizon } from './horizon.ts';
import type { Moment, State } from './state.ts';

/** When A may be switched off; in a plan that was rolled back, when the last lease on B is over. */
export function shownHorizon({ plan, timing, known }: State): Horizon {
  const agreement = known?.agreement ?? null;
  if (agreement === null) return { at: null, missing: [] };
  return isRolledBack(agreement) ? rolledBackHorizon(timing, agreement) : horizonOf(plan, timing, agreement);
}

/** From F on a countdown is flipping, also where nobody has written that down yet. */
export function shownPhase(state: State, now: Moment): Phase | null {
  const { view } = state;
  if (view?.phase !== 'countdown' || view.flip === null) return view?.phase ?? null;
  return latest(state, now) >= view.flip.at - state.timing.skew ? 'flipping' : 'countdown';
}
