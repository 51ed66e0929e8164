// Who answers for a pool, and why, in words.
import type { PoolMember, PoolServing, PoolStatus } from 'ferrydns/built-in';

const reasons: Readonly<Record<PoolServing['by'], string>> = {
  members: 'the members that are well',
  backup: 'backup members, because no other member is well',
  none: 'nobody: only members with the other type of address are well',
  hold: 'those who answered last, because nobody is well (all_down hold)',
  all: 'all members, because nobody is well (all_down all)',
  servfail: 'nobody: SERVFAIL, because nobody is well (all_down servfail)',
};

export function servingWords({ by }: PoolServing): string {
  return reasons[by];
}

export function recordWords(records: string): string {
  return records === 'address' ? 'A and AAAA' : records.toUpperCase();
}

export function failbackWords({ failback, failback_after: after }: PoolStatus): string {
  if (failback === 'manual') return 'back to the first member by hand';
  if (failback === 'auto') return 'back to the first member by itself';
  return `back to the first member after ${after ?? 0} s`;
}

/** How a member is, in a word. */
export function memberState({ up, drained, serving, addresses }: PoolMember): 'serves' | 'ready' | 'drained' | 'down' | 'not found' {
  if (addresses.length === 0) return 'not found';
  if (!up) return 'down';
  if (drained) return 'drained';
  return serving ? 'serves' : 'ready';
}
