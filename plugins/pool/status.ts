// What is told of a pool: who answers, and how each member is.
import type { AgentReport } from 'ferrydns/built-in/checks';
import type { Name } from 'ferrydns/plugin';
import type { Group, Records } from './group.ts';
import type { Member } from './member.ts';
import type { PoolSettings } from './options.ts';
import type { AllDown, Reason } from './succession.ts';

/** `docs/admin-api.yaml` describes the fields. */
export interface PoolStatus {
  readonly pool: Name;
  readonly policy: PoolSettings['policy'];
  readonly failback: 'auto' | 'manual' | 'after';
  /** Seconds of `failback after`. */
  readonly failback_after: number | null;
  readonly all_down: AllDown;
  readonly serving: readonly ServingStatus[];
  readonly members: readonly MemberStatus[];
}

/** Who answers with one kind of record. */
interface ServingStatus {
  readonly records: Records;
  readonly by: Reason;
  readonly members: readonly string[];
  readonly failback_pending: boolean;
}

interface MemberStatus {
  readonly member: string;
  readonly records: Member['spec']['kind'];
  readonly backup: boolean;
  readonly up: boolean;
  readonly drained: boolean;
  readonly serving: boolean;
  readonly weight: number;
  readonly weight_now: number;
  readonly addresses: readonly {
    readonly address: string;
    readonly up: boolean;
    readonly drained: boolean;
    readonly looked_at: boolean;
    readonly agent: AgentReport | null;
  }[];
}

export function statusOf({ name, policy, failback, allDown }: PoolSettings, groups: readonly Group[]): PoolStatus {
  return {
    pool: name,
    policy,
    failback: failback.when,
    failback_after: failback.when === 'after' ? failback.delay / 1000 : null,
    all_down: allDown,
    serving: groups.map(({ records, serving, succession }) => ({
      records,
      by: serving.by,
      members: serving.members.map(({ label }) => label),
      failback_pending: succession.pending,
    })),
    members: groups.flatMap((group) => group.members.map((member) => memberStatus(member, group))),
  };
}

function memberStatus(member: Member, { serving }: Group): MemberStatus {
  const { label, backup, up, drained, weight, spec, addresses } = member;
  return {
    member: label,
    records: spec.kind,
    backup,
    up,
    drained,
    serving: serving.members.includes(member),
    weight: spec.weight,
    weight_now: weight,
    addresses: addresses.map((address) => ({
      address: address.text,
      up: address.up,
      drained: address.drained,
      looked_at: address.known,
      agent: address.agent ?? null,
    })),
  };
}
