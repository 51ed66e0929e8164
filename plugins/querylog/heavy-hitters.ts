// What comes most often, in a fixed space (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005).
// A key that is not known takes the place of the one that came least, and inherits its count as its error.

/** What came often. */
interface Hitter {
  /** Where its description is kept. */
  readonly slot: number;
  readonly count: number;
  /** How much the count may be too high. */
  readonly error: number;
}

export class HeavyHitters {
  /** The slot of a key, by its hash and the places behind; -1: nobody's. At most a quarter of it is used. */
  private readonly index: Int32Array;
  private readonly shift: number;
  private readonly keys: Int32Array;
  private readonly counts: Float64Array;
  private readonly errors: Float64Array;
  private readonly size: number;
  private used = 0;
  /** Where the search for the least goes on, and the count that is known to be the least. */
  private hand = 0;
  private least = 0;

  constructor(size: number) {
    const bits = 34 - Math.clz32(size - 1);
    this.index = new Int32Array(2 ** bits).fill(-1);
    this.shift = 32 - bits;
    this.size = size;
    this.keys = new Int32Array(size);
    this.counts = new Float64Array(size);
    this.errors = new Float64Array(size);
  }

  /** Counts a key of 32 bits. Returns its slot where it is new there, so that its description can be kept; -1 where it is known. */
  add(key: number, by = 1): number {
    const place = this.find(key);
    const known = this.index[place] as number;
    if (known >= 0) {
      this.counts[known] = (this.counts[known] as number) + by;
      return -1;
    }
    if (this.used < this.size) return this.enter(this.used++, place, key, by);
    const slot = this.findLeast();
    this.errors[slot] = this.counts[slot] as number;
    this.remove(this.find(this.keys[slot] as number));
    // What was removed may have been in the way.
    return this.enter(slot, this.find(key), key, by);
  }

  /** What came most, first. */
  top(most: number): readonly Hitter[] {
    const found = Array.from({ length: this.used }, (_, slot) => ({ slot, count: this.counts[slot] as number, error: this.errors[slot] as number }));
    return found.sort((one, other) => other.count - one.count || one.slot - other.slot).slice(0, most);
  }

  clear(): void {
    this.index.fill(-1);
    this.counts.fill(0);
    this.errors.fill(0);
    this.used = 0;
    this.hand = 0;
    this.least = 0;
  }

  private enter(slot: number, place: number, key: number, by: number): number {
    this.index[place] = slot;
    this.keys[slot] = key;
    this.counts[slot] = (this.counts[slot] as number) + by;
    return slot;
  }

  private home(key: number): number {
    return Math.imul(key, 0x9e3779b1) >>> this.shift;
  }

  /** Where a key is in the index, or would be. */
  private find(key: number): number {
    const { index, keys } = this;
    const mask = index.length - 1;
    let place = this.home(key);
    for (let slot = index[place] as number; slot >= 0 && keys[slot] !== key; slot = index[place] as number) place = (place + 1) & mask;
    return place;
  }

  /** Those behind it move up, so that they are found from their homes on. */
  private remove(at: number): void {
    const { index, keys } = this;
    const mask = index.length - 1;
    let free = at;
    for (let place = (at + 1) & mask; (index[place] as number) >= 0; place = (place + 1) & mask) {
      const home = this.home(keys[index[place] as number] as number);
      if (((place - home) & mask) < ((place - free) & mask)) continue;
      index[free] = index[place] as number;
      free = place;
    }
    index[free] = -1;
  }

  /** Counts only grow: whoever has the least that is known is the one; when nobody has it any more, the least is looked for anew. */
  private findLeast(): number {
    for (let looked = 0; looked < this.size; looked++) {
      const slot = this.hand;
      this.hand = slot + 1 === this.size ? 0 : slot + 1;
      if (this.counts[slot] === this.least) return slot;
    }
    let least = 0;
    for (let slot = 1; slot < this.size; slot++) if ((this.counts[slot] as number) < (this.counts[least] as number)) least = slot;
    this.least = this.counts[least] as number;
    return least;
  }
}
