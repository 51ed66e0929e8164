// Reads the records of a message and writes messages with compressed names, cut at a record border when they must be short.
import { flag, QueryType } from './codes.ts';
import { type Option, readOptions } from './edns.ts';
import { lowerCase, nameFromWire, nameToWire } from './name.ts';
import { expandRdata, rdataNames } from './rdata.ts';
import { maxTtl, ResourceRecord } from './record.ts';
import { expandName, FormatError, headerLength, nameLength, readUint16, readUint32, skipName, writeUint16, writeUint32 } from './wire.ts';

/** The records of a message by section. */
export interface Sections {
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

/** Where things stand in the bytes of a message whose every record has been checked. */
export interface Layout {
  /** Offset of the first record. */
  readonly recordsStart: number;
  /** Offset behind the last record that is not OPT; the bytes behind it belong to OPT or to nobody. */
  readonly recordsEnd: number;
  /** Offset of each record that is not OPT, in order. */
  readonly records: readonly number[];
  /** Offset of the TTL of each of them. */
  readonly ttls: readonly number[];
  /** Records in each section, OPT not counted. */
  readonly counts: readonly [answers: number, authorities: number, additionals: number];
  readonly opt: OptRecord | undefined;
  /** False when a record follows OPT, so that the bytes cannot be used without it. */
  readonly optIsLast: boolean;
}

/** What the OPT record of a reply says. */
interface OptRecord {
  readonly udpSize: number;
  readonly extendedRcode: number;
  readonly version: number;
  readonly options: readonly Option[];
}

const scratch: readonly [records: number[], ttls: number[]] = [[], []];

/**
 * Checks every record of a message with one question: names, lengths, RDATA of the known types. Throws a {@link FormatError}
 * at the first that is malformed, so that no byte that was not understood is passed on (RFC 9267).
 */
export function layOut(message: Uint8Array): Layout {
  const nameEnd = skipName(message, headerLength, message.length);
  if (readUint16(message, 4) !== 1 || nameEnd === -1 || nameEnd + 4 > message.length) throw new FormatError('no question');
  const [answers, authorities, claimed] = [readUint16(message, 6), readUint16(message, 8), readUint16(message, 10)];
  let additionals = claimed;
  // Filled in arrays that are used again and then copied: those that are kept, for each cached reply, are no longer than they must be.
  const [records, ttls] = scratch;
  let found = 0;
  let opt: OptRecord | undefined;
  let optIsLast = true;
  let at = nameEnd + 4;
  let recordsEnd = at;
  for (let i = 0; i < answers + authorities + claimed; i++) {
    const fixed = skipName(message, at, message.length);
    if (fixed === -1 || fixed + 10 > message.length) throw new FormatError('record is cut short');
    const end = fixed + 10 + readUint16(message, fixed + 8);
    if (end > message.length) throw new FormatError('RDATA is cut short');
    const type = readUint16(message, fixed);
    if (type === QueryType.OPT) {
      if (opt !== undefined || i < answers + authorities) throw new FormatError('OPT record out of place');
      opt = readOptRecord(message, fixed, end);
      additionals--;
    } else {
      rdataNames(type, message, fixed + 10, end);
      records[found] = at;
      ttls[found] = fixed + 4;
      found++;
      optIsLast = opt === undefined;
      recordsEnd = end;
    }
    at = end;
  }
  const counts = [answers, authorities, additionals] as const;
  return { recordsStart: nameEnd + 4, recordsEnd, records: records.slice(0, found), ttls: ttls.slice(0, found), counts, opt, optIsLast };
}

function readOptRecord(message: Uint8Array, at: number, end: number): OptRecord {
  return {
    udpSize: readUint16(message, at + 2),
    extendedRcode: message[at + 4] as number,
    version: message[at + 5] as number,
    options: readOptions(message, at + 10, end),
  };
}

/** The records at the offsets of a {@link Layout}, their names expanded. */
export function readSections(message: Uint8Array, layout: Layout): Sections {
  const records = layout.records.map((at) => readRecord(message, at));
  const [answers, authorities] = layout.counts;
  return {
    answers: records.slice(0, answers),
    authorities: records.slice(answers, answers + authorities),
    additionals: records.slice(answers + authorities),
  };
}

function readRecord(message: Uint8Array, at: number): ResourceRecord {
  const fixed = skipName(message, at, message.length);
  const type = readUint16(message, fixed);
  const ttl = readUint32(message, fixed + 4);
  const rdataStart = fixed + 10;
  return new ResourceRecord({
    name: nameFromWire(expandName(message, at), 0),
    typeCode: type,
    classCode: readUint16(message, fixed + 2),
    ttl: ttl > maxTtl ? 0 : ttl,
    rdata: expandRdata(type, message, rdataStart, rdataStart + readUint16(message, fixed + 8)),
  });
}

/** Octets of a checked message without OPT record if no name in it were compressed. */
export function plainLength(message: Uint8Array): number {
  const nameEnd = skipName(message, headerLength, message.length);
  const count = readUint16(message, 6) + readUint16(message, 8) + readUint16(message, 10);
  let length = nameEnd + 4;
  let at = length;
  for (let i = 0; i < count; i++) {
    const fixed = skipName(message, at, message.length);
    const rdata = fixed + 10;
    const end = rdata + readUint16(message, fixed + 8);
    length += nameLength(message, at) + end - fixed;
    for (const name of rdataNames(readUint16(message, fixed), message, rdata, end)) {
      length += nameLength(message, name.at) - (name.end - name.at);
    }
    at = end;
  }
  return length;
}

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
 * Writes a message of at most `limit` octets, names compressed (RFC 1035 section 4.1.4). Records that do not fit are left out whole, from
 * the first one that does not fit on, and the TC bit is set (RFC 2181 section 9).
 */
export function writeMessage(parts: MessageParts, limit: number): WrittenMessage {
  const writer = new Writer(parts.question, limit);
  const { answers, authorities, additionals } = parts.sections;
  const counts = [answers, authorities, additionals].map((section) => {
    const written = section.findIndex((record) => !writer.add(record));
    return written === -1 ? section.length : written;
  });
  const [an = 0, ns = 0, ar = 0] = counts;
  const bytes = writer.bytes();
  writeUint16(bytes, 2, writer.full ? parts.flags | flag.truncated : parts.flags);
  writeUint16(bytes, 4, 1);
  writeUint16(bytes, 6, an);
  writeUint16(bytes, 8, ns);
  writeUint16(bytes, 10, ar);
  return { bytes, ttls: writer.ttls, truncated: writer.full };
}

/** Compression pointers have 14 bits. */
const maxPointer = 0x3fff;

class Writer {
  readonly ttls: number[] = [];
  full = false;
  private out: Buffer;
  private at: number;
  private readonly limit: number;
  /** Where each name suffix (lower-case wire form as latin1) already stands. */
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

  /** Adds a record, or nothing when it does not fit or one before it did not. */
  add(record: ResourceRecord): boolean {
    if (this.full) return false;
    const start = this.at;
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
    if (this.at <= this.limit) {
      this.ttls.push(ttlAt);
      return true;
    }
    this.at = start;
    this.full = true;
    return false;
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
