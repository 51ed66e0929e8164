// What became of the last reload, and the guard that may refuse one.
import { messageOf } from '../config/error.ts';
import type { Outlook } from '../plugin/outlook.ts';
import { type RefusedReload, type ReloadGuard, reloadGuard } from '../plugin/reload-guard.ts';
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

export class Reloads {
  /** Undefined since one was loaded, or none was refused. */
  refused: RefusedReload | undefined;

  /** Runs a reload and keeps in mind what came of it. */
  async note(reload: () => Promise<void>): Promise<void> {
    try {
      await reload();
      this.refused = undefined;
    } catch (error) {
      this.refused = { at: Date.now(), reason: messageOf(error), outlook: error instanceof GuardRefusal ? error.outlook : undefined };
      throw error;
    }
  }

  /** Rejects when the guard of what runs refuses the next configuration. */
  async examine(running: Generation, next: Generation, now: () => number): Promise<void> {
    const guard = running.blocks.flatMap((block): ReloadGuard[] => provided(block, reloadGuard))[0];
    if (guard === undefined) return;
    const { lookAhead } = await import('./look-ahead.ts');
    const outlook = await lookAhead({ before: running, running: true, after: next, questions: guard.questions(), warnings: [], now });
    const reason = guard.refusal(outlook);
    if (reason !== undefined) throw new GuardRefusal(reason, outlook);
  }
}
