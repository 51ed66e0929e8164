// Finds the server block for a query: the longest zone on a label border that a block of the listener serves.

import type { Place } from '../config/error.ts';
import type { Route } from '../dns/client.ts';
import { QueryType } from '../dns/codes.ts';
import { type Name, parentOf } from '../dns/name.ts';
import type { Query } from '../dns/query.ts';
import type { Next } from '../plugin/plugin.ts';
import type { Use } from './block.ts';
import type { Step } from './chain.ts';

/** A server block as one listener sees it: under one zone. */
export interface RoutedBlock {
  readonly route: Route;
  /** Undefined for a block without plugins that handle queries: it refuses. */
  readonly chain: Next | undefined;
  /** Every plugin of the block. */
  readonly uses: readonly Use[];
  /** What the chain was made of. */
  readonly steps: readonly Step[];
  readonly place: Place;
}

/** The server blocks of one listener by zone. */
export class Router {
  readonly blocks: readonly RoutedBlock[];
  private readonly zones = new Map<string, RoutedBlock>();
  private readonly fallback: RoutedBlock | undefined;
  private readonly onlyRoot: boolean;

  constructor(blocks: readonly RoutedBlock[]) {
    this.blocks = blocks;
    for (const block of blocks) this.zones.set(block.route.zone, block);
    this.fallback = this.zones.get('.');
    this.onlyRoot = this.zones.size === (this.fallback === undefined ? 0 : 1);
  }

  serves(zone: string): boolean {
    return this.zones.has(zone);
  }

  /** The block of a name, for every type but DS. */
  at(name: Name): RoutedBlock | undefined {
    for (let zone: string | undefined = name; zone !== undefined && zone !== '.'; zone = parentOf(zone)) {
      const block = this.zones.get(zone);
      if (block !== undefined) return block;
    }
    return this.fallback;
  }

  /** The block that answers, undefined when no zone matches. */
  find(query: Query): RoutedBlock | undefined {
    if (this.onlyRoot) return this.fallback;
    return query.typeCode === QueryType.DS ? this.above(query.name) : this.at(query.name);
  }

  /** The parent answers for DS (RFC 4035 section 3.1.4.1): the zone above, if it is served here too. */
  private above(name: Name): RoutedBlock | undefined {
    let delegated: RoutedBlock | undefined;
    for (let zone: string | undefined = name; zone !== undefined && zone !== '.'; zone = parentOf(zone)) {
      const block = this.zones.get(zone);
      if (block === undefined) continue;
      if (block.chain === undefined) return block;
      delegated = block;
    }
    return delegated ?? this.fallback;
  }
}
