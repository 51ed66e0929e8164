// Where entries are kept: one table by a hash of the question, bounded in entries and in octets. The only importer of lru-cache.
import type { Query } from 'ferrydns/plugin';
import { LRUCache } from 'lru-cache';
import type { Entry } from './entry.ts';

/** Octets that an entry may take on average before the table is bounded by size rather than by number. */
const octetsPerEntry = 2048;
/** CoreDNS keeps 256 shards of at least four entries. */
const minEntries = 1024;

/** A map of V8 holds some 16 million entries; nothing is gained by going there. */
export const mostEntries = 2 ** 23;

export class Store {
  private readonly entries: LRUCache<number, Entry>;
  private readonly capacity: number;
  /** Entries that the last `set` pushed out. */
  private evicted = 0;

  /** `capacity` is in entries. */
  constructor(capacity: number) {
    this.capacity = Math.min(Math.max(capacity, minEntries), mostEntries);
    // Not by `max`: lru-cache takes the memory for so many entries at once.
    this.entries = new LRUCache({
      maxSize: this.capacity * octetsPerEntry,
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
    if (this.entries.size >= this.capacity && !this.entries.has(key)) this.entries.pop();
    this.entries.set(key, entry);
    return this.evicted;
  }

  delete(key: number): void {
    this.entries.delete(key);
  }
}
