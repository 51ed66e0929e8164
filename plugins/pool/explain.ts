// Says in words who answers for a pool, and why.
import type { Explained } from 'ferrydns/plugin';
import type { Answer } from './answers.ts';
import type { Member } from './member.ts';
import type { PolicyName } from './policy.ts';
import type { Serving, Succession } from './succession.ts';

export const sayServing = {
  members: 'the members that come first answer',
  backup: 'backup members answer',
  none: 'only members with the other type of address are well',
  hold: 'no member is well, the last answer is held',
  all: 'no member is well, all members answer',
  servfail: 'no member is well, SERVFAIL is answered',
} as const;

/** The members of a group, and who of them answers. */
interface Choice {
  readonly members: readonly Member[];
  readonly policy: PolicyName;
  readonly serving: Serving<Member>;
  readonly succession: Pick<Succession<Member>, 'pending'>;
}

/** Notes how the members are and which of them this answer names. */
export function explainChoice(explained: Explained, { members, policy, serving, succession }: Choice, { label }: Answer): void {
  explained.note(`policy ${policy}: ${sayServing[serving.by]}`);
  if (succession.pending) explained.note('members that come before those are well again and wait to be given it back');
  for (const member of members)
    explained.note(`member ${member.label} is ${describe(member)}${serving.members.includes(member) ? '' : ': left out'}`);
  explained.note(label === '' ? 'names no member' : `names ${label.replaceAll(',', ', ')}`);
}

function describe({ state, known, backup, weight, percent, spec }: Member): string {
  const share = percent === 100 ? '' : ` (${spec.weight} at ${Math.round(percent)}%, as its agent says)`;
  return `${state}${known ? '' : ' (not looked at yet)'}, ${backup ? 'a backup, ' : ''}weight ${Number(weight.toFixed(2))}${share}`;
}
