// What a plugin that moves names by a plan tells others of it.
import type { Plan } from '../migration/plan.ts';
import { capability } from './capability.ts';

/** A plan of the configuration. */
export interface MovedPlan {
  readonly name: string;
  readonly plan: Plan;
}

/** By this plugins find the plans of a configuration. */
export const movedPlan = capability<MovedPlan>('movedPlan');
