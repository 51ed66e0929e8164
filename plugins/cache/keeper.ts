// Makes entries of replies: which are kept, for how long, and with which TTL they are given from then on.
import { EdnsOption, longestMatch, type Name, type Option, type Query, type Reply } from 'ferrydns/plugin';
import { type Classified, classify, failsafeTtl, type Kind } from './classify.ts';
import { Entry, type Kept } from './entry.ts';
import { demandsOf, keptDemands } from './key.ts';
import type { CacheCounters } from './metrics.ts';
import type { Bounds, Rules } from './options.ts';
import type { Tables } from './tables.ts';
import { wildcardKey } from './wildcard.ts';

export interface KeeperContext {
  readonly rules: Rules;
  readonly tables: Tables;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  readonly countersOf: (query: Query) => CacheCounters;
}

/** The entry that a reply refreshes. */
export interface Refreshed {
  readonly entry: Entry;
  /** Milliseconds from which the new entry goes on counting its hits; undefined when it starts anew. */
  readonly countedAt: number | undefined;
}

export class Keeper {
  private readonly context: KeeperContext;

  constructor(context: KeeperContext) {
    this.context = context;
  }

  /**
   * Keeps a reply if it may be kept, and gives every record the one TTL it is kept for. Kept or not, it takes the place of what was known before;
   * but a failure to refresh an entry changes nothing.
   */
  keep(query: Query, reply: Reply, refreshed?: Refreshed): Kept {
    if (reply.declined) return { reply, entry: undefined, answering: false, renews: false, audience: 'everybody' };
    const classified = classify(query, reply, wallClock);
    if (refreshed !== undefined && !classified.renews) return { reply, entry: undefined, ...classified };
    const bounds = this.boundsOf(classified.kind);
    const ttl = this.ttlOf(classified, bounds);
    // TTL 0 asks not to be cached (RFC 1035 section 3.2.1); only a configured lowest TTL overrules that.
    const asksNot = classified.ttl === 0 && !bounds.minStated;
    const given = asksNot ? reply : reply.aged(ttl, reply.flags, reply.options);
    const exempt = asksNot || ttl <= 0 || isWithin(query, bounds.except);
    const entry = exempt ? undefined : this.put(query, { reply: given, ttl }, classified, refreshed);
    if (entry === undefined && replaces(classified, refreshed)) this.context.tables.forget(query, classified.answering, this.context.now());
    query.explained?.note(explain(entry, asksNot));
    const { answering, renews, audience } = classified;
    return { reply: given, entry, answering, renews, audience };
  }

  /** The reply for whoever asks this query; AD is told to those who asked for it by DO or AD (RFC 6840 section 5.8). */
  deliver({ reply }: Kept, query: Query): Reply {
    if (reply.declined || !reply.authenticData || query.dnssecOk || query.authenticData) return reply;
    return reply.with({ authenticData: false });
  }

  private put(
    query: Query,
    given: { readonly reply: Reply; readonly ttl: number },
    classified: Classified,
    refreshed?: Refreshed,
  ): Entry | undefined {
    const { reply, ttl } = given;
    const { kind, answering, audience } = classified;
    if (kind === 'none') return undefined;
    const { tables, countersOf } = this.context;
    const now = this.context.now();
    const kept = reply.options.every(isLasting) ? reply : reply.with({ options: reply.options.filter(isLasting) });
    const wildcard = query.metadata?.get(wildcardKey);
    const demands = keptDemands(demandsOf(query));
    const entry = new Entry({ reply: kept, kind, ttl, stored: now, answering, forEverybody: audience === 'everybody', demands, wildcard });
    if (refreshed?.countedAt !== undefined) entry.inheritHits(refreshed.entry, refreshed.countedAt);
    const evicted = tables.put(query, entry, now);
    if (evicted === undefined) return undefined;
    const counters = countersOf(query);
    counters[isDenial(kind) ? 'denialEvictions' : 'successEvictions'].add(evicted);
    return entry;
  }

  private boundsOf(kind: Kind): Bounds {
    return isDenial(kind) ? this.context.rules.denial : this.context.rules.success;
  }

  /** Seconds. A referral says nothing of what was asked for, so that no configured lowest TTL is for it. */
  private ttlOf({ kind, ttl }: Classified, bounds: Bounds): number {
    if (kind === 'failure') return Math.trunc(this.context.rules.failureTtl / 1000);
    if (kind === 'referral') return Math.min(failsafeTtl, bounds.maxTtl);
    return clamp(ttl ?? failsafeTtl, bounds);
  }
}

/** Whether it is in the table of denials. */
export function isDenial(kind: Kind): boolean {
  return kind === 'denial' || kind === 'failure';
}

/** Whether a reply that is not kept is what is known from now on. One for a single network is not, unless it was to be for those who had the entry. */
function replaces({ renews, audience }: Classified, refreshed: Refreshed | undefined): boolean {
  return renews && (audience !== 'asker' || refreshed !== undefined);
}

/** Options that are true of a reply whenever it is given: for which networks it is, and what went wrong. */
function isLasting({ code }: Option): boolean {
  return code === EdnsOption.CLIENT_SUBNET || code === EdnsOption.EDE;
}

function explain(entry: Entry | undefined, asksNot: boolean): string {
  if (entry !== undefined) return `the answer is kept for ${entry.ttl} s as a ${entry.kind}`;
  return asksNot ? 'the answer is not kept: its TTL is 0' : 'the answer is not kept';
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
