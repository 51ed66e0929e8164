// The clients that a process has answered since its last report. Their number is bounded; of those that are left out the end of the last lease is kept.
import type { Report } from './snapshot.ts';

/** Clients in one report at most. */
const most = 20_000;
const answers = ['from', 'to', 'both'] as const;

interface Last {
  ttl: number;
  at: number;
}

export class HandedOut {
  private lists = noLists();
  private count = 0;
  /** The ends of the last leases of clients that were left out, on the clock of `note`; 0: none. */
  private unlisted = { from: 0, to: 0 };

  /** Notes an answer that leaves now. */
  note(client: string, { answer, ttl, now }: { readonly answer: 'from' | 'to' | 'both'; readonly ttl: number; readonly now: number }): void {
    const list = this.lists[answer];
    const last = list.get(client);
    if (last !== undefined) {
      if (now + ttl * 1000 < last.at + last.ttl * 1000) return;
      last.ttl = ttl;
      last.at = now;
    } else if (this.count < most) {
      list.set(client, { ttl, at: now });
      this.count++;
    } else this.leaveOut(answer, now + ttl * 1000);
  }

  /** What was noted since the last report. */
  report(now: number): Report {
    const { lists, unlisted } = this;
    this.lists = noLists();
    this.count = 0;
    this.unlisted = { from: 0, to: 0 };
    return {
      lists: answers.flatMap((answer) =>
        lists[answer].size === 0 ? [] : [{ answer, clients: [...lists[answer]].map(([client, { ttl, at }]) => [client, ttl, now - at] as const) }],
      ),
      unlisted: { from: Math.max(0, unlisted.from - now), to: Math.max(0, unlisted.to - now) },
    };
  }

  private leaveOut(answer: 'from' | 'to' | 'both', end: number): void {
    if (answer !== 'to') this.unlisted.from = Math.max(this.unlisted.from, end);
    if (answer !== 'from') this.unlisted.to = Math.max(this.unlisted.to, end);
  }
}

function noLists(): Record<'from' | 'to' | 'both', Map<string, Last>> {
  return { from: new Map(), to: new Map(), both: new Map() };
}
