// What a directive of `migrate` says.
import type { AdminAccess } from 'ferrydns/built-in/admin';
import type { WrittenMove } from 'ferrydns/built-in/moves';
import type { StoreAccess } from './store/open-store.ts';

export interface MigrateSettings {
  readonly move: WrittenMove;
  /** What this server is called among those that share the plan. */
  readonly replica: string;
  readonly access: StoreAccess;
  /** The absolute path of the journal. */
  readonly journal: string;
  /** Undefined: no admin address is opened. */
  readonly admin: AdminAccess | undefined;
}
