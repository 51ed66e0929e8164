// The events that are kept in memory: the newest of them, octets one behind another, with nothing for the collector of garbage.
import { type Area, place } from './record.ts';
import { RecordReader } from './record-reader.ts';

/** Octets that are kept for each event; most take less. */
const eventOctets = 128;

export class Ring implements Area {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly most: number;
  /** For who looks at records at once, one after another. */
  readonly reader = new RecordReader(this);
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
    const buffer = new ArrayBuffer(Math.max(most * eventOctets, 8192));
    this.bytes = Buffer.from(buffer);
    this.words = new Uint32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.starts = new Uint32Array(2 ** Math.ceil(Math.log2(most)));
    this.mask = this.starts.length - 1;
    this.most = most;
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

  reserve(words: number): number {
    if (this.next - this.first >= this.most) this.first++;
    if (this.head + words > this.words.length) {
      // What lies between here and the end is the oldest.
      while (this.first < this.next && this.startOf(this.first) >= this.head) this.first++;
      this.head = 0;
    }
    const start = this.head;
    while (this.first < this.next && this.startOf(this.first) >= start && this.startOf(this.first) < start + words) this.first++;
    this.starts[this.next & this.mask] = start;
    this.next++;
    this.head = start + words;
    return start;
  }

  /** Takes an event from another area; returns its first word here. */
  take(area: Area, from: number): number {
    const size = (area.words[from + place.size] as number) & 0xffff;
    const start = this.reserve(size);
    this.words.set(area.words.subarray(from, from + size), start);
    return start;
  }

  /** Forgets what is older than this time. */
  forget(before: number): void {
    while (this.first < this.next && this.timeOf(this.first) < before) this.first++;
  }

  /** Goes on where another ring has come to, with its newest events. */
  inherit(other: Ring): void {
    this.first = Math.max(other.first, other.next - this.most);
    this.next = this.first;
    for (let number = this.first; number < other.next; number++) this.take(other, other.startOf(number));
  }
}
