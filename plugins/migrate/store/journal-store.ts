// The store of a server alone: what is on disk in its journal is what is agreed on (R1, R2).
import type { Journal } from '../journal/journal.ts';
import type { Found, Kept, Proposal, Store, Swapped } from './store.ts';

export class JournalStore implements Store {
  readonly place: string;
  private readonly journal: Journal;
  private found: Found;

  constructor(journal: Journal) {
    this.journal = journal;
    this.place = journal.file;
    const last = journal.entries.findLast((entry) => entry.kind === 'commit');
    this.found = last === undefined ? { version: 0, kept: null } : { version: last.version, kept: keptOf(last) };
  }

  read(): Promise<Found> {
    return Promise.resolve(this.found);
  }

  async swap({ expect, kept, why, by }: Proposal): Promise<Swapped> {
    if (expect !== this.found.version) return { done: false, found: this.found };
    const version = expect + 1;
    await this.journal.append({ kind: 'commit', version, agreement: kept.agreement, why, by });
    this.found = { version, kept };
    return { done: true, version };
  }

  close(): void {}
}

function keptOf({
  agreement,
  why,
  by,
  at,
}: {
  readonly agreement: Kept['agreement'];
  readonly why: string;
  readonly by: string;
  readonly at: string;
}): Kept {
  return { agreement, changed: { why, by, at }, runs: {} };
}
