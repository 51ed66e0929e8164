// The members of a pool that are given by nothing but a name: their addresses are followed as they change.
import { FollowedName, type NameAddresses } from 'ferrydns/built-in/checks';
import type { Awaitable, Logger, Name, Query, Reply } from 'ferrydns/plugin';
import type { Member } from './member.ts';

/** Milliseconds between two look-ups at least and at most. */
const bounds = { shortest: 5000, longest: 300_000 };
/** Addresses of one name that are used: each is checked by itself. */
const mostAddresses = 16;

export interface FollowOptions {
  readonly now: () => number;
  readonly log: Logger;
  resolve(query: Query): Awaitable<Reply>;
  /** Hears of addresses that have changed, or that none could be found. */
  moved(member: Member, addresses: readonly string[] | undefined): void;
}

/** Follows the addresses of the members that are given by nothing but a name. While one cannot be looked up, its addresses stay as they are. */
export function followMembers(members: readonly Member[], options: FollowOptions): readonly FollowedName[] {
  const { now, resolve } = options;
  return members.flatMap((member) => {
    const { name, lookedUp } = member.spec;
    return name === undefined || !lookedUp ? [] : [new FollowedName(name, { ...bounds, now, resolve, heard: hearing(member, name, options) })];
  });
}

/** Tells of addresses that have changed. The log says once that a name cannot be looked up, and once that it can be again. */
function hearing(member: Member, name: Name, { log, moved }: FollowOptions): (addresses: NameAddresses | undefined) => void {
  let known = '';
  let failing = false;
  return (addresses) => {
    if (addresses === undefined) {
      if (!failing) log.warn(`member ${name} cannot be looked up: what is known of it stays`);
      failing = true;
      moved(member, undefined);
      return;
    }
    if (failing) log.info(`member ${name} can be looked up again`);
    failing = false;
    const text = JSON.stringify(addresses);
    if (text === known) return;
    known = text;
    const all = addresses.A.length + addresses.AAAA.length;
    if (all > mostAddresses) log.warn(`member ${name} has ${all} addresses: ${mostAddresses} of them are used, the others are not answered with`);
    moved(member, used(addresses));
  };
}

/** Where there are too many, no type crowds out the other. */
function used({ A, AAAA }: NameAddresses): readonly string[] {
  const share = (own: readonly string[], other: readonly string[]) => own.slice(0, Math.max(mostAddresses / 2, mostAddresses - other.length));
  return [...share(A, AAAA), ...share(AAAA, A)];
}
