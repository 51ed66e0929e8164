// What one process finds and the primary one writes down.
import type { FoundDifference, ShadowOutcome } from 'ferrydns/built-in';

/** Plain data. */
export interface ShadowNote {
  readonly outcomes: Readonly<Partial<Record<ShadowOutcome, number>>>;
  readonly found?: FoundDifference;
}
