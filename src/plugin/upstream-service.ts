// What a plugin that passes queries on offers others of its server block: who may be asked, and a way to have one of them alone asked.
import type { Query } from '../dns/query.ts';
import { capability } from './capability.ts';

/** Whether a query that was to be passed on to one upstream came by where that is done. */
export interface Passage {
  readonly met: boolean;
}

/** How an upstream is, as one process has seen it. */
export interface UpstreamState {
  /** "HOST:PORT". */
  readonly address: string;
  /** Null before anything was heard of it. */
  readonly up: boolean | null;
  /** The same for people, as "up, replies in 12.1 ms". */
  readonly health: string;
  /** Since the server began. */
  readonly replies: number;
  readonly failures: number;
  /** Smoothed time to a reply; null before the first. */
  readonly milliseconds: number | null;
}

/** A plugin that passes queries on, as other plugins of its server block use it. */
export interface UpstreamService {
  /** "HOST:PORT" of everyone that queries may be passed on to. */
  upstreams(): readonly string[];
  /** How they are. */
  states(): readonly UpstreamState[];
  /** Has this query, and what is derived from it, be passed on to this upstream alone, whatever a policy or its health says. For queries of the server's own. */
  only(query: Query, upstream: string): Passage;
}

/** By this plugins find those of their server block that pass queries on. */
export const upstreamService = capability<UpstreamService>('upstreams');
