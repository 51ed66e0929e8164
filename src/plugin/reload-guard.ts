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

/** A reload that came to nothing. */
export interface RefusedReload {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
  /** What it would change; undefined where it was refused for something else. */
  readonly outlook: Outlook | undefined;
}
