// How pools stand, as text: one pool in full, several as a table.
import type { PoolMember, PoolMemberAddress, PoolServing, PoolStatus } from '../plugin/pool-status.ts';
import { table } from './text-table.ts';

/** Several pools as a table, one in full. */
export function printPools(pools: readonly PoolStatus[]): string {
  const [first] = pools;
  if (first === undefined) return 'no pool';
  if (pools.length === 1) return printPool(first);
  const rows = pools.map((pool) => {
    const { members, serving } = pool;
    const up = members.filter((member) => member.up && !member.drained).length;
    return [pool.pool, pool.policy, `${up} of ${members.length}`, failbackOf(pool), serving.map(answersOf).join('; ')];
  });
  return table([['pool', 'policy', 'up', 'failback', 'answers'], ...rows]).join('\n');
}

function printPool(pool: PoolStatus): string {
  const { serving, members } = pool;
  const facts = [
    ...serving.map((each) => [serving.length === 1 ? 'answers' : `answers ${each.records}`, answersOf(each)]),
    ['failback', failbackOf(pool)],
  ];
  const rows = members.flatMap(memberRows);
  return [
    `pool ${pool.pool}: ${pool.policy}, all_down ${pool.all_down}`,
    ...table(facts).map((line) => `  ${line}`),
    ...table([['member', 'address', 'state', 'weight', 'agent', ''], ...rows]).map((line) => `  ${line}`),
  ].join('\n');
}

/** One row for each address, where there are several. */
function memberRows(member: PoolMember): string[][] {
  const { weight, weight_now: now, addresses, backup, serving } = member;
  const role = [...(backup ? ['backup'] : []), ...(serving ? ['answers'] : [])].join(', ');
  const share = now === weight ? String(weight) : `${Number(now.toFixed(2))} of ${weight}`;
  const [first, ...more] = addresses.map((address) => ({ text: address.address, state: stateOf(address), agent: agentOf(address) }));
  const top = [
    member.member,
    first?.text ?? 'not known yet',
    addresses.length > 1 ? (first?.state ?? '') : stateOf({ ...member, looked_at: isKnown(member) }),
  ];
  return [[...top, share, first?.agent ?? '', role], ...more.map(({ text, state, agent }) => ['', text, state, '', agent, ''])];
}

function isKnown({ addresses }: PoolMember): boolean {
  return addresses.every((address) => address.looked_at);
}

function stateOf(found: { readonly up: boolean; readonly drained: boolean; readonly looked_at: boolean }): string {
  const state = found.up ? (found.drained ? 'drained' : 'up') : 'down';
  return found.looked_at ? state : `${state}, not looked at yet`;
}

/** What the agent said last, in its own words. */
function agentOf({ agent }: PoolMemberAddress): string {
  if (agent === null) return '';
  const words = [
    agent.up ? 'up' : 'down',
    ...(agent.admin === 'ready' ? [] : [agent.admin]),
    ...(agent.percent === 100 ? [] : [`${agent.percent}%`]),
  ];
  return words.join(' ');
}

function answersOf({ by, members }: PoolServing): string {
  const who = members.length === 0 ? 'nobody' : members.join(', ');
  if (by === 'members') return who;
  if (by === 'none') return `${who} (only the other type of address is well)`;
  return by === 'backup' ? `${who} (backup)` : `${who} (no member is well: all_down ${by})`;
}

function failbackOf({ failback, failback_after: delay, serving }: PoolStatus): string {
  const rule = delay === null ? failback : `${failback} ${delay} s`;
  return serving.some((each) => each.failback_pending) ? `${rule}, waits` : rule;
}
