// What the journal of a plan says of the runs before.
import { migration } from 'ferrydns/built-in/moves';
import { editRefusal } from '../runner/edit.ts';
import type { Journal } from './journal.ts';

export interface Recovered {
  /** The plan by which names were answered last; undefined: none was. */
  readonly plan: migration.Plan | undefined;
  /** Whether the plan is another one than that, and is to take over from it. */
  readonly takesOver: boolean;
  /** Whether the plan was left out of the configuration since. */
  readonly left: boolean;
  /** The hash of the plan that was written last. */
  readonly hash: string | undefined;
  /** What a server among several answered by last; undefined: none did. */
  readonly view: migration.View | undefined;
  /** The runs that had this journal; as long as one has, no other begins. */
  readonly runs: ReadonlySet<string>;
  /** When it was written. */
  readonly written: migration.Written;
}

/** The plan is not the one in force by the journal. */
export class PlanEdited extends Error {}

/** Throws {@link PlanEdited} when the plan is neither the one in force by the journal nor one that may take over from it. */
export function recover({ entries, file }: Pick<Journal, 'entries' | 'file'>, plan: migration.Plan, replica: string): Recovered {
  const { plan: inForce, last } = standing(entries);
  const at = last?.kind === 'commit' ? last.agreement : last?.view;
  const reason = inForce === undefined ? undefined : editRefusal({ phase: at?.phase, begins: at?.begins, place: file }, inForce, plan);
  if (reason !== undefined) throw new PlanEdited(reason);
  const begun = at !== undefined && at.phase !== 'original';
  const takesOver = begun && inForce !== undefined && migration.forbiddenChanges(inForce, plan).length > 0;
  const left = last !== undefined && entries.slice(last.n).some(({ kind }) => kind === 'left');
  const hash = entries.findLast((entry) => entry.kind === 'plan')?.hash;
  const runs = new Set(entries.flatMap((entry) => (entry.kind === 'run' ? [entry.run] : [])));
  const written = writtenOf(entries);
  if (last?.kind !== 'view') return { plan: inForce, takesOver, left, hash, view: undefined, runs, written };
  // One that was called otherwise is not registered by this name.
  return { plan: inForce, takesOver, left, hash, runs, written, view: last.replica === replica ? last.view : { ...last.view, member: false } };
}

/** The last word of a journal on how far a plan has come, and the plan that it is said of: one that was written later had not begun. */
export function standing(entries: Journal['entries']) {
  const end = entries.findLastIndex(({ kind }) => kind === 'commit' || kind === 'view');
  const last = entries[end];
  const plan = entries.slice(0, Math.max(end, 0)).findLast((entry) => entry.kind === 'plan')?.plan;
  return { plan, last: last?.kind === 'commit' || last?.kind === 'view' ? last : undefined };
}

/** A statement stands for all before it: those may be of a clock that was ahead and has been set right since, which the run that saw it has stated. */
function writtenOf(entries: Journal['entries']): migration.Written {
  const last = entries.findLastIndex(({ kind }) => kind === 'commit' || kind === 'view');
  const times = entries.slice(Math.max(0, last)).map(({ at }) => Date.parse(at));
  return { at: last < 0 ? 0 : (times[0] ?? 0), latest: Math.max(0, ...times) };
}
