// Reads the record of an event: single fields for who looks for some, all of them as an object for who shows it.
import type { CacheOutcome, QueryEvent } from 'ferrydns/built-in';
import { className, type Name, nameFromWire, rcodeName, type Transport, typeName } from 'ferrydns/plugin';
import { noRcode, noTtl } from './answered.ts';
import { type ClientForm, clientText } from './client-form.ts';
import { type Origin, originAt } from './origins.ts';
import { type Area, codesLength, foundBit, outcomes, place, separator, transports } from './record.ts';

/** What several plugins told together. */
interface Told {
  readonly upstream: string;
  readonly plan: string;
  readonly phase: string;
  readonly member: string;
}

/** Looks at one record of an area after another. */
export class RecordReader {
  /** The octets of the area. */
  readonly bytes: Buffer;
  private readonly area: Area;
  private readonly words: Uint32Array;
  private readonly doubles: Float64Array;
  private at = 0;
  private other: RecordReader | undefined = undefined;

  constructor(area: Area) {
    this.area = area;
    this.bytes = area.bytes;
    this.words = area.words;
    this.doubles = area.doubles;
  }

  /** Goes to the record that begins at this word. */
  look(at: number): this {
    this.at = at;
    return this;
  }

  /** The record that begins at another word; to be used before the next call. */
  another(at: number): RecordReader {
    this.other ??= new RecordReader(this.area);
    return this.other.look(at);
  }

  get time(): number {
    return this.doubles[(this.at + place.time) >> 1] as number;
  }

  get typeCode(): number {
    return this.wordAt(place.question) >>> 16;
  }

  get classCode(): number {
    return this.wordAt(place.question) & 0xffff;
  }

  /** {@link noRcode} where nothing was sent. */
  get rcode(): number {
    return this.wordAt(place.outcome) >>> 16;
  }

  get transport(): Transport {
    return transports[this.wordAt(place.kind) & 0xf] ?? 'udp';
  }

  get cache(): CacheOutcome | undefined {
    return outcomes[(this.wordAt(place.kind) >>> 8) & 0xf];
  }

  /** Whether there were records in the answer section. */
  get found(): boolean {
    return (this.wordAt(place.kind) & foundBit) !== 0;
  }

  /** Milliseconds. */
  get duration(): number {
    return this.wordAt(place.duration) / 1000;
  }

  get clientForm(): ClientForm {
    return ((this.wordAt(place.kind) >>> 4) & 0xf) as ClientForm;
  }

  get client(): string {
    return clientText(this.clientForm, this.words, this.at + place.client);
  }

  /** One of the four words of the client. */
  clientWord(index: number): number {
    return this.wordAt(place.client + index);
  }

  get name(): Name {
    return nameFromWire(this.bytes, this.nameStart, true) as Name;
  }

  /** The first octet of the name in the bytes of the area, uncompressed and in the letter case of the asker. */
  get nameStart(): number {
    return (this.at + place.end) * 4;
  }

  get nameLength(): number {
    return this.wordAt(place.size) >>> 16;
  }

  /** The hash of the name, by the process that keeps the record. */
  get nameHash(): number {
    return this.wordAt(place.nameHash) | 0;
  }

  get origin(): Origin {
    return originAt(this.wordAt(place.origin) & 0xffff);
  }

  get told(): Told {
    const start = this.nameStart + this.nameLength + codesLength;
    const length = this.wordAt(place.origin) >>> 16;
    const [upstream = '', plan = '', phase = '', member = ''] =
      length === 0 ? [] : this.bytes.toString('utf8', start, start + length).split(separator);
    return { upstream, plan, phase, member };
  }

  event(): QueryEvent {
    const { rcode, told } = this;
    const ttl = this.wordAt(place.ttl);
    const octets = this.wordAt(place.octets);
    const error = (this.wordAt(place.outcome) & 0xffff) - 1;
    return {
      time: new Date(this.time).toISOString(),
      client: this.client,
      transport: this.transport,
      name: this.name,
      type: typeName(this.typeCode),
      class: className(this.classCode),
      rcode: rcode === noRcode ? null : rcodeName(rcode),
      ttl: ttl === noTtl ? null : ttl,
      size: octets >>> 16,
      sent: octets & 0xffff,
      duration: this.wordAt(place.duration) / 1e6,
      ...this.origin,
      cache: this.cache ?? null,
      upstream: told.upstream || null,
      plan: told.plan || null,
      phase: told.phase || null,
      member: told.member || null,
      error: error === -1 ? null : error,
    };
  }

  private wordAt(index: number): number {
    return this.words[this.at + index] as number;
  }
}
