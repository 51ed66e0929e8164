// What a plan needs to be run.
import type { Move } from 'ferrydns/built-in/moves';
import type { Logger } from 'ferrydns/plugin';
import type { Store } from '../store/store.ts';

export interface RunnerOptions {
  readonly move: Move;
  /** The journal. */
  readonly file: string;
  /** What this server is called among those that share the plan. */
  readonly replica: string;
  /** Opens the store that servers share; undefined for a server alone. */
  readonly connect: (() => Store) | undefined;
  readonly log: Logger;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** Whether no configuration answers yet. */
  readonly starting: boolean;
}
