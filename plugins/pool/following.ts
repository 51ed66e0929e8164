// How the processes of a server answer as one: what the one that looks at the members tells, and how the others answer by it.
import type { Group } from './group.ts';
import type { AddressState, Member } from './member.ts';
import type { Reason } from './succession.ts';

/** What the process that looks tells the others; from those, that they want to be told. */
export interface News {
  readonly members?: readonly { readonly kind: string; readonly label: string; readonly addresses: readonly AddressState[] }[];
  readonly serving?: readonly { readonly records: string; readonly by: Reason; readonly labels: readonly string[] }[];
}

interface Parts {
  readonly members: readonly Member[];
  readonly groups: readonly Group[];
}

export function newsOf({ members, groups }: Parts): News {
  return {
    members: members.map(({ label, spec, states }) => ({ kind: spec.kind, label, addresses: states })),
    serving: groups.map(({ records, serving }) => ({ records, by: serving.by, labels: serving.members.map(({ label }) => label) })),
  };
}

/** Answers by what was told. */
export function believe(news: News, { members, groups }: Parts): void {
  for (const { kind, label, addresses } of news.members ?? []) {
    members.find((member) => member.label === label && member.spec.kind === kind)?.believe(addresses);
  }
  for (const { records, by, labels } of news.serving ?? []) {
    const group = groups.find((each) => each.records === records);
    group?.serve({ members: group.members.filter(({ label }) => labels.includes(label)), by });
  }
}

/** Answers as the group before did, or as if all were up, until something is told. */
export function answerMeanwhile(group: Group, before: Group | undefined): void {
  const known = before?.serving;
  const labels = new Set(known?.members.map(({ label }) => label));
  const first = group.members.filter(({ backup, spec }) => !backup && spec.weight > 0);
  const members =
    known === undefined ? first.slice(0, group.policy === 'failover' ? 1 : first.length) : group.members.filter(({ label }) => labels.has(label));
  group.serve({ members, by: known?.by ?? 'members' });
}

/** The addresses of a member, as they were known before or are configured, until something is told. */
export function believeMeanwhile(member: Member, before: Member | undefined): void {
  const states = before?.states ?? [];
  const given = member.spec.addresses.map(
    (text) => states.find((state) => state.text === text) ?? { text, up: true, drained: false, percent: 100, heard: false },
  );
  member.believe(member.spec.lookedUp ? states : given);
}
