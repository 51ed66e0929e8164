// What the journal of a plan says of the runs before.
import type { migration } from 'ferrydns/plugin';
import { editRefusal } from './edit.ts';
import type { Journal } from './journal.ts';

export interface Recovered {
  /** The hash of the plan that was run last. */
  readonly hash: string | undefined;
  /** What a server among several answered by last; undefined: none did. */
  readonly view: migration.View | undefined;
  /** The runs that had this journal; as long as one has, no other begins. */
  readonly runs: ReadonlySet<string>;
  /** When it was written. */
  readonly written: migration.Written;
}

/** The plan is not the one that the journal has in hand. */
export class PlanEdited extends Error {}

/** Throws {@link PlanEdited} when the plan is not the one that the journal has in hand. */
export function recover({ entries }: Pick<Journal, 'entries'>, plan: migration.Plan, replica: string): Recovered {
  const known = entries.findLast((entry) => entry.kind === 'plan');
  const last = entries.findLast((entry) => entry.kind === 'commit' || entry.kind === 'view');
  const phase = last?.kind === 'commit' ? last.agreement.phase : last?.view.phase;
  const reason = known === undefined ? undefined : editRefusal(phase, known.plan, plan);
  if (reason !== undefined) throw new PlanEdited(reason);
  const runs = new Set(entries.flatMap((entry) => (entry.kind === 'run' ? [entry.run] : [])));
  const written = writtenOf(entries);
  if (last?.kind !== 'view') return { hash: known?.hash, view: undefined, runs, written };
  // One that was called otherwise is not registered by this name.
  return { hash: known?.hash, runs, written, view: last.replica === replica ? last.view : { ...last.view, member: false } };
}

/** A statement stands for all before it: those may be of a clock that was ahead and has been set right since, which the run that saw it has stated. */
function writtenOf(entries: Journal['entries']): migration.Written {
  const last = entries.findLastIndex(({ kind }) => kind === 'commit' || kind === 'view');
  const times = entries.slice(Math.max(0, last)).map(({ at }) => Date.parse(at));
  return { at: last < 0 ? 0 : (times[0] ?? 0), latest: Math.max(0, ...times) };
}
