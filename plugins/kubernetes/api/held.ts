// What came of something whose end has not come yet.

export class Held {
  private parts: Buffer[] = [];
  private octets = 0;
  private needed = 0;

  /** Whether nothing waits for its end. */
  get isEmpty(): boolean {
    return this.octets === 0;
  }

  /** All that is held and the chunk behind it; undefined as long as that is less than is needed. */
  with(chunk: Buffer): Buffer | undefined {
    if (this.octets === 0) return chunk;
    this.parts.push(chunk);
    this.octets += chunk.length;
    if (this.octets < this.needed) return undefined;
    const all = Buffer.concat(this.parts);
    this.parts = [];
    this.octets = 0;
    return all;
  }

  /** Holds the rest of what {@link with} returned until it has so many octets. Throws an Error where these are more than anything of the API takes. */
  keep(rest: Buffer, needed: number): void {
    if (needed > mostOctets) throw new Error(`an object of more than ${mostOctets} octets`);
    // A copy: of a chunk that was read to its end no more is kept than that.
    this.parts = rest.length === 0 ? [] : [Buffer.from(rest)];
    this.octets = rest.length;
    this.needed = needed;
  }
}

/** Octets of one object at most: etcd takes 1.5 MiB. */
export const mostOctets = 16 << 20;
