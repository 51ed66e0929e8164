// The bytes of what is kept, one behind another in segments: no object for each, so nothing that the collector of garbage has to follow or move.
// A piece that is freed leaves a gap; when gaps take more than a quarter, the segment with the most of them is emptied.

/** Octets of a segment; a piece that is larger has one of its own. */
const segmentLength = 65536;
/** Before each piece: its owner (4), a negative one when it was given up, and its length (4). */
const headLength = 8;
const nobody = -1;
/** Octets of gaps that are never worth the work. */
const spareGaps = 2 * segmentLength;

interface Segment {
  readonly bytes: Buffer;
  /** Octets that are written, gaps included. */
  end: number;
  /** Octets that are still somebody's. */
  live: number;
}

/** Where a piece stands: the number of its segment, then 16 bits of offset. */
export type Address = number;

export class Segments {
  private readonly segments: (Segment | undefined)[] = [];
  private readonly free: number[] = [];
  private current = -1;
  /** A segment that was emptied, to be written next. */
  private spare: Buffer | undefined = undefined;
  /** Octets that are somebody's, octets that are written, and octets of the segments. */
  private live = 0;
  private written = 0;
  private held = 0;
  private readonly moved: (owner: number, to: Address) => void;

  /** `moved` learns where a piece stands from now on. */
  constructor(moved: (owner: number, to: Address) => void) {
    this.moved = moved;
  }

  /** Octets of the pieces, their heads included. */
  get octets(): number {
    return this.live;
  }

  /** Octets that are held for them. */
  get heldOctets(): number {
    return this.held + (this.spare?.length ?? 0);
  }

  /** Makes room for a piece of so many octets. Returns its address. */
  add(owner: number, length: number): Address {
    this.tidy();
    return this.place(owner, length);
  }

  /** Gives a piece up. */
  remove(address: Address): void {
    const segment = this.at(address);
    const octets = headLength + this.lengthOf(address);
    segment.bytes.writeInt32LE(nobody, address & 0xffff);
    segment.live -= octets;
    this.live -= octets;
    if (segment.live === 0 && address >>> 16 !== this.current) this.drop(address >>> 16);
  }

  /** Octets of the piece. */
  lengthOf(address: Address): number {
    return this.at(address).bytes.readUInt32LE((address & 0xffff) + 4);
  }

  /** The bytes that the piece stands in; it begins at {@link start}. */
  bytesOf(address: Address): Buffer {
    return this.at(address).bytes;
  }

  start(address: Address): number {
    return (address & 0xffff) + headLength;
  }

  private place(owner: number, length: number): Address {
    const octets = headLength + length;
    let segment = this.segments[this.current];
    if (segment === undefined || segment.end + octets > segment.bytes.length) segment = this.open(octets);
    const at = segment.end;
    segment.bytes.writeInt32LE(owner, at);
    segment.bytes.writeUInt32LE(length, at + 4);
    segment.end += octets;
    segment.live += octets;
    this.live += octets;
    this.written += octets;
    return this.current * segmentLength + at;
  }

  private at(address: Address): Segment {
    return this.segments[address >>> 16] as Segment;
  }

  private open(octets: number): Segment {
    const left = this.segments[this.current];
    if (left?.live === 0) this.drop(this.current);
    const length = Math.max(octets, segmentLength);
    const bytes = (length === segmentLength ? this.spare : undefined) ?? Buffer.allocUnsafeSlow(length);
    if (bytes === this.spare) this.spare = undefined;
    const segment = { bytes, end: 0, live: 0 };
    this.current = this.free.pop() ?? this.segments.length;
    this.segments[this.current] = segment;
    this.held += length;
    return segment;
  }

  private drop(number: number): void {
    const { bytes, end } = this.segments[number] as Segment;
    this.segments[number] = undefined;
    this.free.push(number);
    this.held -= bytes.length;
    this.written -= end;
    if (bytes.length === segmentLength) this.spare = bytes;
    if (number === this.current) this.current = -1;
  }

  /** Empties the segment with the most gaps where they are too many. */
  private tidy(): void {
    if (this.written - this.live < this.live / 3 + spareGaps) return;
    let most = 0;
    let worst = -1;
    for (const [number, segment] of this.segments.entries()) {
      if (segment === undefined || number === this.current || segment.end - segment.live <= most) continue;
      most = segment.end - segment.live;
      worst = number;
    }
    if (worst >= 0) this.empty(worst);
  }

  private empty(number: number): void {
    const segment = this.segments[number] as Segment;
    for (let at = 0; at < segment.end; ) {
      const owner = segment.bytes.readInt32LE(at);
      const length = segment.bytes.readUInt32LE(at + 4);
      if (owner !== nobody) {
        const to = this.place(owner, length);
        const from = at + headLength;
        segment.bytes.copy(this.bytesOf(to), this.start(to), from, from + length);
        this.live -= headLength + length;
        this.moved(owner, to);
      }
      at += headLength + length;
    }
    this.drop(number);
  }
}
