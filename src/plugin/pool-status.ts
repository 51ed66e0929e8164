// How a pool stands, as a server tells it at its admin address and the command line shows it. `docs/admin-api.yaml` describes the fields.

/** What is answered when no member is well. */
export type AllDown = 'hold' | 'all' | 'backup' | 'servfail';
/** Why those answer who answer: members that are well, backups, the other type of address is well, or what `all_down` says. */
export type ServingReason = 'members' | 'backup' | 'none' | AllDown;

export interface PoolStatus {
  readonly pool: string;
  readonly policy: string;
  readonly failback: 'auto' | 'manual' | 'after';
  /** Seconds of `failback after`. */
  readonly failback_after: number | null;
  readonly all_down: AllDown;
  readonly serving: readonly PoolServing[];
  readonly members: readonly PoolMember[];
}

/** Who answers with one kind of record. */
export interface PoolServing {
  readonly records: string;
  readonly by: ServingReason;
  readonly members: readonly string[];
  readonly failback_pending: boolean;
}

export interface PoolMember {
  readonly member: string;
  readonly records: 'address' | 'srv' | 'mx';
  readonly backup: boolean;
  readonly up: boolean;
  readonly drained: boolean;
  readonly serving: boolean;
  readonly weight: number;
  /** With the share that its agents want. */
  readonly weight_now: number;
  readonly addresses: readonly PoolMemberAddress[];
}

export interface PoolMemberAddress {
  readonly address: string;
  readonly up: boolean;
  readonly drained: boolean;
  /** Whether a check has ended yet. */
  readonly looked_at: boolean;
  /** What its agent said last; null without one. */
  readonly agent: { readonly up: boolean; readonly admin: 'ready' | 'drain' | 'maint'; readonly percent: number } | null;
}
