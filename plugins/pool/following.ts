// How the processes of a server answer as one: what the one that looks at the members finds, and how the others answer by it.

import type { ServingReason } from 'ferrydns/built-in';
import { sharedState } from 'ferrydns/plugin';
import type { Group } from './group.ts';
import type { AddressState, Member } from './member.ts';

/** How the members of a pool are, and who answers. One entry, as the one makes no sense without the other. */
export interface Outcome {
  readonly members: readonly { readonly kind: string; readonly label: string; readonly addresses: readonly AddressState[] }[];
  readonly serving: readonly { readonly records: string; readonly by: ServingReason; readonly labels: readonly string[] }[];
}

export const outcomeState = sharedState<Outcome>('outcome');

interface Parts {
  readonly members: readonly Member[];
  readonly groups: readonly Group[];
}

export function outcomeOf({ members, groups }: Parts): Outcome {
  return {
    members: members.map(({ label, spec, states }) => ({ kind: spec.kind, label, addresses: states })),
    serving: groups.map(({ records, serving }) => ({ records, by: serving.by, labels: serving.members.map(({ label }) => label) })),
  };
}

/** Answers by what was found. */
export function believe({ members: found, serving }: Outcome, { members, groups }: Parts): void {
  for (const { kind, label, addresses } of found) {
    members.find((member) => member.label === label && member.spec.kind === kind)?.believe(addresses);
  }
  for (const { records, by, labels } of serving) {
    const group = groups.find((each) => each.records === records);
    group?.serve({ members: group.members.filter(({ label }) => labels.includes(label)), by });
  }
}
