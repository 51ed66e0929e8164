// What is told of a pool: who answers, and how each member is.
import type { PoolMember, PoolStatus } from 'ferrydns/built-in';
import type { Group } from './group.ts';
import type { Member } from './member.ts';
import type { PoolSettings } from './options.ts';

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

function memberStatus(member: Member, { serving }: Group): PoolMember {
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
