// What the server tells of configurations.
import type { Problem } from '../parts/problems.tsx';

export interface ConfiguredBlock {
  readonly server: string;
  readonly zone: string;
  readonly view: string;
  readonly place: string;
  readonly plugins: readonly string[];
}

export interface Configuration {
  readonly file: string;
  readonly text: string;
  readonly loaded: string;
  readonly warnings: readonly Problem[];
  readonly blocks: readonly ConfiguredBlock[];
}

/** What a question would be answered before and after. */
export interface Change {
  readonly name: string;
  readonly type: string;
  readonly client: string;
  readonly server: string;
  readonly before: string;
  readonly after: string;
  /** Records were answered, and would be no longer. */
  readonly lost?: boolean;
}

/** What would change for those who have asked lately. */
export interface Outlook {
  readonly asked: number;
  readonly same: number;
  readonly sameSource: number;
  readonly changed: number;
  readonly unknown: number;
  readonly names: { readonly answered: number; readonly lost: number };
  readonly warnings: readonly string[];
  readonly changes: readonly Change[];
  readonly unknowns: readonly Change[];
}

export interface CheckedText {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly outlook: Outlook | null;
}
