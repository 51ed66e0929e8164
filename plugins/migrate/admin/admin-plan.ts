// What the admin pages need of a plan.
import type { Runner } from '../runner/runner.ts';
import type { Status } from '../status.ts';

/** A plan as those who ask for it need it. */
export interface AdminPlan {
  readonly name: string;
  readonly runner: Runner;
  status(): Status;
}
