// A move as it is configured: the plan that the engine runs, and what the server needs besides.
import type { CheckSpec } from '../checks/checks.ts';
import type { Name } from '../dns/name.ts';
import type { Plan, Target } from '../migration/plan.ts';

/** Where one name leads before and after. */
export interface MovedName {
  readonly name: Name;
  readonly from: readonly Target[];
  readonly to: readonly Target[];
}

export interface Move {
  /** `from` and `to` are those of all names together. */
  readonly plan: Plan;
  readonly names: readonly MovedName[];
  readonly checks: readonly { readonly side: 'from' | 'to'; readonly spec: CheckSpec }[];
}
