// What only the whole configuration shows of a plan, and what its journal says beforehand: refused at the word that is wrong.
import { poolService } from 'ferrydns/built-in';
import { examineAdmin } from 'ferrydns/built-in/admin';
import type { WrittenMove } from 'ferrydns/built-in/moves';
import { type Capability, capability, type ExamineContext, type Instance, messageOf, type SetupContext } from 'ferrydns/plugin';
import { JournalUnwritable, probeJournal } from './journal/folder.ts';
import { Journal, JournalDamage } from './journal/journal.ts';
import { recover } from './journal/recovery.ts';
import { movedBefore } from './journal/renamed.ts';
import type { MigrateSettings } from './settings.ts';

/** One use of a plan, as the other ones see it. */
export interface Planned {
  readonly name: string;
  readonly configured: MigrateSettings;
  /** What stands in the chain for it. */
  readonly instance: Instance;
}

/** The plans of a configuration, as they know each other. */
export const planned: Capability<Planned> = capability('planned');

/** The plans that these instances hold. */
export function plansIn(instances: readonly Instance[]): readonly Planned[] {
  return instances.flatMap(({ provides = [] }) => provides.flatMap(({ label, service }) => (label === planned.label ? [service as Planned] : [])));
}

/** Throws a ConfigError for what serving would refuse, and warns of what would stop the plan. */
export async function examinePlan(own: Planned, setup: SetupContext, context: ExamineContext): Promise<void> {
  const siblings = context.peers(planned);
  const before = earlier(own, context.everywhere(planned));
  if (earlier(own, siblings).some(({ name }) => name === own.name)) setup.fail(`plan ${own.name} is there twice`, 'names');
  refuseRecord(own, before, setup);
  refuseOtherself(own, before, setup);
  refuseNames(own, before, setup);
  refuseJournals(own, before, setup);
  refusePools(own.configured.move, setup, context);
  examineAdmin(own.configured.admin, setup, context);
  if (context.checking) await examineJournal(own, setup);
}

/** Whether another plan of the configuration moves a name. */
export function isOfOthers(own: Planned, all: readonly Planned[]): (name: string) => boolean {
  const others = all.filter(({ name }) => name !== own.name);
  const names = new Set<string>(others.flatMap(({ configured: { move } }) => move.plan.names.map(({ name }) => name)));
  return (name) => names.has(name.toLowerCase());
}

function earlier(own: Planned, all: readonly Planned[]): readonly Planned[] {
  return all.slice(0, all.indexOf(own));
}

/** Server blocks that hold one plan hold it alike: it has one engine and one journal. */
function refuseOtherself({ name, configured: { move } }: Planned, before: readonly Planned[], setup: SetupContext): void {
  const other = before.find((each) => each.name === name && JSON.stringify(each.configured.move.plan) !== JSON.stringify(move.plan));
  if (other === undefined) return;
  const [word] = other.configured.move.words.values();
  const at = word === undefined ? 'in another server block' : `at ${word.place.file}:${word.place.line}`;
  setup.fail(`plan ${name} is another one ${at}, expected it to be alike in every server block, or another name for one of them`, 'names');
}

/** Plans of one record come one after another. */
function refuseRecord({ name, configured: { move } }: Planned, before: readonly Planned[], setup: SetupContext): void {
  const other = before.find((each) => each.name !== name && each.configured.move.record === move.record);
  if (other === undefined) return;
  const [word] = other.configured.move.words.values();
  const at = word === undefined ? '' : ` at ${word.place.file}:${word.place.line}`;
  setup.fail(`plan ${name} takes over from plan ${other.name}, which is still there${at}: put it in that one's place`, 'names');
}

function refuseNames(own: Planned, before: readonly Planned[], setup: SetupContext): void {
  for (const [name, word] of own.configured.move.words) {
    const holder = before.find((other) => other.name !== own.name && other.configured.move.words.has(name));
    if (holder !== undefined) setup.fail(`${name} is already moved by plan ${holder.name}`, word);
  }
}

/** Uses of one plan have one journal, and no other plan has it. */
function refuseJournals({ name, configured: { journal } }: Planned, before: readonly Planned[], setup: SetupContext): void {
  for (const other of before) {
    const found = other.configured.journal;
    if (other.name === name && found !== journal) setup.fail(`plan ${name} has its journal in ${found}, found ${journal}`, 'journal');
    if (other.name !== name && found === journal) setup.fail(`journal ${journal} is the one of plan ${other.name} already`, 'journal');
  }
}

function refusePools({ plan, words }: WrittenMove, setup: SetupContext, context: ExamineContext): void {
  const known = context.peers(poolService).map(({ name }) => name);
  for (const { name, from, to } of plan.names) {
    const missing = [...from, ...to].find((target) => target.kind === 'pool' && !known.includes(target.pool));
    if (missing?.kind === 'pool') setup.fail(`no pool ${missing.pool} in this server block`, words.get(name));
  }
}

async function examineJournal({ configured: { move, journal, replica } }: Planned, setup: SetupContext): Promise<void> {
  try {
    await probeJournal(journal);
    const renamed = await movedBefore(journal, move.plan);
    if (renamed !== undefined) setup.fail(renamed, 'names');
    recover(await Journal.peruse(journal), move.plan, replica);
  } catch (error) {
    const message = messageOf(error);
    if (error instanceof JournalDamage) setup.warn(`${message}: the plan would stand still`, 'journal');
    else if (error instanceof JournalUnwritable && error.denied) setup.warn(message, 'journal');
    else setup.fail(message, error instanceof JournalUnwritable ? 'journal' : undefined);
  }
}
