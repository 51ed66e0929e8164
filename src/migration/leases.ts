// The ledger: which client holds an answer with A or B, and until when. Columns of numbers, so that 100,000 clients take a few megabytes.
import type { Leases } from './agreement.ts';
import { type ClientKey, clientKey, clientText } from './client-key.ts';

/** A client that the ledger knows. Times are milliseconds of the wall clock, 0: never. */
export interface LeaseOf {
  /** The IPv4 address, or the /64 of an IPv6 address. */
  readonly client: string;
  readonly from: number;
  readonly to: number;
  readonly lastAsked: number;
}

export interface LedgerOptions {
  /** Clients listed one by one; beyond that only the latest end is kept. Default 100,000. */
  readonly clients?: number;
  /** Milliseconds added to every lease for transit and rounding. */
  readonly slack: number;
  /** C: milliseconds the caches below add, for telling whether a client still comes back. */
  readonly caches: number;
}

/** An answer that was given. */
export interface Handed {
  /** The client's address as text, or its key as {@link clientKey} gives it. */
  readonly client: string;
  readonly answer: 'from' | 'to' | 'both';
  /** Seconds, as sent. */
  readonly ttl: number;
}

const NONE = -1;

/** Client came back within a TTL, so its silence means something. */
const REGULAR = 1;
const IPV6 = 2;

/** Leases of one plan in one process. Nothing here survives a restart: what the engine takes for granted after one stands for that (`restartLeases`). */
export class Ledger {
  private readonly options: Required<LedgerOptions>;
  private readonly slots: number;
  /** Open addressing: position in the columns, or NONE. */
  private readonly index: Int32Array;
  private readonly high: Uint32Array;
  private readonly low: Uint32Array;
  private readonly flags: Uint8Array;
  private readonly ttl: Uint32Array;
  private readonly from: Float64Array;
  private readonly to: Float64Array;
  private readonly asked: Float64Array;
  private count = 0;
  private latestEnds: Leases = { from: 0, to: 0 };
  /** Whether there is no room for further clients, and whether there were some that are not listed. */
  private full = false;
  private unlisted = false;

  constructor(options: LedgerOptions) {
    this.options = { clients: 100_000, ...options };
    const { clients } = this.options;
    this.slots = 2 ** Math.ceil(Math.log2(Math.max(16, clients * 1.5)));
    this.index = new Int32Array(this.slots).fill(NONE);
    this.high = new Uint32Array(clients);
    this.low = new Uint32Array(clients);
    this.flags = new Uint8Array(clients);
    this.ttl = new Uint32Array(clients);
    this.from = new Float64Array(clients);
    this.to = new Float64Array(clients);
    this.asked = new Float64Array(clients);
  }

  /** The ends of the latest leases: right whatever the list had to leave out. */
  get latest(): Leases {
    return this.latestEnds;
  }

  /** Whether clients are missing from the list. */
  get cut(): boolean {
    return this.full || this.unlisted;
  }

  get size(): number {
    return this.count;
  }

  /** Bytes of the columns. */
  get bytes(): number {
    return [this.index, this.high, this.low, this.flags, this.ttl, this.from, this.to, this.asked].reduce(
      (sum, column) => sum + column.byteLength,
      0,
    );
  }

  /** Notes an answer sent at `now`, wall clock in milliseconds. An answer with TTL x is alive until x plus slack after it was sent. */
  hand({ client, answer, ttl }: Handed, now: number): void {
    const end = now + ttl * 1000 + this.options.slack;
    const from = answer === 'to' ? 0 : end;
    const to = answer === 'from' ? 0 : end;
    if (from > this.latestEnds.from || to > this.latestEnds.to) {
      this.latestEnds = { from: Math.max(from, this.latestEnds.from), to: Math.max(to, this.latestEnds.to) };
    }
    const at = this.place(clientKey(client), now);
    if (at === NONE) return;
    const asked = this.asked[at] ?? 0;
    if (asked > 0 && now - asked <= this.period(at)) this.flags[at] = (this.flags[at] ?? 0) | REGULAR;
    this.from[at] = Math.max(this.from[at] ?? 0, from);
    this.to[at] = Math.max(this.to[at] ?? 0, to);
    this.asked[at] = now;
    this.ttl[at] = ttl;
  }

  /** Notes that there may be leases with these ends, and nobody knows whose. `cut` says that there are: clients are missing from the list. */
  reserve({ from, to }: Leases, { cut = false }: { readonly cut?: boolean } = {}): void {
    this.latestEnds = { from: Math.max(from, this.latestEnds.from), to: Math.max(to, this.latestEnds.to) };
    this.unlisted ||= cut;
  }

