// What queries for moved names are answered by: the plan itself in the process that runs it, what that one grants in the others.
import type { migration } from 'ferrydns/built-in/moves';
import type { HeldQueries } from './held-queries.ts';

/** A plan as it is answered by in this process. */
export interface ActivePlan {
  /** What an answer depends on beside the steering. */
  readonly state: Pick<migration.State, 'plan' | 'timing'>;
  /** How far the plan has come; undefined: not known. */
  readonly phase: migration.Phase | undefined;
  /** Why nothing is answered until somebody has repaired something; undefined: all is well. */
  readonly damage: string | undefined;
  /** Queries that wait until there may be an answer again. */
  readonly held: HeldQueries;
  /** How queries are answered at this moment. Not to be kept: the time may end it. */
  steering(): migration.Steering;
  /** Notes an answer that leaves now. */
  handed(client: string, answer: 'from' | 'to' | 'both', ttl: number): void;
}
