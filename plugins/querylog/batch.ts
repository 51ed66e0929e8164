// Events on their way to where they are kept, written or sent, many at a time: they are written one after another while queries are answered, and dealt with together.
import { hashName } from 'ferrydns/built-in';
import { type Origin, originAt, originNumber } from './origins.ts';
import { mostWords, place } from './record.ts';
import { RecordReader } from './record-reader.ts';

/** Words of a batch. */
const usualWords = 4096;

/** Takes the events of a batch, and is done with them when it returns. */
export type TakeBatch = (batch: Batch) => void;

/** A batch on its way to another process. */
export interface SentBatch {
  readonly octets: Uint8Array;
  /** Those that its events name, with their numbers. */
  readonly origins: readonly (readonly [number: number, origin: Origin])[];
}

export class Batch {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  private readonly takers: readonly TakeBatch[];
  private readonly now: () => number;
  private head = 0;
  /** The first word of the events whose duration is not known yet. */
  private unsettled = 0;
  private readonly settleLater = () => this.settle();

  /** The takers are given the batch when it is full. `now` is milliseconds since 1970. */
  constructor(takers: readonly TakeBatch[], now: () => number, octets: Uint8Array = new Uint8Array(4 * Math.max(usualWords, mostWords))) {
    this.takers = takers;
    this.now = now;
    // Numbers of eight octets want to begin where eight divides.
    const buffer = octets.byteOffset % 8 === 0 && octets.byteLength % 8 === 0 ? octets.buffer : octets.slice().buffer;
    const offset = buffer === octets.buffer ? octets.byteOffset : 0;
    this.bytes = Buffer.from(buffer, offset, octets.byteLength);
    this.words = new Uint32Array(buffer, offset, octets.byteLength >> 2);
    this.doubles = new Float64Array(buffer, offset, octets.byteLength >> 3);
  }

  /** A batch of another process: that one has numbers of its own for origins, and hashes names in its own way. */
  static from({ octets, origins }: SentBatch): Batch {
    const batch = new Batch([], Date.now, octets);
    batch.head = octets.byteLength >> 2;
    batch.unsettled = batch.head;
    const numbers = new Map(origins.map(([number, origin]) => [number, originNumber(origin)]));
    const { words, bytes } = batch;
    const reader = new RecordReader(batch);
    for (const at of batch.starts()) {
      const { nameStart, nameLength } = reader.look(at);
      const word = words[at + place.origin] as number;
      words[at + place.origin] = (word & 0xffff_0000) | (numbers.get(word & 0xffff) as number);
      words[at + place.nameHash] = hashName(bytes, nameStart, nameStart + nameLength);
    }
    return batch;
  }

  /** The first word behind the last event. */
  get end(): number {
    return this.head;
  }

  /** What another process needs to have it; the octets are a copy. */
  toSend(): SentBatch {
    const numbers = new Set([...this.starts()].map((at) => (this.words[at + place.origin] as number) & 0xffff));
    return {
      octets: Uint8Array.from(this.bytes.subarray(0, this.head * 4)),
      origins: [...numbers].map((number) => [number, originAt(number)] as const),
    };
  }

  /**
   * Makes room for an event of so many words, an even number, and returns the first of them. Its duration is written when this turn of the event loop has sent
   * its answers: the clock is read once for all of them.
   */
  reserve(words: number): number {
    if (this.head + words > this.words.length) this.empty();
    const start = this.head;
    if (start === this.unsettled) process.nextTick(this.settleLater);
    this.head = start + words;
    return start;
  }

  /** Hands over what there is. */
  empty(): void {
    if (this.head === 0) return;
    this.settle();
    this.handOver(this);
    this.head = 0;
    this.unsettled = 0;
  }

  /** Hands another batch over to who takes this one. */
  handOver(batch: Batch): void {
    for (const take of this.takers) take(batch);
  }

  private settle(): void {
    if (this.unsettled === this.head) return;
    const now = this.now();
    for (let at = this.unsettled; at < this.head; at += sizeAt(this.words, at)) {
      const milliseconds = now - (this.doubles[(at + place.time) >> 1] as number);
      this.words[at + place.duration] = Math.min(Math.max(milliseconds, 0) * 1000, 0xffff_ffff);
    }
    this.unsettled = this.head;
  }

  /** The first word of each event, the oldest first. */
  *starts(): Generator<number, void> {
    for (let at = 0; at < this.head; at += sizeAt(this.words, at)) yield at;
  }
}

/** Words of the event that begins at one. */
export function sizeAt(words: Uint32Array, at: number): number {
  return (words[at + place.size] as number) & 0xffff;
}
