// Services of type ExternalName: aliases, followed within the zone by its own names and outside of it by asking this server.
import { type Awaitable, isSubdomain, type Name, type Query, type Reply, type ResourceRecord, record } from 'ferrydns/plugin';
import { nameIn } from '../cluster/trimming.ts';
import type { Finding } from './finder.ts';
import { addressRecords, type Family } from './records.ts';

/** Aliases in a row at most. */
const longestChain = 10;

export interface AliasesOptions {
  /** Seconds. */
  readonly ttl: number;
  /** What a name of the zone stands for, and the services on which that depends. */
  readonly find: (name: Name, zone: Name) => { readonly finding: Finding; readonly services: readonly string[] };
  readonly resolve: (query: Query, cause: Query) => Awaitable<Reply>;
}

export interface Alias {
  readonly query: Query;
  readonly zone: Name;
  /** As the service states it. */
  readonly target: string;
  readonly family: Family;
}

/** The aliases that were followed, and the addresses at their end. Without an end there are no records. */
export interface Chain {
  readonly records: readonly ResourceRecord[];
  /** The services that the aliases have led to, as "NAMESPACE/NAME". */
  readonly services: readonly string[];
  /** Whether they lead out of the zone. */
  readonly outside: boolean;
  readonly truncated: boolean;
}

export class Aliases {
  private readonly options: AliasesOptions;

  constructor(options: AliasesOptions) {
    this.options = options;
  }

  /** Follows an alias of the name that was asked for. */
  follow({ query, zone, target, family }: Alias): Awaitable<Chain> {
    const { ttl, find } = this.options;
    const records: ResourceRecord[] = [];
    const services: string[] = [];
    const seen = new Set<string>([query.name]);
    const nowhere: Chain = { records: [], services, outside: false, truncated: false };
    let owner: string = query.originalName;
    let next = nameIn(target);
    while (next !== undefined && !seen.has(next) && records.length <= longestChain) {
      seen.add(next);
      records.push(record({ name: owner, type: 'CNAME', ttl, data: next }));
      if (!isSubdomain(next, zone)) return this.lookUp({ query, target: next, family }, { ...nowhere, records, outside: true });
      const { finding, services: more } = find(next, zone);
      services.push(...more);
      if (finding === 'nothing') return nowhere;
      if (finding.alias === undefined) {
        const addresses = addressRecords(next, finding.found, { family, ttl });
        return addresses.length === 0 ? nowhere : { ...nowhere, records: [...records, ...addresses] };
      }
      owner = next;
      next = nameIn(finding.alias);
    }
    return nowhere;
  }

  /** What this server answers for the target, whatever its response code. Where there is no answer at all there is no alias either. */
  private async lookUp(
    { query, target, family }: { readonly query: Query; readonly target: Name; readonly family: Family },
    chain: Chain,
  ): Promise<Chain> {
    try {
      const reply = await this.options.resolve(query.with({ name: target, type: family }), query);
      return { ...chain, records: [...chain.records, ...reply.answers], truncated: reply.truncated };
    } catch {
      return { ...chain, records: [] };
    }
  }
}
