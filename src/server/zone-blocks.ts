// The server blocks of one zone, and which of them answers a query: the first whose view admits it.
import type { Place } from '../config/error.ts';
import type { Route } from '../dns/client.ts';
import { exchangeOf } from '../dns/exchange.ts';
import type { Network } from '../dns/network.ts';
import { NetworkRanges } from '../dns/network-ranges.ts';
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
  /** Whether this block answers the query; undefined where it answers all of its zone. A throw counts as no. */
  readonly admits?: (query: Query) => boolean;
  /** Where clients have to be for that; undefined: anywhere. */
  readonly admitsFrom?: readonly Network[];
  /** What its plugins do with messages as they are on the wire; undefined where none does anything. */
  readonly wire: WireSteps | undefined;
  /** Whether questions of type AXFR and IXFR reach the chain. */
  readonly transfers: boolean;
  /** Octets of a UDP message that clients are taken at their word for; undefined: for any. */
  readonly udpSize: number | undefined;
  /** Milliseconds until a query that its plugins have not answered is given up. */
  readonly patience: number;
}

/** The blocks of a zone: those with views in the order of the configuration, then the one without. */
export class ZoneBlocks {
  readonly all: readonly RoutedBlock[];
  /** The blocks by where clients have to be; undefined where no view depends on that. */
  private readonly byClient: NetworkRanges<RoutedBlock> | undefined;

  constructor(blocks: readonly RoutedBlock[]) {
    const isView = ({ admits }: RoutedBlock) => admits !== undefined;
    this.all = [...blocks.filter(isView), ...blocks.filter((each) => !isView(each))];
    const located = this.all.map((block) => ({ value: block, networks: block.admitsFrom }));
    this.byClient = located.some(({ networks }) => networks !== undefined) ? new NetworkRanges(located) : undefined;
  }

  /** The first block that admits the query, undefined for none. What the others have collected of it is forgotten. */
  find(query: Query): RoutedBlock | undefined {
    const { metadata } = query;
    for (const block of this.candidates(query)) {
      block.collect?.(query);
      if (block.admits === undefined || isAdmitted(query, block.admits)) return block;
      if (block.collect !== undefined) exchangeOf(query).metadata = metadata;
    }
    return undefined;
  }

  /** For an answer that is to be explained every block is asked, so that each can say why it does not take the query. */
  private candidates(query: Query): readonly RoutedBlock[] {
    return this.byClient === undefined || query.explained !== undefined ? this.all : this.byClient.find(query.client);
  }
}

function isAdmitted(query: Query, admits: (query: Query) => boolean): boolean {
  try {
    return admits(query);
  } catch {
    return false;
  }
}
