// One cached reply: whose question it answers, how long it may be used, and how often it was asked for.
import type { Query, Reply } from 'ferrydns/plugin';

/** Octets of the header of a message (RFC 1035 section 4.1.1). */
const headerLength = 12;
/** Bits of a reply's flag word (RFC 1035 section 4.1.1, RFC 4035 section 3.2.3). */
const AUTHORITATIVE = 0x0400;
const RECURSION_AVAILABLE = 0x0080;
const AUTHENTIC_DATA = 0x0020;

/** What a cached reply is kept with. */
export interface EntryFields {
  readonly query: Query;
  readonly reply: Reply;
  /** Seconds it may be used. */
  readonly ttl: number;
  /** Milliseconds, when it was stored. */
  readonly stored: number;
  /** Whether it holds what was asked for, at the end of its CNAME chain. */
  readonly answering: boolean;
  readonly wildcard: string | undefined;
}

export class Entry {
  readonly reply: Reply;
  readonly ttl: number;
  readonly stored: number;
  readonly answering: boolean;
  readonly wildcard: string | undefined;
  /** The answering entry that a reply without an answer took the place of; kept under `serve_stale_policy prefer_positive`. */
  lastKnownGood: Entry | undefined = undefined;
  refreshing = false;
  /** Milliseconds before which no refresh is tried again. */
  retryAfter = 0;
  private hits = 0;
  private lastHit = 0;
  /** A message for the name that the entry is about, which stands behind the header. */
  private readonly message: Uint8Array;
  private readonly nameLength: number;
  private readonly typeCode: number;
  private readonly classCode: number;
  private readonly dnssecOk: boolean;
  private readonly checkingDisabled: boolean;
  /** The reply as it was given last: within a second it is the same for all. */
  private given: Reply | undefined = undefined;
  private givenTtl = -1;
  private givenFlags = -1;

  constructor(fields: EntryFields) {
    const { query } = fields;
    this.reply = fields.reply;
    this.ttl = fields.ttl;
    this.stored = fields.stored;
    this.answering = fields.answering;
    this.wildcard = fields.wildcard;
    this.message = fields.reply.formFor(query).bytes;
    this.nameLength = query.nameLength;
    this.typeCode = query.typeCode;
    this.classCode = query.classCode;
    this.dnssecOk = query.dnssecOk;
    this.checkingDisabled = query.checkingDisabled;
  }

  /** Whether it answers this question: keys are hashes, so two names may share one. */
  answers(query: Query): boolean {
    return (
      this.nameLength === query.nameLength &&
      this.typeCode === query.typeCode &&
      this.classCode === query.classCode &&
      this.dnssecOk === query.dnssecOk &&
      this.checkingDisabled === query.checkingDisabled &&
      query.asksFor(this.message, headerLength)
    );
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
    if (this.given === undefined || ttl !== this.givenTtl || flags !== this.givenFlags) {
      this.given = this.reply.aged(ttl, flags);
      this.givenTtl = ttl;
      this.givenFlags = flags;
    }
    return this.given;
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

  /** Takes the right to refresh, unless somebody has it or a failure is too fresh. */
  beginRefresh(now: number): boolean {
    if (this.refreshing || now < this.retryAfter) return false;
    this.refreshing = true;
    return true;
  }

  endRefresh(retryAfter: number): void {
    this.refreshing = false;
    this.retryAfter = retryAfter;
  }
}
