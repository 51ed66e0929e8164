// The events that are kept in memory: the newest of them, octets one behind another, with nothing for the collector of garbage.
import { type Events, sizeAt } from './batch.ts';
import { type Area, place } from './record.ts';
import { RecordReader } from './record-reader.ts';

/** Octets that are kept for each event; most take less. */
const eventOctets = 128;
/** Octets of the smallest ring: it takes a whole batch. */
const leastOctets = 32_768;

export class Ring implements Area {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly most: number;
  /** For who looks at records at once, one after another. */
  readonly reader: RecordReader;
  /** The first word of each event, by the lower bits of its number. */
  private readonly starts: Uint32Array;
  private readonly mask: number;
  /** The number of the oldest event that is kept, and of the next one. */
  private first = 1;
  private next = 1;
  /** The word behind the newest event. */
  private head = 0;

  /** For so many events, fewer if many of them are long. Memory is taken as it fills. */
  constructor(most: number) {
    const buffer = new ArrayBuffer(Math.max(most * eventOctets, leastOctets));
    this.bytes = Buffer.from(buffer);
    this.words = new Uint32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.starts = new Uint32Array(2 ** Math.ceil(Math.log2(most)));
    this.mask = this.starts.length - 1;
    this.most = most;
    this.reader = new RecordReader(this);
  }

  get oldest(): number {
    return this.first;
  }

  /** The number that the next event gets. */
  get end(): number {
    return this.next;
  }

  get length(): number {
    return this.next - this.first;
  }

  /** The first word of an event that is kept. */
  startOf(number: number): number {
    return this.starts[number & this.mask] as number;
  }

  timeOf(number: number): number {
    return this.doubles[(this.startOf(number) + place.time) >> 1] as number;
  }

  /** Takes events; the oldest ones here make room. */
  take({ words, end }: Events): void {
    this.append(words, 0, end);
  }

  /** Forgets what is older than this time. */
  forget(before: number): void {
    while (this.first < this.next && this.timeOf(this.first) < before) this.first++;
  }

  /** Goes on where another ring has come to, with its newest events. */
  inherit(other: Ring): void {
    this.first = Math.max(other.first, other.next - this.most);
    this.next = this.first;
    for (let number = this.first; number < other.next; number++) {
      const start = other.startOf(number);
      this.append(other.words, start, start + sizeAt(other.words, start));
    }
  }

  /** Takes the events that stand one behind another in these words. */
  private append(words: Uint32Array, from: number, to: number): void {
    const shift = this.makeRoom(to - from) - from;
    this.words.set(words.subarray(from, to), from + shift);
    for (let at = from; at < to; at += sizeAt(words, at)) {
      // Before its place in `starts` is taken by the new one.
      if (this.length >= this.most) this.first++;
      this.starts[this.next++ & this.mask] = at + shift;
    }
  }

  /** The first of so many words that are free. */
  private makeRoom(words: number): number {
    if (this.head + words > this.words.length) {
      // What lies between here and the end is the oldest.
      while (this.first < this.next && this.startOf(this.first) >= this.head) this.first++;
      this.head = 0;
    }
    const start = this.head;
    while (this.first < this.next && this.startOf(this.first) >= start && this.startOf(this.first) < start + words) this.first++;
    this.head = start + words;
    return start;
  }
}
