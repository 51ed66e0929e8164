// Finds the server block for a query: the longest zone on a label border that a block of the listener serves.
import { QueryType } from '../dns/codes.ts';
import { type Name, parentOf } from '../dns/name.ts';
import type { Query } from '../dns/query.ts';
import { type RoutedBlock, ZoneBlocks } from './zone-blocks.ts';

/** The server blocks of one listener by zone; of one zone, those with views in the order of the configuration, then the one without. */
export class Router {
  readonly blocks: readonly RoutedBlock[];
  private readonly zones: ReadonlyMap<string, ZoneBlocks>;
  /** The blocks of every query, where all are of the root: no name has to be looked at. */
  private readonly ofRoot: ZoneBlocks | undefined;

  constructor(blocks: readonly RoutedBlock[]) {
    this.blocks = blocks;
    const zones = Map.groupBy(blocks, ({ route }) => route.zone);
    this.zones = new Map([...zones].map(([zone, ofZone]) => [zone, new ZoneBlocks(ofZone)]));
    this.ofRoot = this.zones.size === 1 ? this.zones.get('.') : undefined;
  }

  serves(zone: string): boolean {
    return this.zones.has(zone);
  }

  /** Every block that can answer for a name, in the order in which they are asked whether they do; for every type but DS. */
  candidates(name: Name): RoutedBlock[] {
    const found: RoutedBlock[] = [];
    for (const zone of zonesAbove(name)) {
      found.push(...(this.zones.get(zone)?.all ?? []));
      if (found.at(-1)?.admits === undefined && found.length > 0) break;
    }
    return found;
  }

  /** The block that answers, undefined when no zone matches and no view admits the query. Where a block collects metadata, they are collected. */
  find(query: Query): RoutedBlock | undefined {
    if (this.ofRoot !== undefined) return this.ofRoot.find(query);
    return query.typeCode === QueryType.DS ? this.findAbove(query) : this.findLongest(query);
  }

  private findLongest(query: Query): RoutedBlock | undefined {
    for (let zone: string | undefined = query.name; zone !== undefined; zone = parentOf(zone)) {
      const block = this.zones.get(zone)?.find(query);
      if (block !== undefined) return block;
    }
    return undefined;
  }

  /** The parent answers for DS (RFC 4035 section 3.1.4.1): the zone above, if it is served here too. */
  private findAbove(query: Query): RoutedBlock | undefined {
    let delegated: RoutedBlock | undefined;
    for (const zone of zonesAbove(query.name)) {
      const block = this.zones.get(zone)?.find(query);
      if (block === undefined) continue;
      if (block.chain === undefined) return block;
      if (zone === '.') return delegated ?? block;
      delegated = block;
    }
    return delegated;
  }
}

/** The zones that a name can be in, the longest first. */
function* zonesAbove(name: Name): Iterable<string> {
  for (let zone: string | undefined = name; zone !== undefined; zone = parentOf(zone)) yield zone;
}
