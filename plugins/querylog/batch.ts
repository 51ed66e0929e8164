// Events on their way to where they are kept, written or sent, many at a time: they are written one after another while queries are answered, and dealt with together.
import { hashName } from 'ferrydns/built-in';
import { type Origin, originAt, originNumber } from './origins.ts';
import { type Area, mostWords, place } from './record.ts';
import { RecordReader } from './record-reader.ts';

/** Words of a batch. */
const batchWords = 4 * mostWords;

/** Takes events, and is done with them when it returns. */
export type TakeEvents = (events: Events) => void;

/** Events on their way to another process. */
export interface SentEvents {
  readonly octets: Uint8Array;
  /** Those that the events name, with their numbers. */
  readonly origins: readonly (readonly [number: number, origin: Origin])[];
}

/** Events that stand one behind another. */
export class Events implements Area {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  /** The first word behind the last event. */
  end: number;

  /** The octets are used as they are, where numbers of eight of them can begin there. */
  constructor(octets: Uint8Array, end: number) {
    const buffer = octets.byteOffset % 8 === 0 && octets.byteLength % 8 === 0 ? octets.buffer : octets.slice().buffer;
    const offset = buffer === octets.buffer ? octets.byteOffset : 0;
    this.bytes = Buffer.from(buffer, offset, octets.byteLength);
    this.words = new Uint32Array(buffer, offset, octets.byteLength >> 2);
    this.doubles = new Float64Array(buffer, offset, octets.byteLength >> 3);
    this.end = end;
  }

  /** Events of another process: that one has numbers of its own for origins, and hashes names in its own way. */
  static from({ octets, origins }: SentEvents): Events {
    const events = new Events(octets, octets.byteLength >> 2);
    const numbers = new Map(origins.map(([number, origin]) => [number, originNumber(origin)]));
    const { words, bytes } = events;
    const reader = new RecordReader(events);
    for (const at of events.starts()) {
      const { nameStart, nameLength } = reader.look(at);
      const word = words[at + place.origin] as number;
      words[at + place.origin] = (word & 0xffff_0000) | (numbers.get(word & 0xffff) as number);
      words[at + place.nameHash] = hashName(bytes, nameStart, nameStart + nameLength);
    }
    return events;
  }

  /** What another process needs to have them; the octets are a copy. */
  toSend(): SentEvents {
    const numbers = new Set([...this.starts()].map((at) => (this.words[at + place.origin] as number) & 0xffff));
    return {
      octets: Uint8Array.from(this.bytes.subarray(0, this.end * 4)),
      origins: [...numbers].map((number) => [number, originAt(number)] as const),
    };
  }

  /** The first word of each event, the oldest first. */
  *starts(): Generator<number, void> {
    for (let at = 0; at < this.end; at += sizeAt(this.words, at)) yield at;
  }
}

/** Where events are written until there are many. */
export class Batch extends Events {
  private readonly takers: readonly TakeEvents[];
  private readonly now: () => number;
  /** The first word of the events whose duration is not known yet. */
  private unsettled = 0;
  private readonly settleLater = () => this.settle();

  /** The takers are given the batch when it is full. `now` is milliseconds since 1970. */
  constructor(takers: readonly TakeEvents[], now: () => number) {
    super(new Uint8Array(4 * batchWords), 0);
    this.takers = takers;
    this.now = now;
  }

  /**
   * Makes room for an event of so many words, an even number, and returns the first of them. Its duration is written when this turn of the event loop has sent
   * its answers: the clock is read once for all of them.
   */
  reserve(words: number): number {
    if (this.end + words > this.words.length) this.empty();
    const start = this.end;
    if (start === this.unsettled) process.nextTick(this.settleLater);
    this.end = start + words;
    return start;
  }

  /** Hands over what there is. */
  empty(): void {
    if (this.end === 0) return;
    this.settle();
    this.handOver(this);
    this.end = 0;
    this.unsettled = 0;
  }

  /** Hands other events over to who takes these. */
  handOver(events: Events): void {
    for (const take of this.takers) take(events);
  }

  private settle(): void {
    if (this.unsettled === this.end) return;
    const now = this.now();
    for (let at = this.unsettled; at < this.end; at += sizeAt(this.words, at)) {
      const milliseconds = now - (this.doubles[(at + place.time) >> 1] as number);
      this.words[at + place.duration] = Math.min(Math.max(milliseconds, 0) * 1000, 0xffff_ffff);
    }
    this.unsettled = this.end;
  }
}

/** Words of the event that begins at one. */
export function sizeAt(words: Uint32Array, at: number): number {
  return (words[at + place.size] as number) & 0xffff;
}
