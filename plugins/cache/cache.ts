// The cache on a query's way: a hit is answered at once, a miss is asked for once and kept.
import {
  type Awaitable,
  after,
  isPromise,
  longestMatch,
  type Metrics,
  type Name,
  type Next,
  ownClient,
  type Query,
  QueryType,
  type Reply,
  rescue,
} from 'ferrydns/plugin';
import { type Classified, classify, failsafeTtl } from './classify.ts';
import { Entry } from './entry.ts';
import { type CacheCounters, makeCounters } from './metrics.ts';
import { Misses } from './misses.ts';
import type { Bounds, Rules } from './options.ts';
import { Store } from './store.ts';
import { wildcardKey } from './wildcard.ts';

/** What a cache needs of its surroundings. */
export interface CacheContext {
  readonly rules: Rules;
  readonly metrics: Metrics;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

/** A reply as it was kept. */
export interface Kept {
  readonly reply: Reply;
  /** Undefined when the reply may not be cached. */
  readonly entry: Entry | undefined;
  readonly classified: Classified;
}

export class Cache {
  success: Store;
  denial: Store;
  private readonly rules: Rules;
  private readonly now: () => number;
  private readonly countersOf: (query: Query) => CacheCounters;
  private readonly misses = new Misses();
  private readonly everything: boolean;

  constructor({ rules, metrics, now }: CacheContext) {
    this.rules = rules;
    this.now = now;
    this.success = new Store(rules.success.capacity);
    this.denial = new Store(rules.denial.capacity);
    this.everything = rules.zones.includes('.' as Rules['zones'][number]);
    this.countersOf = makeCounters(metrics, rules.zones, () => ({ success: this.success, denial: this.denial }));
  }

  handle(query: Query, next: Next): Awaitable<Reply> {
    if (!this.everything && longestMatch(query.name, this.rules.zones) === undefined) {
      query.explained?.note(`keeps answers of ${this.rules.zones.join(' ')} only`);
      return next(query);
    }
    if (query.caching === 'bypass') return next(query);
    if (query.caching === 'renew') return this.ask(query, next);
    const now = this.now();
    const counters = this.countersOf(query);
    counters.requests.add();
    const entry = this.find(query, now, counters);
    if (entry === undefined) return this.miss(query, next);
    const remaining = entry.remaining(now);
    query.explained?.note(`hit: ${entry.describe(now)}`);
    if (remaining <= 0) return this.stale(query, next, entry);
    if (this.rules.prefetch.amount > 0) this.prefetch(query, next, entry, now);
    if (entry.wildcard !== undefined) query.metadata?.set(wildcardKey, entry.wildcard);
    return entry.give(query, this.rules.keepTtl ? entry.ttl : remaining);
  }

  /** The entry for a question that may be used, expired or not; a denial first, but a failure does not hide an answer. */
  private find(query: Query, now: number, counters: CacheCounters): Entry | undefined {
    if (this.rules.stale.preferPositive) {
      const good = answering(this.success.get(query));
      if (good !== undefined && this.usable(good, now)) return counted(counters.successHits, good);
    }
    const denial = this.denial.get(query);
    const success = this.success.get(query);
    const usableSuccess = success !== undefined && this.usable(success, now) ? success : undefined;
    if (denial !== undefined && this.usable(denial, now) && !(usableSuccess !== undefined && denial.reply.rcode === 'SERVFAIL')) {
      return counted(counters.denialHits, denial);
    }
    if (usableSuccess !== undefined) return counted(counters.successHits, usableSuccess);
    counters.misses.add();
    return undefined;
  }

  private usable(entry: Entry, now: number): boolean {
    const remaining = entry.remaining(now);
    return remaining > 0 || (this.rules.stale.upTo > 0 && -remaining < this.rules.stale.upTo);
  }

