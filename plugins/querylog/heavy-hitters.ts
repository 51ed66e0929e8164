// What comes most often, in a fixed space (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005).
// A key that is not known takes the place of the one that came least, and inherits its count as its error.

/** What came often. */
export interface Hitter {
  /** Where its description is kept. */
  readonly slot: number;
  readonly count: number;
  /** How much the count may be too high. */
  readonly error: number;
}

export class HeavyHitters {
  private readonly slots = new Map<number, number>();
  private readonly keys: Int32Array;
  private readonly counts: Float64Array;
  private readonly errors: Float64Array;
  private readonly size: number;
  /** Where the search for the least goes on, and the count that is known to be the least. */
  private hand = 0;
  private least = 0;

  constructor(size: number) {
    this.size = size;
    this.keys = new Int32Array(size);
    this.counts = new Float64Array(size);
    this.errors = new Float64Array(size);
  }

  /** Counts a key of 32 bits. Returns its slot where it is new there, so that its description can be kept; -1 where it is known. */
  add(key: number, by = 1): number {
    const known = this.slots.get(key);
    if (known !== undefined) {
      this.counts[known] = (this.counts[known] as number) + by;
      return -1;
    }
    const slot = this.slots.size < this.size ? this.slots.size : this.findLeast();
    if (this.slots.size >= this.size) {
      this.slots.delete(this.keys[slot] as number);
      this.errors[slot] = this.counts[slot] as number;
    }
    this.keys[slot] = key;
    this.slots.set(key, slot);
    this.counts[slot] = (this.counts[slot] as number) + by;
    return slot;
  }

  /** The slot of a key that is known. */
  slotOf(key: number): number | undefined {
    return this.slots.get(key);
  }

  /** What came most, first. */
  top(most: number): readonly Hitter[] {
    const found = Array.from({ length: this.slots.size }, (_, slot) => ({
      slot,
      count: this.counts[slot] as number,
      error: this.errors[slot] as number,
    }));
    return found.sort((one, other) => other.count - one.count || one.slot - other.slot).slice(0, most);
  }

  clear(): void {
    this.slots.clear();
    this.counts.fill(0);
    this.errors.fill(0);
    this.hand = 0;
    this.least = 0;
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
