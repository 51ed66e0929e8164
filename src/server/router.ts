// Finds the server block for a query: the longest zone on a label border that a block of the listener serves.

import type { Place } from '../config/error.ts';
import type { Route } from '../dns/client.ts';
import { QueryType } from '../dns/codes.ts';
import { exchangeOf } from '../dns/exchange.ts';
import { type Name, parentOf } from '../dns/name.ts';
import type { Query } from '../dns/query.ts';
import type { Next } from '../plugin/plugin.ts';
import type { Use } from './block.ts';
import type { Stages } from './chain.ts';
import type { WireSteps } from './wire-steps.ts';

/** A server block as one listener sees it: under one zone. */
export interface RoutedBlock extends Stages {
  readonly route: Route;
  /** Undefined for a block without plugins that handle queries: it refuses. */
  readonly chain: Next | undefined;
  /** Every plugin of the block. */
  readonly uses: readonly Use[];
  readonly place: Place;
  /** Collects metadata, before the choice. */
  readonly collect?: (query: Query) => void;
  /** Whether this block answers the query; undefined where it answers all of its zone. */
  readonly admits?: (query: Query) => boolean;
  /** What its plugins do with messages as they are on the wire; undefined where none does anything. */
  readonly wire: WireSteps | undefined;
  /** Whether questions of type AXFR and IXFR reach the chain. */
  readonly transfers: boolean;
  /** Milliseconds until a query that its plugins have not answered is given up. */
  readonly patience: number;
}

/** The server blocks of one listener by zone; of one zone, those with views in the order of the configuration, then the one without. */
export class Router {
  readonly blocks: readonly RoutedBlock[];
  private readonly zones = new Map<string, RoutedBlock[]>();
  /** The blocks of every query, where all are of the root: no name has to be looked at. */
  private readonly ofRoot: readonly RoutedBlock[] | undefined;

  constructor(blocks: readonly RoutedBlock[]) {
    this.blocks = blocks;
    const isView = ({ admits }: RoutedBlock) => admits !== undefined;
    for (const block of [...blocks.filter(isView), ...blocks.filter((each) => !isView(each))]) {
      const { zone } = block.route;
      this.zones.set(zone, [...(this.zones.get(zone) ?? []), block]);
    }
    this.ofRoot = this.zones.size === 1 ? this.zones.get('.') : undefined;
  }

  serves(zone: string): boolean {
    return this.zones.has(zone);
  }

  /** Every block that can answer for a name, in the order in which they are asked whether they do; for every type but DS. */
  candidates(name: Name): RoutedBlock[] {
    const found: RoutedBlock[] = [];
    for (const zone of zonesAbove(name)) {
      found.push(...(this.zones.get(zone) ?? []));
      if (found.at(-1)?.admits === undefined && found.length > 0) break;
    }
    return found;
  }

  /** The block that answers, undefined when no zone matches and no view admits the query. Where a block collects metadata, they are collected. */
  find(query: Query): RoutedBlock | undefined {
    if (this.ofRoot !== undefined) return choose(this.ofRoot, query);
    return query.typeCode === QueryType.DS ? this.findAbove(query) : this.findLongest(query);
  }

  private findLongest(query: Query): RoutedBlock | undefined {
    for (let zone: string | undefined = query.name; zone !== undefined; zone = parentOf(zone)) {
      const blocks = this.zones.get(zone);
      const block = blocks && choose(blocks, query);
      if (block !== undefined) return block;
    }
    return undefined;
  }

  /** The parent answers for DS (RFC 4035 section 3.1.4.1): the zone above, if it is served here too. */
  private findAbove(query: Query): RoutedBlock | undefined {
    let delegated: RoutedBlock | undefined;
    for (const zone of zonesAbove(query.name)) {
      const blocks = this.zones.get(zone);
      const block = blocks && choose(blocks, query);
      if (block === undefined) continue;
      if (block.chain === undefined) return block;
      if (zone === '.') return delegated ?? block;
      delegated = block;
    }
    return delegated;
  }
}

/** The first block that admits the query. What the others have collected of it is forgotten. */
function choose(blocks: readonly RoutedBlock[], query: Query): RoutedBlock | undefined {
  const { metadata } = query;
  for (const block of blocks) {
    block.collect?.(query);
    if (block.admits === undefined || block.admits(query)) return block;
    if (block.collect !== undefined) exchangeOf(query).metadata = metadata;
  }
  return undefined;
}

/** The zones that a name can be in, the longest first. */
function* zonesAbove(name: Name): Iterable<string> {
  for (let zone: string | undefined = name; zone !== undefined; zone = parentOf(zone)) yield zone;
}
