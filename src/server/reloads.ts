// What became of the last reloads, and the guard that may refuse one.
import { messageOf } from '../config/error.ts';
import type { Outlook } from '../plugin/outlook.ts';
import { type LoadedReload, type RefusedReload, type ReloadGuard, type ReloadOutcomes, reloadGuard } from '../plugin/reload-guard.ts';
import { provided } from './block.ts';
import type { Generation } from './generation.ts';

/** The guard of what runs does not let the next configuration in. */
class GuardRefusal extends Error {
  readonly outlook: Outlook;

  constructor(reason: string, outlook: Outlook) {
    super(reason);
    this.outlook = outlook;
  }
}

export class Reloads implements ReloadOutcomes {
  loaded: LoadedReload | undefined;
  refused: RefusedReload | undefined;

  /** Runs a reload and keeps in mind why it was refused. */
  async note(reload: () => Promise<void>): Promise<void> {
    try {
      await reload();
    } catch (error) {
      this.refused = { at: Date.now(), reason: messageOf(error), outlook: error instanceof GuardRefusal ? error.outlook : undefined };
      throw error;
    }
  }

  /** Keeps in mind what another configuration, which answers now, has brought. */
  noteLoaded(before: Generation, now: Generation, { forced, outlook }: Pick<LoadedReload, 'forced' | 'outlook'>): void {
    this.loaded = { at: Date.now(), forced, outlook, changed: changedFiles(before, now) };
    this.refused = undefined;
  }

  /** What the next configuration is to change, where what runs has a guard. Rejects when that one refuses it. */
  async examine(running: Generation, next: Generation, now: () => number): Promise<Outlook | undefined> {
    const guard = running.blocks.flatMap((block): ReloadGuard[] => provided(block, reloadGuard))[0];
    if (guard === undefined) return undefined;
    const { lookAhead } = await import('./look-ahead.ts');
    const outlook = await lookAhead({ before: running, running: true, after: next, questions: guard.questions(), warnings: [], now });
    const reason = guard.refusal(outlook);
    if (reason !== undefined) throw new GuardRefusal(reason, outlook);
    return outlook;
  }
}

function changedFiles(before: Generation, now: Generation): LoadedReload['changed'] {
  const [old, young] = [before, now].map((generation) => generation.asRead().sources) as [ReadonlyMap<string, string>, ReadonlyMap<string, string>];
  const files = [...new Set([...young.keys(), ...old.keys()])];
  return files.map((file) => ({ file, before: old.get(file), after: young.get(file) })).filter((each) => each.before !== each.after);
}
