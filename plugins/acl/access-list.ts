// Rules of access, and which of them decides about a query.
import { longestMatch, type Name, type NetworkTable, type Query } from 'ferrydns/plugin';

export type Action = 'allow' | 'block' | 'filter' | 'drop';

/** One line: what is done with queries of these types from these networks. */
export interface Policy {
  readonly action: Action;
  /** Undefined: all types. */
  readonly types: ReadonlySet<number> | undefined;
  /** Undefined: every client. */
  readonly networks: NetworkTable<true> | undefined;
  /** As it is written, with its place. */
  readonly written: string;
}

/** The policy that decides, and the zone whose list it stands in. */
export interface Decision {
  readonly policy: Policy;
  readonly zone: Name;
}

/** The policies of one directive, for the names of its zones. */
export class AccessList {
  private readonly zones: readonly Name[];
  private readonly policies: readonly Policy[];

  constructor(zones: readonly Name[], policies: readonly Policy[]) {
    this.zones = zones;
    this.policies = policies;
  }

  /** The first policy that fits; undefined when there is none, or the name lies in none of the zones. */
  decide({ name, typeCode, client }: Query): Decision | undefined {
    const zone = longestMatch(name, this.zones);
    if (zone === undefined) return undefined;
    for (const policy of this.policies) {
      const { types, networks } = policy;
      if (types?.has(typeCode) === false) continue;
      if (networks?.has(client.address) === false) continue;
      return { policy, zone };
    }
    return undefined;
  }
}

/** The decision of the first list that has one: an `allow` ends the search too, as in CoreDNS. */
export function decide(lists: readonly AccessList[], query: Query): Decision | undefined {
  for (const list of lists) {
    const decision = list.decide(query);
    if (decision !== undefined) return decision;
  }
  return undefined;
}
