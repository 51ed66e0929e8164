// What may be edited of a plan while it runs.
import { migration } from 'ferrydns/plugin';

/** Why a plan cannot take the place of another one, which has come as far as this phase; undefined: it can. */
export function editRefusal(phase: migration.Phase | undefined, running: migration.Plan, next: migration.Plan): string | undefined {
  if (phase === undefined || phase === 'original') return undefined;
  const fields = migration.forbiddenChanges(running, next).map((field) => (field === 'names' ? 'what is moved' : field));
  if (fields.length === 0) return undefined;
  if (phase === 'released') return `plan ${running.name} is over and its journal is still there: give the new plan another name`;
  return `plan ${running.name} is in ${phase} and was edited in ${fields.join(', ')}, expected only weight, gates, pace, advance, rollback, handback or hold to change`;
}
