// Writes messages with compressed names; leaves records out, and says so, when a message must be short.
import { headerFlag } from './codes.ts';
import type { Sections } from './message.ts';
import { lowerCase, nameToWire } from './name.ts';
import { rdataNames } from './rdata.ts';
import type { ResourceRecord } from './record.ts';
import { recordSets, requiredGlue } from './truncation.ts';
import { headerLength, readUint16, writeUint16, writeUint32 } from './wire.ts';

/** A message of one reply for one name: the records behind a question, no OPT record, and where its TTLs stand. */
export interface WireForm {
  readonly bytes: Uint8Array;
  /** Octets of the question, which stands in `bytes` behind the header. */
  readonly questionLength: number;
  readonly ttls: readonly number[];
  /** Whether records had to be left out because no message holds them all. */
  readonly truncated: boolean;
  /** Octets of the message if no name were compressed; 0 until somebody asked. */
  plainLength: number;
}

/** A message as {@link writeMessage} leaves it: header word and counts filled in, id zero, no OPT record. */
export interface WrittenMessage {
  readonly bytes: Buffer;
  readonly ttls: readonly number[];
  /** Whether records were left out. */
  readonly truncated: boolean;
}

/** What {@link writeMessage} writes: the question as bytes, the flags and the records. */
export interface MessageParts {
  readonly question: Uint8Array;
  readonly flags: number;
  readonly sections: Sections;
}

/**
 * Writes a message of at most `limit` octets, names compressed (RFC 1035 section 4.1.4). Answers and authority records that do not fit are
 * left out, from the first one on, and TC is set. Of the additional section the record sets that do not fit are left out; TC is set when one of
 * them was {@link requiredGlue} (RFC 2181 section 9, RFC 9471).
 */
export function writeMessage(parts: MessageParts, limit: number): WrittenMessage {
  const writer = new Writer(parts.question, limit);
  const { answers, authorities } = parts.sections;
  const an = writer.addUntilFull(answers);
  const ns = an === answers.length ? writer.addUntilFull(authorities) : 0;
  const reachesEnd = an === answers.length && ns === authorities.length;
  const { count: ar, complete } = reachesEnd ? writeAdditionals(writer, parts) : { count: 0, complete: false };
  const bytes = writer.bytes();
  writeUint16(bytes, 2, complete ? parts.flags : parts.flags | headerFlag.truncated);
  writeUint16(bytes, 4, 1);
  writeUint16(bytes, 6, an);
  writeUint16(bytes, 8, ns);
  writeUint16(bytes, 10, ar);
  return { bytes, ttls: writer.ttls, truncated: !complete };
}

/** Writes what fits of the additional section: record sets are written whole or not at all, required glue first. */
function writeAdditionals(writer: Writer, parts: MessageParts): { readonly count: number; readonly complete: boolean } {
  const { additionals } = parts.sections;
  if (writer.addSet(additionals)) return { count: additionals.length, complete: true };
  const isRequired = requiredGlue(typeOf(parts.question), parts.sections);
  const sets = recordSets(additionals);
  const required = sets.filter(isRequired);
  const others = sets.filter((set) => !isRequired(set));
  const written = [...required, ...others].filter((set) => writer.addSet(set));
  const count = written.reduce((sum, set) => sum + set.length, 0);
  return { count, complete: required.every((set) => written.includes(set)) };
}

function typeOf(question: Uint8Array): number {
  return readUint16(question, question.length - 4);
}

/** Compression pointers have 14 bits. */
const maxPointer = 0x3fff;

class Writer {
  readonly ttls: number[] = [];
  private out: Buffer;
  private at: number;
  private readonly limit: number;
  /** Where each name suffix (lower-case wire form as latin1) already stands, in the order of their places. */
  private readonly suffixes = new Map<string, number>();

  constructor(question: Uint8Array, limit: number) {
    this.limit = limit;
    this.out = Buffer.alloc(Math.min(limit, 512) + question.length);
    this.at = headerLength;
    this.writeName(question.subarray(0, question.length - 4));
    this.copy(question.subarray(question.length - 4));
  }

  bytes(): Buffer {
    return this.out.subarray(0, this.at);
  }

  /** Adds records up to the first that does not fit. Returns how many that were. */
  addUntilFull(records: readonly ResourceRecord[]): number {
    for (const [i, record] of records.entries()) {
      const start = this.at;
      if (this.add(record)) continue;
      this.takeBack(start);
      return i;
    }
    return records.length;
  }

  /** Adds all these records, or none when they do not fit. */
  addSet(records: readonly ResourceRecord[]): boolean {
    const start = this.at;
    if (records.every((record) => this.add(record))) return true;
    this.takeBack(start);
    return false;
  }

  private add(record: ResourceRecord): boolean {
    const owner = nameToWire(record.name);
    this.reserve(owner.length + 10 + record.rdata.length);
    this.writeName(owner);
    writeUint16(this.out, this.at, record.typeCode);
    writeUint16(this.out, this.at + 2, record.classCode);
    writeUint32(this.out, this.at + 4, record.ttl);
    const ttlAt = this.at + 4;
    const lengthAt = this.at + 8;
    this.at += 10;
    this.writeRdata(record);
    writeUint16(this.out, lengthAt, this.at - lengthAt - 2);
    this.ttls.push(ttlAt);
    return this.at <= this.limit;
  }

  /** Forgets what was written from `start` on. */
  private takeBack(start: number): void {
    this.at = start;
    while ((this.ttls.at(-1) ?? 0) > start) this.ttls.pop();
    for (const [suffix, at] of this.suffixes) if (at >= start) this.suffixes.delete(suffix);
  }

  private writeRdata(record: ResourceRecord): void {
    const { typeCode, rdata } = record;
    let copied = 0;
    for (const name of rdataNames(typeCode, rdata, 0, rdata.length)) {
      if (!name.compressible) continue;
      this.copy(rdata.subarray(copied, name.at));
      this.writeName(rdata.subarray(name.at, name.end));
      copied = name.end;
    }
    this.copy(rdata.subarray(copied));
  }

  private copy(bytes: Uint8Array): void {
    this.out.set(bytes, this.at);
    this.at += bytes.length;
  }

  private writeName(name: Uint8Array): void {
    const key = suffixKey(name);
    let at = 0;
    while (name[at] !== 0) {
      const pointer = this.suffixes.get(key.slice(at));
      if (pointer !== undefined) {
        this.copy(name.subarray(0, at));
        writeUint16(this.out, this.at, 0xc000 | pointer);
        this.at += 2;
        return;
      }
      if (this.at + at <= maxPointer) this.suffixes.set(key.slice(at), this.at + at);
      at += (name[at] as number) + 1;
    }
    this.copy(name);
  }

  private reserve(length: number): void {
    if (this.at + length <= this.out.length) return;
    const grown = Buffer.alloc(Math.max(this.out.length * 2, this.at + length));
    grown.set(this.out.subarray(0, this.at));
    this.out = grown;
  }
}

/** A key of which the tail from each label on is the key of that suffix. */
function suffixKey(name: Uint8Array): string {
  let key = '';
  for (const byte of name) key += String.fromCharCode(lowerCase[byte] as number);
  return key;
}
