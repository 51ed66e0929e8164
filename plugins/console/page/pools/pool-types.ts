// What the server tells of pools.
import type { PoolMember as Member, PoolStatus as Status } from 'ferrydns/built-in';

export type PoolStatus = Status;
export type PoolMember = Member;
export type PoolServing = PoolStatus['serving'][number];

/** How a member stood from a moment on. */
export interface MemberChange {
  readonly at: string;
  readonly up: boolean;
  readonly drained: boolean;
  readonly serving: boolean;
}

/** What the server remembers of the last hour. */
export interface PoolHistory {
  readonly pool: string;
  readonly since: string;
  readonly members: readonly { readonly member: string; readonly records: string; readonly changes: readonly MemberChange[] }[];
}