  /** Asks for what is not there; those who ask the same meanwhile wait for the one answer. */
  private miss(query: Query, next: Next): Awaitable<Reply> {
    if (isTransfer(query)) return next(query);
    const waiting = this.misses.join(query);
    query.explained?.note(waiting === undefined ? 'miss: nothing is kept' : 'miss: waits for an answer that is being asked for already');
    if (waiting !== undefined) {
      return waiting.then((kept) => (fits(kept.reply, query) ? this.deliver(kept, query) : this.ask(query, next)));
    }
    return this.ask(query, next);
  }

  private ask(query: Query, next: Next): Awaitable<Reply> {
    const reply = next(query.withAuthenticData());
    if (!isPromise(reply)) return this.deliver(this.keep(query, reply), query);
    const asked = this.misses.lead(query);
    return reply.then(
      (given) => {
        try {
          const kept = this.keep(query, given);
          this.misses.answered(asked, kept);
          return this.deliver(kept, query);
        } catch (error) {
          this.misses.failed(asked, error);
          throw error;
        }
      },
      (error: unknown) => {
        this.misses.failed(asked, error);
        throw error;
      },
    );
  }

  private deliver({ reply }: Kept, query: Query): Reply {
    if (reply.declined || !reply.authenticData || query.dnssecOk || query.authenticData) return reply;
    return reply.with({ authenticData: false });
  }

  /** Keeps a reply if it may be kept, and gives every record the one TTL it is kept for. */
  private keep(query: Query, reply: Reply, refreshing = false): Kept {
    const unkept: Classified = { kind: 'none', answering: false, lowestTtl: undefined };
    if (reply.declined) return { reply, entry: undefined, classified: unkept };
    const classified = classify(query, reply, wallClock);
    const { kind, lowestTtl } = classified;
    const bounds = kind === 'denial' ? this.rules.denial : this.rules.success;
    // TTL 0 asks not to be cached (RFC 1035 section 3.2.1); only a configured lowest TTL overrules that.
    if (lowestTtl === 0 && !bounds.minStated) {
      query.explained?.note('the answer is not kept: its TTL is 0');
      return { reply, entry: undefined, classified };
    }
    const ttl = kind === 'failure' ? Math.trunc(this.rules.failureTtl / 1000) : clamp(lowestTtl ?? failsafeTtl, bounds);
    const given = reply.aged(ttl, reply.flags);
    const exempt = kind === 'none' || ttl <= 0 || isWithin(query, this.boundsOf(kind).except);
    query.explained?.note(exempt ? 'the answer is not kept' : `the answer is kept for ${ttl} s as a ${kind}`);
    if (exempt) return { reply: given, entry: undefined, classified };
    const wildcard = query.metadata?.get(wildcardKey);
    const entry = new Entry({ query, reply: given, ttl, stored: this.now(), answering: classified.answering, wildcard });
    this.put(query, entry, { success: kind === 'success', refreshing });
    return { reply: given, entry, classified };
  }

  private put(query: Query, entry: Entry, how: { readonly success: boolean; readonly refreshing: boolean }): void {
    const counters = this.countersOf(query);
    if (!how.success) {
      counters.denialEvictions.add(this.denial.set(query, entry));
      return;
    }
    const { preferPositive } = this.rules.stale;
    if (preferPositive && !entry.answering) entry.lastKnownGood = answering(this.success.get(query));
    counters.successEvictions.add(this.success.set(query, entry));
    if (preferPositive ? entry.answering : how.refreshing) this.denial.delete(query);
  }

  private boundsOf(kind: Classified['kind']): Bounds {
    return kind === 'success' ? this.rules.success : this.rules.denial;
  }

  private prefetch(query: Query, next: Next, entry: Entry, now: number): void {
    const { amount, window, percentage } = this.rules.prefetch;
    const hits = entry.hit(now, window);
    if (hits < amount || entry.remaining(now) > Math.ceil((percentage / 100) * entry.ttl)) return;
    this.refresh(query, next, entry);
  }

