// Moves names from A to B by a plan: the TTL lowered first, the change made in steps, and an account of who may still lead to A.
import { join } from 'node:path';
import { readAdminAccess, usualAdminAccess } from 'ferrydns/built-in/admin';
import { type MigrateOptions, migrateGrammar, moveOptionNames, readMove, readPlanFile, type WrittenMove } from 'ferrydns/built-in/moves';
import { ConfigErrors, definePlugin, type Instance, messageOf, type Name, parseName, type SetupContext, type Word } from 'ferrydns/plugin';
import { Migrate } from './migrate.ts';
import { Off } from './off.ts';
import { readStoreAccess, replicaOf } from './store/options.ts';

export default definePlugin({
  name: 'migrate',
  summary: 'moves names from one place to another by a plan, and knows who may still be led to the old one',
  config: migrateGrammar,
  setup(options, context) {
    if (options.names[0]?.text === 'configmap') return ofConfigMaps(options, context);
    if (options.grant.length > 0) context.fail("'grant' without 'configmap', expected it where plans of ConfigMaps are read", 'grant');
    const file = options.names.find(isPlanFile);
    if (options.off) return without(options, file, context);
    const move = file === undefined ? readMove(options, options.names, context) : moveOfFile(file, options, context);
    for (const { name } of move.plan.names) {
      if (!context.zones.some((zone) => zone === '.' || name === zone || name.endsWith(`.${zone}`))) {
        context.warn(`'${name}' is in no zone of the server block: only a rewrite can lead to it`, 'names');
      }
    }
    const journal = options.journal ?? join('ferrydns-migrations', `${move.record}.journal`);
    const admin = options.admin === undefined ? usualAdminAccess : readAdminAccess(options.admin.admin, context);
    return new Migrate(
      {
        move,
        replica: replicaOf(options, move, context),
        access: readStoreAccess(options, move, context),
        journal: context.path(journal),
        admin,
      },
      context,
    );
  },
});

/** Whoever has none of these loads nothing for them. */
async function ofConfigMaps(options: MigrateOptions, context: SetupContext): Promise<Instance> {
  const own = ['store', 'grant'];
  const stated = [...moveOptionNames, 'off'].find((name) => !own.includes(name) && isStated(options[name as keyof MigrateOptions], name));
  if (stated !== undefined) context.fail(`'${stated}' beside 'configmap', expected it in the plans`, stated);
  const [{ readClusterPlans }, { PlansInBlock }] = await Promise.all([
    import('./cluster-plans/settings.ts'),
    import('./cluster-plans/plans-in-block.ts'),
  ]);
  return new PlansInBlock(readClusterPlans(options, context), context);
}

/** A server block that answers the names without their plan. */
function without(options: MigrateOptions, file: Word | undefined, context: SetupContext): Off {
  const stated = Object.keys(migrateGrammar.block).find((name) => name !== 'off' && isStated(options[name as keyof MigrateOptions], name));
  if (stated !== undefined) context.fail(`'${stated}' beside 'off', expected nothing else in a server block without the plan`, stated);
  const names = file === undefined ? namesOf(options, context) : moveOfFile(file, options, context).words;
  const [word] = options.names;
  return word === undefined ? context.fail('no name') : new Off(names, word.place, context);
}

function namesOf(options: MigrateOptions, context: SetupContext): ReadonlyMap<Name, Word> {
  return new Map(
    options.names.map((word) => {
      try {
        return [parseName(word.text), word];
      } catch (error) {
        return context.fail(`'${word.text}' is not a name: ${messageOf(error)}`, word);
      }
    }),
  );
}

function isPlanFile({ text }: Word): boolean {
  return /\.ya?ml$/.test(text);
}

/** The file says everything of the move; names beside it are there for readers, and must be those of the file. */
function moveOfFile(word: Word, options: MigrateOptions, context: SetupContext): WrittenMove {
  const stated = moveOptionNames.find((name) => isStated(options[name as keyof MigrateOptions], name));
  if (stated !== undefined) context.fail(`'${stated}' stands in the plan file, expected only what is this server's own beside it`, stated);
  const { move, warnings } = read(word, context);
  for (const { message, place } of warnings) context.warn(message, { text: '', quoted: false, place });
  for (const each of options.names) {
    if (each !== word && isPlanFile(each)) context.fail(`a second plan file '${each.text}'`, each);
    const named = move.plan.names.some(({ name }) => name === `${each.text.toLowerCase().replace(/\.$/, '')}.`);
    if (each !== word && !named) context.fail(`'${each.text}' is no name of ${word.text}`, each);
  }
  return move;
}

function read(word: Word, context: SetupContext) {
  try {
    const text = context.read(word.text).toString('utf8');
    context.source(word.text, text);
    return readPlanFile(text, word.text);
  } catch (error) {
    if (error instanceof ConfigErrors) throw error;
    return context.fail(messageOf(error), word);
  }
}

/** Whether an option was written: one that was not has its fallback. */
function isStated(found: unknown, name: string): boolean {
  const property = migrateGrammar.block[name as keyof typeof migrateGrammar.block];
  const usual = property.kind === 'repeated' ? [] : property.kind === 'flag' ? false : property.fallback;
  return JSON.stringify(found) !== JSON.stringify(usual);
}
