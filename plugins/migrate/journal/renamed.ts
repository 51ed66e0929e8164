// A plan under a new name has a journal of its own, and would begin with A: the journals beside it tell whether its names lead to B already.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { migration } from 'ferrydns/built-in/moves';
import { Journal } from './journal.ts';
import { standing } from './recovery.ts';

interface Account {
  readonly file: string;
  /** The plan that had the names last, and the one that the record is called by. */
  readonly plan: migration.Plan;
  readonly first: string;
  readonly at: migration.Agreement | migration.View;
  /** Whether a reload has left it out since. */
  readonly left: boolean;
  /** When it was written last. */
  readonly written: number;
}

/**
 * Why a plan that has not moved anything itself must not begin with its A: a plan with another name has moved the names, says its journal in the same folder.
 * Undefined: no journal says so.
 */
export async function movedBefore(file: string, plan: migration.Plan): Promise<string | undefined> {
  const own = await accountOf(file);
  if (own !== undefined && hasLedAway(own)) return undefined;
  const others = (await Promise.all((await besides(file)).map(accountOf))).filter((each) => each !== undefined);
  const [last] = others.filter((each) => isAbout(each, plan)).sort((a, b) => b.written - a.written);
  if (last === undefined || last.written < (own?.written ?? 0) || !hasLedAway(last)) return undefined;
  // Who was left out has no say any more, and where the names are this plan begins as well.
  if (last.left && migration.whereOf(plan, 'from') === whereNow(last)) return undefined;
  const name = plan.names.find((each) => last.plan.names.some((other) => other.name === each.name))?.name;
  return `plan ${last.plan.name} has moved ${name} and is in ${last.at.phase}, says its journal ${last.file}: with 'continues: ${last.first}' plan ${plan.name} goes on from there; if the names lead to its 'from' again, move that journal away`;
}

async function besides(file: string): Promise<readonly string[]> {
  const folder = dirname(file);
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.journal') && name !== basename(file)).map((name) => join(folder, name));
}

/** The entries of a journal; none when it cannot be read: its own plan reports that when it is opened. */
async function accountOf(file: string): Promise<Account | undefined> {
  const { entries } = await Journal.peruse(file).catch(() => ({ entries: [] }));
  const { plan, last } = standing(entries);
  const [first = plan?.name] = entries.flatMap((entry) => (entry.kind === 'plan' ? [entry.plan.name] : []));
  if (plan === undefined || last === undefined || first === undefined) return undefined;
  const at = last.kind === 'commit' ? last.agreement : last.view;
  const left = entries.slice(last.n).some(({ kind }) => kind === 'left');
  return { file, plan, first, at, left, written: Date.parse(entries.at(-1)?.at ?? '') };
}

/** Of the same names, and the same server: one that is called alike is the same plan at another one, and so is one with the other role. */
function isAbout({ plan: other }: Account, plan: migration.Plan): boolean {
  return other.name !== plan.name && other.role === plan.role && other.names.some(({ name }) => plan.names.some((each) => each.name === name));
}

/** Whether somebody may have been led elsewhere than before the first plan of the record. */
function hasLedAway({ at: { phase, begins } }: Account): boolean {
  return phase === 'original' ? begins !== undefined : phase !== 'released' && migration.reached(phase, 'transition');
}

function whereNow({ plan, at: { phase } }: Account): string {
  return migration.whereOf(plan, phase === 'original' ? 'from' : 'to');
}
