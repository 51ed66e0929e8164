// Where entries are kept: rows of numbers and bytes, bounded in entries and in octets, and the few that are in use as objects besides. The only
// importer of lru-cache.
import type { Query } from 'ferrydns/plugin';
import { LRUCache } from 'lru-cache';
import type { Entry } from './entry.ts';
import { keptDemands } from './key.ts';
import { answers, pack, unpack, write } from './packing.ts';
import { Segments } from './segments.ts';
import { Slots, slotOctets } from './slots.ts';

/** Entries that are ready to be given: most questions are about few names. */
const readyEntries = 8192;
/** lru-cache makes options for each call that brings none. */
const usual = {};

export class Store {
  private readonly slots: Slots;
  private readonly segments: Segments;
  /** Octets that they may take. */
  readonly maxOctets: number;
  /** Those that were asked for last, by slot. */
  private readonly ready: LRUCache<number, Entry>;
  /** Those that are being asked for again, and are in `ready` no more: others wait for them. */
  private readonly refreshing = new Map<number, Entry>();

  /** `capacity` is in entries, `maxOctets` is of their rows and bytes. */
  constructor(capacity: number, maxOctets: number) {
    this.slots = new Slots(capacity);
    this.maxOctets = maxOctets;
    this.segments = new Segments((slot, address) => {
      this.slots.address[slot] = address;
    });
    this.ready = new LRUCache({
      max: Math.min(readyEntries, this.slots.capacity),
      dispose: (entry, slot, reason) => {
        if (reason === 'evict') this.putAway(slot, entry);
      },
    });
  }

  get size(): number {
    return this.slots.size;
  }

  /** Octets that its entries take. */
  get octets(): number {
    return this.slots.size * slotOctets + this.segments.octets;
  }

  /** Octets that are held for them, gaps and rows that are not in use included. */
  get heldOctets(): number {
    return this.slots.octets + this.segments.heldOctets;
  }

  /** The entry with this key, if it answers the question with these demands. */
  get(key: number, query: Query, demands: number): Entry | undefined {
    const { slots, segments } = this;
    const slot = slots.find(key);
    if (slot < 0) return undefined;
    const address = slots.address[slot] as number;
    const traits = slots.traits[slot] as number;
    if (!answers(segments.bytesOf(address), segments.start(address), traits, query, keptDemands(demands), demands)) return undefined;
    slots.touch(slot);
    return this.ready.get(slot, usual) ?? this.takeOut(slot);
  }

  /** Keeps what is known of the question now. Returns how many other entries had to go for it, undefined when it cannot be kept. */
  set(key: number, query: Query, entry: Entry): number | undefined {
    const { slots, segments } = this;
    this.delete(key);
    const packed = pack(entry, query);
    if (packed === undefined) return undefined;
    let evicted = 0;
    while (slots.size > 0 && (slots.size >= slots.capacity || this.octets + slotOctets + packed.length > this.maxOctets)) {
      this.remove(slots.leastWanted());
      evicted++;
    }
    const slot = slots.add(key);
    const address = segments.add(slot, packed.length);
    slots.address[slot] = address;
    slots.traits[slot] = packed.traits;
    slots.ttl[slot] = entry.ttl;
    slots.stored[slot] = entry.stored;
    write(packed, entry, segments.bytesOf(address), segments.start(address));
    this.putAway(slot, entry);
    return evicted;
  }

  delete(key: number): void {
    const slot = this.slots.find(key);
    if (slot >= 0) this.remove(slot);
  }

  private remove(slot: number): void {
    this.segments.remove(this.slots.address[slot] as number);
    this.slots.remove(slot);
    this.ready.delete(slot);
    this.refreshing.delete(slot);
  }

  /** Makes it ready to be given. */
  private takeOut(slot: number): Entry {
    const entry = this.refreshing.get(slot) ?? this.read(slot);
    this.refreshing.delete(slot);
    this.ready.set(slot, entry);
    return entry;
  }

  private read(slot: number): Entry {
    const { slots, segments } = this;
    const address = slots.address[slot] as number;
    const start = segments.start(address);
    const row = { traits: slots.traits[slot] as number, ttl: slots.ttl[slot] as number, stored: slots.stored[slot] as number };
    const entry = unpack(segments.bytesOf(address), start, start + segments.lengthOf(address), row);
    entry.hits = slots.hits[slot] as number;
    entry.lastHit = slots.lastHit[slot] as number;
    entry.retryAfter = slots.retryAfter[slot] as number;
    return entry;
  }

  /** Writes down what has changed of an entry since it was kept. */
  private putAway(slot: number, entry: Entry): void {
    const { slots } = this;
    slots.hits[slot] = entry.hits;
    slots.lastHit[slot] = entry.lastHit;
    slots.retryAfter[slot] = entry.retryAfter;
    if (entry.isRefreshing) this.refreshing.set(slot, entry);
  }
}
