// What came of the comparisons: numbers, and the last differences whole.
import type { ShadowDifference, ShadowOutcome } from 'ferrydns/built-in';
import type { ShadowNote } from './note.ts';

/** Differences that are kept. */
const most = 300;

export type Counts = Readonly<Record<ShadowOutcome, number>>;

export class Book {
  private readonly totals: Record<ShadowOutcome, number> = { same: 0, turns: 0, different: 0, unanswered: 0, dropped: 0 };
  private readonly byKind: Record<string, number> = {};
  private readonly last = new Map<string, ShadowDifference>();
  private number = 0;

  get counts(): Counts {
    return { ...this.totals };
  }

  get kinds(): Readonly<Record<string, number>> {
    return { ...this.byKind };
  }

  /** The newest first. */
  get differences(): readonly ShadowDifference[] {
    return [...this.last.values()].reverse();
  }

  /** The number of the newest difference; 0 before the first. */
  get newest(): number {
    return this.number;
  }

  /** Those that came after the one with this number, the oldest first. */
  since(number: number): readonly ShadowDifference[] {
    return [...this.last.values()].filter((each) => each.number > number);
  }

  take({ outcomes, found }: ShadowNote): void {
    for (const [outcome, count] of Object.entries(outcomes)) this.totals[outcome as ShadowOutcome] += count;
    if (found === undefined) return;
    for (const { kind } of found.differences) this.byKind[kind] = (this.byKind[kind] ?? 0) + 1;
    const key = `${found.name} ${found.type}`;
    const known = this.last.get(key);
    this.last.delete(key);
    this.last.set(key, { ...found, number: ++this.number, count: (known?.count ?? 0) + 1 });
    const [oldest] = this.last.keys();
    if (this.last.size > most && oldest !== undefined) this.last.delete(oldest);
  }
}