  /** How many clients hold a lease on this side. Those beyond the list are not counted. */
  alive(side: 'from' | 'to', now: number): number {
    const ends = side === 'from' ? this.from : this.to;
    let alive = 0;
    for (let i = 0; i < this.count; i++) if ((ends[i] ?? 0) > now) alive++;
    return alive;
  }

  /** The clients whose lease on A ends last, at most `limit`. */
  last(limit: number): readonly LeaseOf[] {
    const ends = this.from;
    const found: number[] = [];
    for (let i = 0; i < this.count; i++) {
      const end = ends[i] ?? 0;
      let place = found.length;
      while (place > 0 && (ends[found[place - 1] ?? 0] ?? 0) < end) place--;
      if (place >= limit) continue;
      found.splice(place, 0, i);
      if (found.length > limit) found.pop();
    }
    return found.map((i) => this.leaseAt(i));
  }

  /**
   * Clients that look pinned to A: came back once per TTL, got A, and have been silent for three TTLs without having been given B. Of a TTL that is counted
   * down to 0 three are nothing: such a client is given as long as one that comes back has.
   */
  pinned(now: number, limit = 100): readonly LeaseOf[] {
    const found: LeaseOf[] = [];
    for (let i = 0; i < this.count && found.length < limit; i++) {
      const regular = ((this.flags[i] ?? 0) & REGULAR) !== 0;
      const neverB = (this.to[i] ?? 0) === 0 && (this.from[i] ?? 0) > 0;
      const silence = Math.max(3 * (this.ttl[i] ?? 0) * 1000 + this.options.caches, this.period(i));
      if (regular && neverB && now - (this.asked[i] ?? 0) >= silence) found.push(this.leaseAt(i));
    }
    return found;
  }

  /** How soon a client that lives by its TTL comes back: when it has run out, in the caches below as well. */
  private period(at: number): number {
    return (this.ttl[at] ?? 0) * 1000 + this.options.slack + this.options.caches;
  }

  /** The position of a client, a new one if there is room. */
  private place(key: ClientKey, now: number): number {
    let slot = this.slotOf(key);
    let at = this.index[slot] ?? NONE;
    if (at !== NONE) return at;
    if (this.count === this.options.clients) {
      if (this.full || !this.forgetEnded(now)) {
        this.full = true;
        return NONE;
      }
      slot = this.slotOf(key);
    }
    at = this.count++;
    this.index[slot] = at;
    this.high[at] = key.high;
    this.low[at] = key.low;
    this.flags[at] = key.ipv6 ? IPV6 : 0;
    return at;
  }

  private slotOf(key: ClientKey): number {
    const mask = this.slots - 1;
    const mixed = Math.imul(key.high ^ Math.imul(key.low ^ (key.low >>> 15), 0x2c1b3c6d), 0x297a2d39);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const at = this.index[slot] ?? NONE;
      if (at === NONE) return slot;
      const same = this.high[at] === key.high && this.low[at] === key.low && (((this.flags[at] ?? 0) & IPV6) !== 0) === key.ipv6;
      if (same) return slot;
      slot = (slot + 1) & mask;
    }
  }

  /** Makes room: clients whose leases are over and whose silence says nothing. Returns whether there is room now. */
  private forgetEnded(now: number): boolean {
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      if (this.tellsNothing(i, now)) continue;
      for (const column of [this.high, this.low, this.flags, this.ttl, this.from, this.to, this.asked]) column[kept] = column[i] ?? 0;
      kept++;
    }
    for (const column of [this.flags, this.ttl, this.from, this.to, this.asked]) column.fill(0, kept);
    this.count = kept;
    this.index.fill(NONE);
    for (let i = 0; i < kept; i++) this.index[this.slotOf(this.keyAt(i))] = i;
    return kept < this.options.clients;
  }

  private tellsNothing(i: number, now: number): boolean {
    const ended = (this.from[i] ?? 0) <= now && (this.to[i] ?? 0) <= now;
    const awaited = ((this.flags[i] ?? 0) & REGULAR) !== 0 && (this.to[i] ?? 0) === 0;
    return ended && !awaited;
  }

  private keyAt(i: number): ClientKey {
    return { high: this.high[i] ?? 0, low: this.low[i] ?? 0, ipv6: ((this.flags[i] ?? 0) & IPV6) !== 0 };
  }

  private leaseAt(i: number): LeaseOf {
    return { client: clientText(this.keyAt(i)), from: this.from[i] ?? 0, to: this.to[i] ?? 0, lastAsked: this.asked[i] ?? 0 };
  }
}
