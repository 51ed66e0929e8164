// What only shows while the server runs where a side is a service: that A and B are one place, or that B lacks what A has.
import type { MovedName, migration } from 'ferrydns/built-in/moves';

/**
 * Why B cannot take the place of A, by the addresses that both have now: an exclusive plan that led to the same place before and after would keep nothing apart,
 * and a family that only A has would be answered empty (P4). Undefined: nothing is wrong, or it is not known.
 */
export function obstacleTo(
  { name, from, to }: MovedName,
  mode: migration.Plan['mode'],
  addressesOf: (text: string) => readonly string[],
): string | undefined {
  const targets = [...from, ...to];
  if (targets.some(({ kind }) => kind === 'name' || kind === 'pool') || targets.every(({ kind }) => kind === 'address')) return undefined;
  const all = (side: readonly migration.Target[]) =>
    side.flatMap((target) => (target.kind === 'service' ? addressesOf(target.service) : target.kind === 'address' ? [target.address] : []));
  const [a, b] = [all(from), all(to)];
  if (a.length === 0 || b.length === 0) return undefined;
  const shared = mode === 'exclusive' ? a.find((address) => b.includes(address)) : undefined;
  if (shared !== undefined) return `${name}: ${shared} is an address of A and of B`;
  const lost = [false, true].find((isV6) => a.some((each) => each.includes(':') === isV6) && !b.some((each) => each.includes(':') === isV6));
  return lost === undefined ? undefined : `${name}: B has no IPv${lost ? 6 : 4} address, and A has`;
}
