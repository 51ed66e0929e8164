// Events on their way to who writes or sends them, many at a time.
import { type Area, mostWords, place } from './record.ts';

/** Words of a batch. */
const usualWords = 4096;

export class Batch implements Area {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  private readonly deliver: (batch: Batch) => void;
  private head = 0;

  /** `deliver` is given the batch when it is full, and may use it until it returns. */
  constructor(deliver: (batch: Batch) => void, octets: Uint8Array = new Uint8Array(4 * Math.max(usualWords, mostWords))) {
    this.deliver = deliver;
    // Numbers of eight octets want to begin where eight divides.
    const buffer = octets.byteOffset % 8 === 0 && octets.byteLength % 8 === 0 ? octets.buffer : octets.slice().buffer;
    const offset = buffer === octets.buffer ? octets.byteOffset : 0;
    this.bytes = Buffer.from(buffer, offset, octets.byteLength);
    this.words = new Uint32Array(buffer, offset, octets.byteLength >> 2);
    this.doubles = new Float64Array(buffer, offset, octets.byteLength >> 3);
  }

  /** The batch that these octets were. */
  static of(octets: Uint8Array): Batch {
    const batch = new Batch(() => undefined, octets);
    batch.head = octets.byteLength >> 2;
    return batch;
  }

  reserve(words: number): number {
    if (this.head + words > this.words.length) this.empty();
    const start = this.head;
    this.head += words;
    return start;
  }

  /** Takes an event from another area. */
  take(area: Area, from: number): void {
    const size = (area.words[from + place.size] as number) & 0xffff;
    this.words.set(area.words.subarray(from, from + size), this.reserve(size));
  }

  /** Hands over what there is. */
  empty(): void {
    if (this.head === 0) return;
    this.deliver(this);
    this.head = 0;
  }

  /** The octets that are used; of this moment. */
  get used(): Uint8Array {
    return this.bytes.subarray(0, this.head * 4);
  }

  /** The first word of each event, the oldest first. */
  *starts(): Generator<number, void> {
    for (let at = 0; at < this.head; ) {
      yield at;
      const size = (this.words[at + place.size] as number) & 0xffff;
      if (size === 0) return;
      at += size;
    }
  }
}
