// The cache on a query's way: a hit is answered at once, a miss is asked for once and kept.
import {
  type Awaitable,
  type Foresight,
  foresightOf,
  isPromise,
  longestMatch,
  type Metrics,
  type Next,
  type Query,
  QueryType,
  type Reply,
} from 'ferrydns/plugin';
import type { Entry } from './entry.ts';
import { isDenial, Keeper } from './keeper.ts';
import { type CacheCounters, makeCounters } from './metrics.ts';
import { type Asked, Misses } from './misses.ts';
import type { Rules } from './options.ts';
import { Refresher, suits } from './refresher.ts';
import { Tables } from './tables.ts';
import { wildcardKey } from './wildcard.ts';

/** What a cache needs of its surroundings. */
export interface CacheContext {
  readonly rules: Rules;
  readonly metrics: Metrics;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

export class Cache {
  readonly tables: Tables;
  private readonly rules: Rules;
  private readonly now: () => number;
  private readonly countersOf: (query: Query) => CacheCounters;
  private readonly keeper: Keeper;
  private readonly refresher: Refresher;
  private readonly misses = new Misses();
  private readonly everything: boolean;

  constructor({ rules, metrics, now }: CacheContext) {
    this.rules = rules;
    this.now = now;
    this.everything = rules.zones.includes('.' as Rules['zones'][number]);
    const tables = new Tables(rules);
    const countersOf = makeCounters(metrics, rules.zones, tables);
    const keeper = new Keeper({ rules, tables, now, countersOf });
    this.tables = tables;
    this.countersOf = countersOf;
    this.keeper = keeper;
    this.refresher = new Refresher({ rules, keeper, now, countersOf, ask: (query, next) => this.ask(query, next) });
  }

  handle(query: Query, next: Next): Awaitable<Reply> {
    if (!this.everything && longestMatch(query.name, this.rules.zones) === undefined) {
      query.explained?.note(`keeps answers of ${this.rules.zones.join(' ')} only`);
      return next(query);
    }
    const foresight = foresightOf(query);
    if (foresight !== undefined) return this.foresee(query, next, foresight);
    if (query.caching === 'bypass') return next(query);
    if (query.caching === 'renew') return this.ask(query, next);
    const now = this.now();
    const entry = this.find(query, now);
    if (entry === undefined) return this.miss(query, next);
    const remaining = entry.remaining(now);
    query.explained?.note(`hit: ${entry.describe(now)}`);
    if (remaining <= 0) return this.refresher.stale(query, next, entry);
    if (query.trail !== undefined) query.trail.cache = 'hit';
    if (this.rules.prefetch.amount > 0) this.refresher.prefetch(query, next, entry, now);
    if (entry.wildcard !== undefined) query.metadata?.set(wildcardKey, entry.wildcard);
    return entry.give(query, this.rules.keepTtl ? entry.ttl : remaining);
  }

  /** Tells what is kept, counts and keeps nothing, and lets what is behind answer. */
  private foresee(query: Query, next: Next, foresight: Foresight): Awaitable<Reply> {
    const now = this.now();
    const entry = this.tables.find(query, now);
    const remaining = entry?.remaining(now) ?? 0;
    if (entry !== undefined && remaining > 0) foresight.kept(query, entry.give(query, remaining));
    return next(query);
  }

  /** The entry for a question that may be used, expired or not. */
  private find(query: Query, now: number): Entry | undefined {
    const counters = this.countersOf(query);
    counters.requests.add();
    const entry = this.tables.find(query, now);
    if (entry === undefined) counters.misses.add();
    else if (isDenial(entry.kind)) counters.denialHits.add();
    else counters.successHits.add();
    return entry;
  }

  /** Asks for what is not there; those who ask the same meanwhile wait for the one answer. */
  private miss(query: Query, next: Next): Awaitable<Reply> {
    if (isTransfer(query)) return next(query);
    if (query.trail !== undefined) query.trail.cache = 'miss';
    const waiting = this.misses.join(query);
    query.explained?.note(waiting === undefined ? 'miss: nothing is kept' : 'miss: waits for an answer that is being asked for already');
    if (waiting === undefined) return this.ask(query, next);
    return waiting.then((kept) => (suits(kept, query) ? this.keeper.deliver(kept, query) : this.ask(query, next)));
  }

  private ask(query: Query, next: Next): Awaitable<Reply> {
    const { keeper, misses } = this;
    const reply = next(query.withAuthenticData());
    if (!isPromise(reply)) return keeper.deliver(keeper.keep(query, reply), query);
    return this.keepLater(reply, query, misses.lead(query));
  }

  private keepLater(reply: Promise<Reply>, query: Query, asked: Asked | undefined): Promise<Reply> {
    const { keeper, misses } = this;
    const fail = (error: unknown): never => {
      misses.failed(asked, error);
      throw error;
    };
    return reply.then((given) => {
      try {
        const kept = keeper.keep(query, given);
        misses.answered(asked, kept);
        return keeper.deliver(kept, query);
      } catch (error) {
        return fail(error);
      }
    }, fail);
  }
}

/** An answer of many messages is for one client (RFC 5936). */
function isTransfer({ typeCode }: Query): boolean {
  return typeCode === QueryType.AXFR || typeCode === QueryType.IXFR;
}
