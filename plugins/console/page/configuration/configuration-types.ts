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
  readonly reload: LoadedReload | null;
  readonly warnings: readonly Problem[];
  readonly blocks: readonly ConfiguredBlock[];
}

/** The last reload that was refused since what runs was loaded; an outlook: it was the guard that refused it. */
interface RefusedReload {
  readonly at: string;
  readonly reason: string;
  readonly outlook: Outlook | null;
}

/** The reload that brought what runs; an outlook: a guard has looked at it. */
export interface LoadedReload {
  readonly at: string;
  readonly forced: boolean;
  readonly outlook: Outlook | null;
  readonly changed: readonly { readonly file: string; readonly before: string; readonly after: string }[];
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
