// A move as it is configured: the plan that the engine runs, and what the server needs besides.
import type { CheckSpec } from '../checks/checks.ts';
import type { Word } from '../config/tree.ts';
import type { Name } from '../dns/name.ts';
import type { Plan } from '../migration/plan.ts';

/** Where the servers that share a plan agree. */
export type StorePlace =
  | { readonly kind: 'journal' }
  | { readonly kind: 'etcd'; readonly endpoints: readonly string[] }
  /** Without a namespace: the one that this server runs in. */
  | { readonly kind: 'configmap'; readonly namespace: string | null; readonly name: string };

/** A plan, where servers agree on it, and the checks of its sides. */
export interface Move {
  readonly plan: Plan;
  /** What its journal and its key in the store are called: the plan, or the one that it continues. Plans of one record come one after another. */
  readonly record: string;
  readonly store: StorePlace;
  readonly checks: readonly { readonly side: 'from' | 'to'; readonly spec: CheckSpec }[];
}

/** A move with the words that name what is moved. */
export interface WrittenMove extends Move {
  readonly words: ReadonlyMap<Name, Word>;
}
