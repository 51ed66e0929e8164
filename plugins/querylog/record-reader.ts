// Reads the record of an event: single fields for who looks for some, all of them as an object for who shows it.
import type { CacheOutcome, QueryEvent } from 'ferrydns/built-in';
import { className, type Name, nameFromWire, rcodeName, type Transport, typeName } from 'ferrydns/plugin';
import { noRcode, noTtl } from './answered.ts';
import { type ClientForm, clientText } from './client-form.ts';
import { separator, wordsFor } from './origins.ts';
import { type Area, codesLength, foundBit, outcomes, place, transports } from './record.ts';

/** What several plugins told together. */
interface Told {
  readonly upstream: string;
  readonly plan: string;
  readonly phase: string;
  readonly member: string;
}

/** Looks at one record of an area after another. */
export class RecordReader {
  readonly area: Area;
  private at = 0;
  private other: RecordReader | undefined = undefined;

  constructor(area: Area) {
    this.area = area;
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
    return this.area.doubles[(this.at + place.time) >> 1] as number;
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
    return clientText(this.clientForm, this.area.words, this.at + place.client);
  }

  /** One of the four words of the client. */
  clientWord(index: number): number {
    return this.wordAt(place.client + index);
  }

  get name(): Name {
    return nameFromWire(this.area.bytes, this.nameStart, true) as Name;
  }

  /** The first octet of the name in the bytes of the area, uncompressed and in the letter case of the asker. */
  get nameStart(): number {
    return (this.at + place.origin + wordsFor(this.originLength)) * 4;
  }

  get nameLength(): number {
    return this.wordAt(place.size) >>> 16;
  }

  /** The hash of the name, by the process that keeps the record. */
  get nameHash(): number {
    return this.wordAt(place.nameHash) | 0;
  }

  get origin(): Pick<QueryEvent, 'server' | 'zone' | 'view' | 'plugin'> {
    const [server = '', zone = '', view = '', plugin = ''] = this.texts((this.at + place.origin) * 4, this.originLength);
    return { server, zone, view, plugin };
  }

  get told(): Told {
    const start = this.nameStart + this.nameLength + codesLength;
    const [upstream = '', plan = '', phase = '', member = ''] = this.texts(start, this.wordAt(place.texts) & 0xffff);
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

  /** Octets of the origin's texts. */
  private get originLength(): number {
    return this.wordAt(place.texts) >>> 16;
  }

  private texts(start: number, length: number): string[] {
    if (length === 0) return [];
    return this.area.bytes.toString('utf8', start, start + length).split(separator);
  }

  private wordAt(index: number): number {
    return this.area.words[this.at + index] as number;
  }
}
