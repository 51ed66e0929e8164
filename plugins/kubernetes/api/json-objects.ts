// Cuts JSON that streams in into its objects, so that no more than one of them is in memory at a time, however long the list.
import { mostOctets } from './held.ts';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** `events`: objects that follow one another, as of a watch. `items`: what is in the array of one object, as of a list. */
export type Shape = 'events' | 'items';

export class JsonObjects {
  /** What stands around the items: the object with an empty array. */
  frame = '';
  private readonly shape: Shape;
  private readonly found: (text: string) => void;
  /** The depth at which objects are looked for. */
  private readonly floor: 0 | 2;
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** Whether what was opened at the second depth is an array. */
  private inArray = false;
  private chunk: Buffer = nothing;
  /** Where in the chunk the object begins; -1 between objects. */
  private start = -1;
  /** Where in the chunk that begins which is part of no object. */
  private frameStart = 0;
  /** What came of an object in the chunks before. */
  private parts: Buffer[] = [];
  private octets = 0;

  constructor(shape: Shape, found: (text: string) => void) {
    this.shape = shape;
    this.found = found;
    this.floor = shape === 'events' ? 0 : 2;
  }

  /** Whether all that came is whole. */
  get isComplete(): boolean {
    return this.depth === 0;
  }

  /** Throws an Error when an object is larger than any can be, or ends that has not begun, and what `found` throws. */
  push(chunk: Buffer): void {
    this.chunk = chunk;
    this.start = this.start < 0 ? -1 : 0;
    this.frameStart = 0;
    for (let i = 0; i < chunk.length; i++) {
      if (this.inString) i = this.endOfString(i);
      else this.take(chunk[i] as number, i);
    }
    if (this.start >= 0) this.hold(chunk.subarray(this.start));
    else this.keepFrame(chunk.length);
    this.chunk = nothing;
  }

  private take(byte: number, at: number): void {
    if (byte === quote) this.inString = true;
    else if (byte === openBrace || byte === openBracket) this.open(at, byte);
    else if (byte === closeBrace || byte === closeBracket) this.close(at);
    else if (byte === comma && this.start < 0) this.separate(at);
  }

  private open(at: number, byte: number): void {
    if (this.depth === this.floor && (this.floor === 0 || this.inArray)) {
      this.keepFrame(at);
      this.start = at;
    }
    this.depth++;
    if (this.depth === 2) this.inArray = byte === openBracket;
  }

  private close(at: number): void {
    if (this.depth === 0) throw new Error('what is no JSON: an object or array ends that has not begun');
    this.depth--;
    if (this.start < 0 || this.depth !== this.floor) return;
    const { start } = this;
    this.start = -1;
    this.frameStart = at + 1;
    this.give(start, at + 1);
  }

  /** The comma between two items is no part of the frame. */
  private separate(at: number): void {
    if (this.depth !== 2 || !this.inArray) return;
    this.keepFrame(at);
    this.frameStart = at + 1;
  }

  /** The index of the quote that ends the string, or that of the last octet. */
  private endOfString(from: number): number {
    const { chunk } = this;
    for (let i = from; i < chunk.length; i++) {
      if (this.escaped) this.escaped = false;
      else if (chunk[i] === backslash) this.escaped = true;
      else if (chunk[i] === quote) {
        this.inString = false;
        return i;
      }
    }
    return chunk.length - 1;
  }

  private keepFrame(end: number): void {
    if (this.shape !== 'items' || end <= this.frameStart) return;
    this.frame += this.chunk.toString('utf8', this.frameStart, end);
    if (this.frame.length > mostOctets) throw new Error(`more than ${mostOctets} octets around the items of a list`);
  }

  private hold(part: Buffer): void {
    this.octets += part.length;
    if (this.octets > mostOctets) throw new Error(`an object of more than ${mostOctets} octets`);
    this.parts.push(Buffer.from(part));
  }

  private give(start: number, end: number): void {
    const { parts, chunk } = this;
    if (parts.length === 0) {
      this.found(chunk.toString('utf8', start, end));
      return;
    }
    parts.push(chunk.subarray(start, end));
    this.parts = [];
    this.octets = 0;
    this.found(Buffer.concat(parts).toString('utf8'));
  }
}

const nothing = Buffer.alloc(0);
