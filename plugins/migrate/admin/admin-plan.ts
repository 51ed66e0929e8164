// What the admin pages need of a plan.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import type { Runner } from '../runner/runner.ts';

/** A plan as those who ask for it need it. */
export interface AdminPlan {
  readonly name: string;
  readonly runner: Runner;
  status(): PlanStatus;
}
