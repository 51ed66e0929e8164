// What a pool offers other plugins of its server block: an answer, its health, and a way to hand back by hand.
import type { Name } from '../dns/name.ts';
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import { capability } from './capability.ts';

/** One member of a pool as it is now. */
export interface PoolMemberStatus {
  readonly member: string;
  readonly state: 'up' | 'down' | 'drained';
  readonly backup: boolean;
  /** Whether answers name it at present. */
  readonly serving: boolean;
  /** With the share that its agent wants. */
  readonly weight: number;
}

/** A pool as other plugins of its server block use it. */
export interface PoolService {
  readonly name: Name;
  /** Whether any member is up and not drained; undefined while this is only assumed: no check of the members that may be up has ended yet, or none has succeeded yet. */
  readonly healthy: boolean | undefined;
  members(): readonly PoolMemberStatus[];
  /** The addresses that answers may name at present. */
  addresses(): readonly string[];
  /** Every address of its members, well or not. */
  located(): readonly string[];
  /** The pool's answer to a query of whatever name: its records have the pool's name. Undefined for types it has no members for. */
  answer(query: Query): Reply | undefined;
  /**
   * Gives the answer back to the members that come first, where `failback manual` or `after` keeps it from them; false when there was nothing to give back.
   * Only the primary process can, and all others follow: in a worker it is always false.
   */
  failback(): boolean;
}

/** By this plugins find the pools of their server block. */
export const poolService = capability<PoolService>('pool');
