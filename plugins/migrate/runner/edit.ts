// What may be edited of a plan while it runs, and what may come after it.
import { migration } from 'ferrydns/built-in/moves';

/** How far a plan has come, and where it says so. */
export interface Standing {
  readonly phase: migration.Phase | undefined;
  readonly begins: migration.Agreement['begins'];
  /** For people: where the plan is written, or its journal. */
  readonly place: string;
}

/** Why a plan cannot take the place of the one that runs; undefined: it can. */
export function editRefusal({ phase, begins, place }: Standing, running: migration.Plan, next: migration.Plan): string | undefined {
  if (phase === undefined) return undefined;
  const reason = migration.successionRefusal(running, next, { phase, begins });
  if (reason === null) return undefined;
  return running.name === next.name && !migration.follows(running, next) ? reason : `${reason} (plan ${running.name}: ${place})`;
}
