// One cached reply: whose question it answers, how long it may be used, and how often it was asked for.
import { ExtendedError, type Query, type Reply } from 'ferrydns/plugin';
import type { Audience } from './audience.ts';
import type { Kind } from './classify.ts';

/** Bits of a reply's flag word (RFC 1035 section 4.1.1, RFC 4035 section 3.2.3). */
const AUTHORITATIVE = 0x0400;
const RECURSION_AVAILABLE = 0x0080;
const AUTHENTIC_DATA = 0x0020;

/** What became of a reply. */
export interface Kept {
  readonly reply: Reply;
  /** Undefined when the reply is not kept. */
  readonly entry: Entry | undefined;
  /** Whether it holds what was asked for. */
  readonly answering: boolean;
  /** Whether it takes the place of what was known before. */
  readonly renews: boolean;
  readonly audience: Audience;
}

/** What a cached reply is kept with. */
export interface EntryFields {
  readonly reply: Reply;
  readonly kind: Exclude<Kind, 'none'>;
  /** Seconds it may be used. */
  readonly ttl: number;
  /** Milliseconds, when it was stored. */
  readonly stored: number;
  /** Whether it holds what was asked for, at the end of its CNAME chain. */
  readonly answering: boolean;
  /** Whether it answers those who name a network, too. */
  readonly forEverybody: boolean;
  /** The demands that it is kept by. */
  readonly demands: number;
  readonly wildcard: string | undefined;
}

export class Entry {
  readonly reply: Reply;
  readonly kind: EntryFields['kind'];
  readonly ttl: number;
  readonly stored: number;
  readonly answering: boolean;
  readonly forEverybody: boolean;
  readonly demands: number;
  readonly wildcard: string | undefined;
  /** The refresh that is under way, for those who wait for it; undefined as well when there is none to wait for. */
  refresh: Promise<Kept | undefined> | undefined = undefined;
  /** Milliseconds, when the last refresh began. */
  refreshBegan = 0;
  /** Milliseconds before which no refresh should be tried again. */
  retryAfter = 0;
  private refreshing = false;
  /** How often it was asked for, and milliseconds, when it was the last time. */
  hits = 0;
  lastHit = 0;
  /** The reply as it was given last: within a second it is the same for all. Kept when it is given twice: most names are not asked for each second, and theirs would outlive the young generation. */
  private given: Reply | undefined = undefined;
  private givenTtl = -1;
  private givenFlags = -1;

  constructor(fields: EntryFields) {
    this.reply = fields.reply;
    this.kind = fields.kind;
    this.ttl = fields.ttl;
    this.stored = fields.stored;
    this.answering = fields.answering;
    this.forEverybody = fields.forEverybody;
    this.wildcard = fields.wildcard;
    this.demands = fields.demands;
  }

  /** Seconds that are left at `now` (milliseconds); negative when it has expired. */
  remaining(now: number): number {
    return this.ttl - Math.trunc((now - this.stored) / 1000);
  }

  /** What it is, for people. */
  describe(now: number): string {
    const age = Math.trunc((now - this.stored) / 1000);
    const left = this.remaining(now);
    return `${this.reply.rcode} kept ${age} s ago for ${this.ttl} s, ${left > 0 ? `${left} s left` : `expired ${-left} s ago`}`;
  }

  /**
   * The reply with this TTL on every record. AA is set because old stub resolvers discard what is not authoritative, as CoreDNS found;
   * AD is told to those who asked for it by DO or AD (RFC 6840 section 5.8).
   */
  give(query: Query, ttl: number): Reply {
    const kept = query.dnssecOk || query.authenticData ? RECURSION_AVAILABLE | AUTHENTIC_DATA : RECURSION_AVAILABLE;
    const flags = AUTHORITATIVE | (this.reply.flags & kept);
    const isAnother = ttl !== this.givenTtl || flags !== this.givenFlags;
    if (!isAnother && this.given !== undefined) return this.given;
    const given = this.reply.aged(ttl, flags, this.reply.options);
    this.given = isAnother ? undefined : given;
    this.givenTtl = ttl;
    this.givenFlags = flags;
    return given;
  }

  /** What {@link give} gives, with the extended error that says that it is over. */
  giveStale(query: Query, ttl: number): Reply {
    const extendedError = this.reply.rcode === 'NXDOMAIN' ? ExtendedError.STALE_NXDOMAIN_ANSWER : ExtendedError.STALE_ANSWER;
    return this.give(query, ttl).with({ extendedError });
  }

  /** Counts a hit; hits further apart than `window` milliseconds start a new count. Returns the count. */
  hit(now: number, window: number): number {
    this.hits = this.lastHit < now - window ? 1 : this.hits + 1;
    this.lastHit = now;
    return this.hits;
  }

  /** Goes on with the count of the entry that this one refreshes. */
  inheritHits(from: Entry, now: number): void {
    this.hits = from.hits;
    this.lastHit = now;
  }

  /** Whether it is being asked for again. */
  get isRefreshing(): boolean {
    return this.refreshing;
  }

  beginRefresh(now: number): void {
    this.refreshing = true;
    this.refreshBegan = now;
  }

  endRefresh(retryAfter: number): void {
    this.refreshing = false;
    this.refresh = undefined;
    this.retryAfter = retryAfter;
  }
}
