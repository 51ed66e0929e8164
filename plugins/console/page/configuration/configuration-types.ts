// What the server tells of configurations.
import type { Outlook } from 'ferrydns/plugin';
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

/** The last reload that was refused since what runs was loaded; an outlook: it was the guard that refused it. */
interface RefusedReload {
  readonly at: string;
  readonly reason: string;
  readonly outlook: Outlook | null;
}

export interface Reloads {
  readonly refused: RefusedReload | null;
}

export interface CheckedText {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly outlook: Outlook | null;
}
