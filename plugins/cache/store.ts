// Where entries are kept: one table by a hash of the question, bounded in entries and in octets. The only importer of lru-cache.
import type { Query } from 'ferrydns/plugin';
import { LRUCache } from 'lru-cache';
import type { Entry } from './entry.ts';

/** Octets that an entry may take on average before the table is bounded by size rather than by number. */
const octetsPerEntry = 2048;
/** CoreDNS keeps 256 shards of at least four entries. */
const minEntries = 1024;

export class Store {
  private readonly entries: LRUCache<number, Entry>;
  /** Entries that the last `set` pushed out. */
  private evicted = 0;

  /** `capacity` is in entries. */
  constructor(capacity: number) {
    const max = Math.max(capacity, minEntries);
    this.entries = new LRUCache({
      max,
      maxSize: max * octetsPerEntry,
      sizeCalculation: (entry) => entry.reply.weight,
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') this.evicted++;
      },
    });
  }

  get size(): number {
    return this.entries.size;
  }

  get(query: Query): Entry | undefined {
    const entry = this.entries.get(keyOf(query));
    return entry?.answers(query) === true ? entry : undefined;
  }

  /** Returns how many entries had to go for this one. */
  set(query: Query, entry: Entry): number {
    this.evicted = 0;
    this.entries.set(keyOf(query), entry);
    return this.evicted;
  }

  delete(query: Query): void {
    this.entries.delete(keyOf(query));
  }
}

/** A 32-bit hash of name, type, class, DO and CD. */
export function keyOf(query: Query): number {
  const bits = (query.dnssecOk ? 1 : 0) | (query.checkingDisabled ? 2 : 0);
  return Math.imul(query.nameHash ^ (query.typeCode << 2) ^ (query.classCode << 18) ^ bits, 0x9e3779b1) | 0;
}
