// Where the agreement of a plan lives: one value, changed only by compare-and-swap. Each kind of store is a file of its own beside this one.
import type { migration } from 'ferrydns/built-in/moves';

/** What a store holds of a plan. */
export interface Kept {
  readonly agreement: migration.Agreement;
  /** The last change of epoch, phase, step or replicas, for people; `at` is RFC 3339. */
  readonly changed: { readonly why: string; readonly by: string; readonly at: string } | null;
  /** For each replica the process that has its name: two processes that share a name are detected by it. */
  readonly runs: Readonly<Record<string, string>>;
}

/** What was read: a version that only grows, 0 where there is nothing. */
export interface Found {
  readonly version: number;
  readonly kept: Kept | null;
}

export interface Proposal {
  /** The version that is to be replaced; 0: there is none yet. */
  readonly expect: number;
  readonly kept: Kept;
  readonly why: string;
  readonly by: string;
}

/** The version that the value has now, or what was there instead of the expected one. */
export type Swapped = { readonly done: true; readonly version: number } | { readonly done: false; readonly found: Found };

export interface Store {
  /** For people. */
  readonly place: string;
  /** Rejects when the store does not answer. */
  read(): Promise<Found>;
  /** Rejects when nobody knows whether it has happened. */
  swap(proposal: Proposal): Promise<Swapped>;
  /** Whether no Pod has the name of this replica; rejects when that cannot be found out. Absent where replicas do not have the names of Pods. */
  isGone?(replica: string): Promise<boolean>;
  close(): void;
}

/** Parses what a store holds; throws an Error that says that somebody else wrote it. */
export function parseKept(text: string, place: string): Kept {
  const found = parse(text) as Partial<Kept> | undefined;
  if (typeof found?.agreement?.epoch !== 'number' || typeof found.agreement.phase !== 'string' || typeof found.runs !== 'object') {
    throw new Error(`${place} holds '${text.slice(0, 60)}', expected the agreement of a plan`);
  }
  return { agreement: found.agreement, changed: found.changed ?? null, runs: found.runs };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
