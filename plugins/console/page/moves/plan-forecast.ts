// What the server reckons and simulates of a plan.
import type { Curve } from './drain.ts';

/** One phase to come; `least` in seconds, null where nobody knows. `open`: until a person or a gate ends it. */
export interface ForecastPhase {
  readonly phase: string;
  readonly least: number | null;
  readonly open: boolean;
  readonly because: string;
}

/** Lengths in seconds. */
interface Forecast {
  readonly phases: readonly ForecastPhase[];
  readonly untilOff: number;
  readonly silence: number;
  readonly errors: number;
}

export interface ForecastOfPlan {
  readonly forecast: Forecast;
  readonly curve: Curve;
}
