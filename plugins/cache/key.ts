// What of a query its answer depends on: name, type and class, and what it asks of the server by flags and options.
import type { Query } from 'ferrydns/plugin';
import { subnetUse } from './audience.ts';

/** Bits of {@link demandsOf}. */
const DNSSEC_OK = 1;
const CHECKING_DISABLED = 2;
const RECURSION_DESIRED = 4;
const NETWORK_HIDDEN = 8;
const NETWORK_NAMED = 16;

/** What a query asks of the server, as bits: DO, CD, RD, and what it says of its client's network. */
export function demandsOf(query: Query): number {
  const flags =
    (query.dnssecOk ? DNSSEC_OK : 0) | (query.checkingDisabled ? CHECKING_DISABLED : 0) | (query.recursionDesired ? RECURSION_DESIRED : 0);
  if (!query.edns) return flags;
  const use = subnetUse(query);
  return use === 'none' ? flags : flags | (use === 'hidden' ? NETWORK_HIDDEN : NETWORK_NAMED);
}

/** The demands that an answer is kept by. A network is none: its name decides who may have an answer, not which of several is looked for. */
export function keptDemands(demands: number): number {
  return demands & ~NETWORK_NAMED;
}

/** What of a question its key is made of. */
type Hashed = Pick<Query, 'nameHash' | 'typeCode' | 'classCode'>;

/** A 32-bit hash of the question and of the demands that an answer is kept by. */
export function keyOf({ nameHash, typeCode, classCode }: Hashed, demands: number): number {
  return Math.imul(nameHash ^ (typeCode << 4) ^ (classCode << 20) ^ keptDemands(demands), 0x9e3779b1) | 0;
}

/** All demands that an answer may be kept by. */
export const everyDemand: readonly number[] = Array.from({ length: NETWORK_NAMED }, (_, demands) => demands);

/** Whether the demands name a network. */
export function nameNetwork(demands: number): boolean {
  return (demands & NETWORK_NAMED) !== 0;
}