  /** Answers from an entry that has expired, now or when asking again has failed. */
  private stale(query: Query, next: Next, entry: Entry): Awaitable<Reply> {
    const { verify, verifyTimeout, ttl } = this.rules.stale;
    const give = () => {
      this.countersOf(query).servedStale.add();
      query.explained?.note('gives the expired answer');
      return entry.give(query, this.rules.keepTtl && ttl === 0 ? entry.ttl : ttl);
    };
    if (!verify) {
      this.refresh(query, next, entry);
      return give();
    }
    if (this.rules.stale.recheck > 0 && !entry.beginRefresh(this.now())) return give();
    const verified = rescue(
      () => after(next(query.withAuthenticData()), (reply) => this.verified(query, reply, entry)),
      () => this.refreshed(entry, undefined),
    );
    if (verifyTimeout === 0) return after(verified, (kept) => (kept === undefined ? give() : this.deliver(kept, query)));
    const inTime = isPromise(verified) ? within(verifyTimeout, verified) : verified;
    // With a time limit it is the new entry that answers, as for a hit.
    return after(inTime, (kept) => (kept === undefined ? give() : (kept.entry?.give(query, kept.entry.ttl) ?? this.deliver(kept, query))));
  }

  /** Keeps a reply that renews a stale entry: NOERROR and NXDOMAIN do (RFC 8767 section 4), anything else leaves the entry in use. */
  private verified(query: Query, reply: Reply, entry: Entry): Kept | undefined {
    if (reply.declined || reply.truncated) return this.refreshed(entry, undefined);
    if (this.rules.stale.preferPositive) {
      const kept = this.keep(query, reply, true);
      return this.refreshed(entry, kept.classified.answering ? kept : undefined);
    }
    if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN') return this.refreshed(entry, undefined);
    return this.refreshed(entry, this.keep(query, reply));
  }

  private refreshed(entry: Entry, kept: Kept | undefined): Kept | undefined {
    const { recheck } = this.rules.stale;
    entry.endRefresh(kept === undefined && recheck > 0 ? this.now() + recheck : 0);
    return kept;
  }

  /** Asks again behind the client's back, as somebody who takes replies of any size, once at a time for each entry. */
  private refresh(query: Query, next: Next, entry: Entry): void {
    const now = this.now();
    if (!entry.beginRefresh(now)) return;
    this.countersOf(query).prefetches.add();
    query.explained?.note('asks again behind the client');
    const own = query.with({ client: ownClient, authenticData: true });
    const isStale = entry.remaining(now) <= 0;
    const renew = (reply: Reply): Kept | undefined =>
      isStale ? this.verified(own, reply, entry) : this.refreshed(entry, this.keep(own, reply, true));
    const renewed = rescue<Kept | undefined>(
      () => after(next(own), renew),
      () => this.refreshed(entry, undefined),
    );
    void after(renewed, (kept) => kept?.entry?.inheritHits(entry, now));
  }
}

/** An answer of many messages is for one client (RFC 5936). */
function isTransfer({ typeCode }: Query): boolean {
  return typeCode === QueryType.AXFR || typeCode === QueryType.IXFR;
}

function answering(entry: Entry | undefined): Entry | undefined {
  return entry?.answering === true ? entry : entry?.lastKnownGood;
}

function counted(counter: { add(): void }, entry: Entry): Entry {
  counter.add();
  return entry;
}

function clamp(ttl: number, { minTtl, maxTtl }: Bounds): number {
  return Math.min(Math.max(Math.min(ttl, maxTtl), minTtl), maxTtl);
}

function wallClock(): number {
  return Date.now() / 1000;
}

function isWithin(query: Query, zones: readonly Name[]): boolean {
  return zones.length > 0 && longestMatch(query.name, zones) !== undefined;
}

/** Whether a reply that somebody else asked for is whole enough for this asker. */
function fits(reply: Reply, query: Query): boolean {
  return !reply.truncated || (query.client.transport === 'udp' && query.udpSize <= 512);
}

/** What a promise comes to, or undefined when that takes longer. */
function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, milliseconds, undefined);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
