// The table of what is kept, as columns of numbers: found by key, ordered by when it was used last. A slot is a row of it.

const firstRoom = 1024;
const none = -1;

/** Octets that a row takes: seven columns of four octets, the chains of the index among them, four of eight, one of two, and one of one. */
export const slotOctets = 4 * 7 + 8 * 4 + 2 + 1;

/**
 * How often one that was asked for is passed over when its turn to go has come; and how many are passed over for one that comes, which takes some
 * 10 µs. Each time that one is passed over was paid for by somebody who asked for it, so the table as a whole does no more work for that.
 */
const chances = 3;
const mostSpared = 1024;

export class Slots {
  readonly capacity: number;
  /** Where the bytes are. */
  address = new Int32Array(firstRoom);
  /** Seconds it may be used. */
  ttl = new Float64Array(firstRoom);
  /** Milliseconds. */
  stored = new Float64Array(firstRoom);
  /** What an answer depends on besides its bytes, as bits. */
  traits = new Uint16Array(firstRoom);
  hits = new Uint32Array(firstRoom);
  /** Milliseconds. */
  lastHit = new Float64Array(firstRoom);
  /** Milliseconds. */
  retryAfter = new Float64Array(firstRoom);
  /** How often it will be passed over. */
  private spared = new Uint8Array(firstRoom);
  private key = new Int32Array(firstRoom);
  /** The next one with a key of the same chain; of a slot that is free, the next free one. */
  private chained = new Int32Array(firstRoom);
  private older = new Int32Array(firstRoom);
  private newer = new Int32Array(firstRoom);
  private chains = new Int32Array(firstRoom).fill(none);
  private newest = none;
  private oldestSlot = none;
  private firstFree = none;
  private used = 0;
  private count = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.count;
  }

  /** Octets of the columns. */
  get octets(): number {
    return this.key.length * slotOctets;
  }

  /**
   * The one that is to go: that was not used for longest, and not asked for either. A name that is asked for each second stays while tens of thousands
   * come that nobody asks for twice. -1 when there is none.
   */
  leastWanted(): number {
    for (let passed = 0; passed < mostSpared; passed++) {
      const slot = this.oldestSlot;
      if (slot === none || this.spared[slot] === 0) return slot;
      this.spared[slot] = (this.spared[slot] as number) - 1;
      this.move(slot);
    }
    return this.oldestSlot;
  }

  /** The slot with this key, or -1. */
  find(key: number): number {
    let slot = this.chains[this.chainOf(key)] as number;
    while (slot !== none && this.key[slot] !== key) slot = this.chained[slot] as number;
    return slot;
  }

  /** Takes a slot for a key that has none. There must be room: see {@link capacity}. */
  add(key: number): number {
    const slot = this.take();
    const chain = this.chainOf(key);
    this.key[slot] = key;
    this.chained[slot] = this.chains[chain] as number;
    this.chains[chain] = slot;
    this.hits[slot] = 0;
    this.lastHit[slot] = 0;
    this.retryAfter[slot] = 0;
    this.spared[slot] = 0;
    this.count++;
    this.link(slot);
    return slot;
  }

  remove(slot: number): void {
    const chain = this.chainOf(this.key[slot] as number);
    const next = this.chained[slot] as number;
    let before = this.chains[chain] as number;
    if (before === slot) this.chains[chain] = next;
    else {
      while (this.chained[before] !== slot) before = this.chained[before] as number;
      this.chained[before] = next;
    }
    this.unlink(slot);
    this.chained[slot] = this.firstFree;
    this.firstFree = slot;
    this.count--;
  }

  /** Says that it was asked for: it is the one that was used last. */
  touch(slot: number): void {
    this.spared[slot] = chances;
    this.move(slot);
  }

  private move(slot: number): void {
    if (this.newest === slot) return;
    this.unlink(slot);
    this.link(slot);
  }

  private link(slot: number): void {
    this.older[slot] = this.newest;
    this.newer[slot] = none;
    if (this.newest === none) this.oldestSlot = slot;
    else this.newer[this.newest] = slot;
    this.newest = slot;
  }

  private unlink(slot: number): void {
    const older = this.older[slot] as number;
    const newer = this.newer[slot] as number;
    if (older === none) this.oldestSlot = newer;
    else this.newer[older] = newer;
    if (newer === none) this.newest = older;
    else this.older[newer] = older;
  }

  private take(): number {
    const slot = this.firstFree;
    if (slot !== none) {
      this.firstFree = this.chained[slot] as number;
      return slot;
    }
    if (this.used === this.key.length) this.grow();
    return this.used++;
  }

  private chainOf(key: number): number {
    return (key ^ (key >>> 15)) & (this.chains.length - 1);
  }

  private grow(): void {
    const room = this.key.length * 2;
    this.address = enlarged(this.address, new Int32Array(room));
    this.ttl = enlarged(this.ttl, new Float64Array(room));
    this.stored = enlarged(this.stored, new Float64Array(room));
    this.traits = enlarged(this.traits, new Uint16Array(room));
    this.hits = enlarged(this.hits, new Uint32Array(room));
    this.spared = enlarged(this.spared, new Uint8Array(room));
    this.lastHit = enlarged(this.lastHit, new Float64Array(room));
    this.retryAfter = enlarged(this.retryAfter, new Float64Array(room));
    this.key = enlarged(this.key, new Int32Array(room));
    this.chained = enlarged(this.chained, new Int32Array(room));
    this.older = enlarged(this.older, new Int32Array(room));
    this.newer = enlarged(this.newer, new Int32Array(room));
    this.chains = new Int32Array(room).fill(none);
    // None is free now: the table grows when all of it is in use.
    for (let slot = 0; slot < this.used; slot++) {
      const chain = this.chainOf(this.key[slot] as number);
      this.chained[slot] = this.chains[chain] as number;
      this.chains[chain] = slot;
    }
  }
}

function enlarged<T extends Int32Array | Uint32Array | Float64Array | Uint16Array | Uint8Array>(column: T, larger: T): T {
  larger.set(column);
  return larger;
}
