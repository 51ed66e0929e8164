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

  /** The entry with this key, if it answers the question with these demands. */
  get(key: number, query: Query, demands: number): Entry | undefined {
    const entry = this.entries.get(key);
    return entry?.answers(query, demands) === true ? entry : undefined;
  }

  /** Returns how many entries had to go for this one. */
  set(key: number, entry: Entry): number {
    this.evicted = 0;
    this.entries.set(key, entry);
    return this.evicted;
  }

  delete(key: number): void {
    this.entries.delete(key);
  }
}
