// A name whose addresses are followed as they change: looked up again and again as its TTL runs out.
import { QueryType } from '../dns/codes.ts';
import type { Name } from '../dns/name.ts';
import { makeQuery, ownClient } from '../dns/own-query.ts';
import type { Query } from '../dns/query.ts';
import { Reply } from '../dns/reply.ts';

/** The addresses of a name by the type of their records, sorted. */
export type NameAddresses = Readonly<Record<'A' | 'AAAA', readonly string[]>>;

export interface FollowedNameOptions {
  /** Milliseconds between two look-ups, at least and at most; in between the TTL decides. */
  readonly shortest: number;
  readonly longest: number;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  resolve(query: Query): Reply | Promise<Reply>;
  /** Is told after each look-up. A type that could not be looked up has the addresses of before; undefined: nothing was found at all. */
  heard(addresses: NameAddresses | undefined): void;
}

/** What was found of one type. */
interface Found {
  readonly addresses: readonly string[];
  /** Milliseconds. */
  readonly ttl: number;
}

export class FollowedName {
  private readonly name: Name;
  private readonly options: FollowedNameOptions;
  private addresses: NameAddresses = { A: [], AAAA: [] };
  private dueAt = Number.NEGATIVE_INFINITY;
  private busy = false;
  private released = false;

  constructor(name: Name, options: FollowedNameOptions) {
    this.name = name;
    this.options = options;
  }

  /** Looks the name up if it is time. */
  tick(): void {
    if (this.busy || this.released || this.options.now() < this.dueAt) return;
    this.busy = true;
    void this.lookUp().finally(() => {
      this.busy = false;
    });
  }

  release(): void {
    this.released = true;
  }

  private async lookUp(): Promise<void> {
    const { shortest, longest, now, heard } = this.options;
    const [v4, v6] = await Promise.all([this.ask('A'), this.ask('AAAA')]);
    if (this.released) return;
    // A name that has lost every address is a mistake more often than a wish.
    const isFound = (v4?.addresses ?? []).length + (v6?.addresses ?? []).length > 0;
    const wait = isFound ? Math.min(v4?.ttl ?? shortest, v6?.ttl ?? shortest, longest) : shortest;
    this.dueAt = now() + Math.max(wait, shortest);
    if (isFound) this.addresses = { A: v4?.addresses ?? this.addresses.A, AAAA: v6?.addresses ?? this.addresses.AAAA };
    heard(isFound ? this.addresses : undefined);
  }

  private async ask(type: 'A' | 'AAAA'): Promise<Found | undefined> {
    const { longest, now, resolve } = this.options;
    try {
      const reply = await resolve(makeQuery({ name: this.name, type, client: ownClient, receivedAt: now() }));
      if (reply.rcodeNumber !== 0 || reply.declined || reply === Reply.drop) return undefined;
      const records = reply.answers.filter(({ typeCode }) => typeCode === QueryType[type]);
      const ttl = reply.answers.reduce((least, record) => Math.min(least, record.ttl * 1000), longest);
      return { addresses: records.map(({ data }) => String(data)).sort(), ttl };
    } catch {
      return undefined;
    }
  }
}
