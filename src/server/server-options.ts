// What a server is given: where its configuration is, and what it has of the process around it.
import type { LogForm, Output } from '../log/logger.ts';
import type { ConfigurationSource } from './configuration.ts';
import type { MemoryLimit } from './memory-limit.ts';
import type { WorkerRole } from './protocol.ts';
import type { Registry } from './registry.ts';

/** Where a reload is. */
export type ReloadStage = 'begins' | 'is complete' | 'is refused';

/** What a server is made of. */
export interface ServerOptions {
  readonly source: ConfigurationSource;
  readonly registry: Registry;
  readonly output: Output;
  /** How what is logged becomes lines; text unless given. */
  readonly logForm?: LogForm;
  /** Told of each reload: that it begins, and what has come of it. */
  readonly onReload?: (what: ReloadStage) => void;
  /** The port of zones that name none. */
  readonly dnsPort?: number;
  /** Where relative file names start; the working directory unless given. */
  readonly directory?: string;
  /** Where to listen when a block has no `bind`; empty, the default, for every address. */
  readonly defaultAddress?: string;
  /** Milliseconds on a monotonic clock. */
  readonly now?: () => number;
  /** How much memory the process may take; undefined when nobody says. */
  readonly memoryLimit?: MemoryLimit | undefined;
  /** Ends the process; called for failures that a plugin cannot live with. */
  readonly exit?: (status: number) => void;
  /** What a worker has of the process that started it; a server that has none is that process, or the only one. */
  readonly worker?: WorkerRole | undefined;
}
