// Asks again for what was kept: before it expires, behind the client's back, or before an expired answer is given.
import { type Awaitable, after, answersToo, type Client, isPromise, type Next, type Query, type Reply, rescue } from 'ferrydns/plugin';
import { isAmong } from './audience.ts';
import type { Entry, Kept } from './entry.ts';
import type { Keeper } from './keeper.ts';
import type { CacheCounters } from './metrics.ts';
import type { Rules } from './options.ts';

export interface RefresherContext {
  readonly rules: Rules;
  readonly keeper: Keeper;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  readonly countersOf: (query: Query) => CacheCounters;
  /** Asks for what is not there. */
  readonly ask: (query: Query, next: Next) => Awaitable<Reply>;
}

export class Refresher {
  private readonly context: RefresherContext;
  /** On whose behalf a refresh asks. */
  private readonly askers = new WeakMap<Promise<Kept | undefined>, Query>();

  constructor(context: RefresherContext) {
    this.context = context;
  }

  /** Counts a hit, and asks again for what is asked for often and will expire soon. */
  prefetch(query: Query, next: Next, entry: Entry, now: number): void {
    const { amount, window, percentage } = this.context.rules.prefetch;
    // A failure is asked for again when it is over, not before (RFC 9520 section 3.2).
    if (amount <= 0 || entry.kind === 'failure') return;
    const hits = entry.hit(now, window);
    if (hits < amount || entry.remaining(now) > Math.ceil((percentage / 100) * entry.ttl)) return;
    this.refreshBehind(query, next, entry);
  }

  /** Answers from an entry that has expired: at once, or when asking again fails or takes too long. */
  stale(query: Query, next: Next, entry: Entry): Awaitable<Reply> {
    if (!this.context.rules.stale.verify) {
      this.refreshBehind(query, next, entry);
      return this.expired(query, entry);
    }
    if (this.isTooSoon(entry)) return this.expired(query, entry);
    // Who comes while it is being asked for waits for the same answer: being asked is not having failed.
    const underWay = this.join(entry.refresh, query);
    const refresh = underWay ?? this.refresh(query.withAuthenticData(), next, entry);
    return after(this.inTime(refresh, entry), (kept) => {
      if (kept === undefined) return this.expired(query, entry);
      if (underWay !== undefined && !suits(kept, query)) return this.context.ask(query, next);
      return this.renewed(kept, query);
    });
  }

  /** The refresh, if somebody waits for it whom it can be shared with. */
  private join(refresh: Promise<Kept | undefined> | undefined, query: Query): Promise<Kept | undefined> | undefined {
    const asker = refresh === undefined ? undefined : this.askers.get(refresh);
    return asker !== undefined && answersToo(asker, query) ? refresh : undefined;
  }

  private expired(query: Query, entry: Entry): Reply {
    const { keepTtl, stale } = this.context.rules;
    this.context.countersOf(query).servedStale.add();
    query.explained?.note('gives the expired answer');
    if (query.trail !== undefined) query.trail.cache = 'stale';
    return entry.giveStale(query, keepTtl && stale.ttl === 0 ? entry.ttl : stale.ttl);
  }

  /** With a time limit it is the new entry that answers, as for a hit. */
  private renewed(kept: Kept, query: Query): Reply {
    const { rules, keeper } = this.context;
    if (query.trail !== undefined) query.trail.cache = 'miss';
    return (rules.stale.verifyTimeout > 0 ? kept.entry?.give(query, kept.entry.ttl) : undefined) ?? keeper.deliver(kept, query);
  }

  private isTooSoon(entry: Entry): boolean {
    return this.context.rules.stale.recheck > 0 && this.context.now() < entry.retryAfter;
  }

  /** What a refresh comes to, or undefined when it takes longer than the configuration waits, counted from its start. */
  private inTime(refresh: Awaitable<Kept | undefined>, entry: Entry): Awaitable<Kept | undefined> {
    const { verifyTimeout } = this.context.rules.stale;
    if (verifyTimeout === 0 || !isPromise(refresh)) return refresh;
    const left = verifyTimeout - (this.context.now() - entry.refreshBegan);
    return left > 0 ? within(left, refresh) : undefined;
  }

  /** Asks again behind the client's back, as somebody who takes replies of any size. */
  private refreshBehind(query: Query, next: Next, entry: Entry): void {
    const now = this.context.now();
    const isTooSoon = entry.remaining(now) > 0 ? now < entry.retryAfter : this.isTooSoon(entry);
    if (entry.isRefreshing || isTooSoon) return;
    this.context.countersOf(query).prefetches.add();
    query.explained?.note('asks again behind the client');
    const own = query.with({ client: overStream(query.client), authenticData: true });
    void this.refresh(own, next, entry, now);
  }

  /**
   * Asks again, once at a time for each entry as long as somebody waits for it. Undefined when nothing better than the entry comes of it. The new entry
   * goes on with the count of hits from `countedAt`, where that is given.
   */
  private refresh(query: Query, next: Next, entry: Entry, countedAt?: number): Awaitable<Kept | undefined> {
    const { refresh: underWay } = entry;
    const isWanted = underWay === undefined || this.askers.get(underWay)?.exchange.cancelled === undefined;
    if (entry.isRefreshing && isWanted) return undefined;
    entry.beginRefresh(this.context.now());
    const refresh = rescue(
      () => after(next(query), (reply) => this.refreshed(query, reply, entry, countedAt)),
      () => (query.exchange.cancelled === undefined ? this.failed(entry) : this.abandoned(query, entry)),
    );
    if (!isPromise(refresh)) return refresh;
    this.askers.set(refresh, query);
    entry.refresh = refresh;
    return refresh;
  }

  /** NOERROR and NXDOMAIN take the place of the entry (RFC 8767 section 4); anything else leaves it in use. */
  private refreshed(query: Query, reply: Reply, entry: Entry, countedAt?: number): Kept | undefined {
    const { rules, keeper } = this.context;
    const kept = keeper.keep(query, reply, { entry, countedAt });
    const loses = rules.stale.preferPositive && entry.answering && !kept.answering;
    // One that is cut is no failure: whoever asked comes back over TCP.
    if (!reply.truncated && (loses || !kept.renews)) return this.failed(entry);
    entry.endRefresh(0);
    return kept;
  }

  /** Nobody waits for the refresh any more, which says nothing of the upstreams. Another one may be under way since. */
  private abandoned(query: Query, entry: Entry): undefined {
    if (entry.refresh === undefined || this.askers.get(entry.refresh) === query) entry.endRefresh(0);
    return undefined;
  }

  private failed(entry: Entry): undefined {
    const { rules, now } = this.context;
    const pause = entry.remaining(now()) > 0 ? rules.failureTtl : rules.stale.recheck;
    entry.endRefresh(now() + pause);
    return undefined;
  }
}

/** Whether a reply that somebody else asked for is for this asker, too, and whole enough. */
export function suits({ reply, audience }: Kept, query: Query): boolean {
  return isAmong(audience, query) && (!reply.truncated || (query.client.transport === 'udp' && query.udpSize <= 512));
}

/** What a promise comes to, or undefined when that takes longer. */
function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, milliseconds, undefined);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The client as if it had asked over a stream: what asks the server again on the way to the answer is allowed what the client is. */
function overStream({ address, port, family, localAddress, localPort }: Client): Client {
  return { address, port, family, transport: 'tcp', localAddress, localPort };
}
