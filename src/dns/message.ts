// Reads the records of a message.
import { maxTtl, QueryType } from './codes.ts';
import { type Option, readOptions } from './edns.ts';
import { nameFromWire } from './name.ts';
import { expandRdata, rdataNames } from './rdata.ts';
import { ResourceRecord } from './record.ts';
import { expandName, FormatError, headerLength, nameLength, readUint16, readUint32, skipName } from './wire.ts';

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
