// What may be edited of a plan while it runs.
import { migration } from 'ferrydns/plugin';

/** Why a plan cannot take the place of another one, which has come as far as agreed on; undefined: it can. */
export function editRefusal(agreement: migration.Agreement | null, running: migration.Plan, next: migration.Plan): string | undefined {
  if (agreement === null || agreement.phase === 'original') return undefined;
  const fields = migration.forbiddenChanges(running, next);
  if (fields.length === 0 && migration.hashOf(running) === migration.hashOf(next)) return undefined;
  const what = fields.length === 0 ? 'what is moved' : fields.join(', ');
  if (agreement.phase === 'released') return `plan ${running.name} is over and its journal is still there: give the new plan another name`;
  return `plan ${running.name} is in ${agreement.phase} and was edited in ${what}, expected only weight, gates, pace, advance, rollback, handback or hold to change`;
}
