// What stands between a configuration that is set up and its start, when another one runs.
import { capability } from './capability.ts';
import type { Outlook, RecentQuestion } from './outlook.ts';

/** Of the configuration that runs: looks at what the next one would change. */
export interface ReloadGuard {
  /** The questions that both are asked. */
  questions(): readonly RecentQuestion[];
  /** Why the next one is not to be loaded; undefined where it may be. */
  refusal(outlook: Outlook): string | undefined;
}

/** By this the server finds the guard; of several the first counts. */
export const reloadGuard = capability<ReloadGuard>('reloadGuard');

/** What became of the reloads of a server. */
export interface ReloadOutcomes {
  /** The one that brought what runs; undefined since the start. */
  readonly loaded: LoadedReload | undefined;
  /** The last one that was refused since. */
  readonly refused: RefusedReload | undefined;
}

/** A reload that brought what runs. */
export interface LoadedReload {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether it was asked for in a way that asks no guard. */
  readonly forced: boolean;
  /** What it was to change; undefined where no guard has looked. */
  readonly outlook: Outlook | undefined;
  /** The files of the configuration that are other ones than before, by the name that places use; undefined: there was none, or is none now. */
  readonly changed: readonly { readonly file: string; readonly before: string | undefined; readonly after: string | undefined }[];
}

/** A reload that came to nothing. */
export interface RefusedReload {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
  /** What it would change; undefined where it was refused for something else. */
  readonly outlook: Outlook | undefined;
}
