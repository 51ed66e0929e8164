// Which queries become events. It is asked before anything is made of them.
import { type cidr, isSubdomain, type Name, NetworkTable, type Query, ResponseCode } from 'ferrydns/plugin';
import type { Answered } from './answered.ts';

/** What is chosen; what is not said excludes nothing. */
export interface Choice {
  readonly zones: readonly Name[];
  readonly networks: readonly ReturnType<typeof cidr.parse>[];
  /** Milliseconds. */
  readonly slow: number | undefined;
  readonly failures: boolean;
  /** One of so many, at random. */
  readonly sample: number;
}

export class Selection {
  private readonly choice: Choice;
  private readonly networks: NetworkTable<true> | undefined;

  constructor(choice: Choice) {
    this.choice = choice;
    const { networks } = choice;
    this.networks = networks.length === 0 ? undefined : new NetworkTable(networks.map(({ address, prefix }) => [`${address}/${prefix}`, true]));
  }

  /** Whether a query is chosen, but for the sample. */
  has(query: Query, answered: Answered): boolean {
    const { slow, failures, zones } = this.choice;
    if (slow !== undefined || failures) {
      const wanted = (failures && isFailure(answered.rcode)) || (slow !== undefined && answered.duration >= slow);
      if (!wanted) return false;
    }
    if (zones.length > 0 && !zones.some((zone) => isSubdomain(query.name, zone))) return false;
    return this.networks === undefined || this.networks.has(query.client.address);
  }

  /** Whether one that is chosen is in the sample. */
  draws(): boolean {
    return this.choice.sample === 1 || Math.random() * this.choice.sample < 1;
  }
}

/** Neither NOERROR nor NXDOMAIN, or nothing sent. */
export function isFailure(rcode: number): boolean {
  return rcode !== ResponseCode.NOERROR && rcode !== ResponseCode.NXDOMAIN;
}
