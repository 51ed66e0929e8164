// Judges a message by its header and question before anything is made of it, so that a hostile one costs microseconds.
import { flag, Opcode, QueryType } from './codes.ts';
import { type Client, hashStart, hashStep, Query } from './query.ts';
import { headerLength, readUint16, skipName } from './wire.ts';

/** What becomes of a message that is no query to answer: silence, or a header with this response code. */
export const verdict = { drop: -1, formatError: 1, notImplemented: 4, refused: 5 } as const;
export type Verdict = (typeof verdict)[keyof typeof verdict];

/**
 * Makes a query of a message, or says why not. Checks the header first (a response is dropped: RFC 5625 section 4.1, CVE-2024-2169), then
 * the one question (RFC 9619), then walks over the records behind it; nothing is allocated by what the header's counts claim.
 */
export function readQuery(wire: Uint8Array, start: number, end: number, client: Client, at: number): Query | Verdict {
  if (end - start < headerLength) return verdict.drop;
  const flags = readUint16(wire, start + 2);
  if ((flags & flag.response) !== 0) return verdict.drop;
  const opcode = (flags & flag.opcode) >>> 11;
  if (opcode !== Opcode.QUERY) return opcode === Opcode.NOTIFY ? verdict.refused : verdict.notImplemented;
  const records = readUint16(wire, start + 6) + readUint16(wire, start + 8) + readUint16(wire, start + 10);
  if (readUint16(wire, start + 4) !== 1 || records > 4) return verdict.formatError;

  let hash = hashStart;
  let offset = start + headerLength;
  for (;;) {
    if (offset >= end) return verdict.formatError;
    const length = wire[offset] as number;
    hash = hashStep(hash, length);
    if (length === 0) break;
    // A question is the first thing in a message: a pointer there has nothing to point back to.
    if (length > 63 || offset + length >= end) return verdict.formatError;
    for (let i = offset + 1; i <= offset + length; i++) hash = hashStep(hash, wire[i] as number);
    offset += length + 1;
  }
  const nameLength = offset + 1 - start - headerLength;
  const behind = offset + 5;
  if (nameLength > 255 || behind > end) return verdict.formatError;
  const typeCode = readUint16(wire, offset + 1);
  if (typeCode === QueryType.OPT || typeCode === QueryType.TSIG || typeCode === QueryType.TKEY) return verdict.formatError;
  const opt = records === 0 ? noOpt : findOpt(wire, start, behind, end);
  if (opt === undefined) return verdict.formatError;
  return new Query({
    wire,
    start,
    nameLength,
    nameHash: hash,
    typeCode,
    classCode: readUint16(wire, offset + 3),
    flags,
    edns: opt !== noOpt,
    advertisedSize: opt.udpSize,
    ednsVersion: opt.version,
    dnssecOk: opt.dnssecOk,
    optionsStart: opt.optionsStart,
    optionsEnd: opt.optionsEnd,
    client,
    receivedAt: at,
  });
}

interface Opt {
  readonly udpSize: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly optionsStart: number;
  readonly optionsEnd: number;
}

const noOpt: Opt = { udpSize: 512, version: 0, dnssecOk: false, optionsStart: 0, optionsEnd: 0 };

/** The OPT record among the records of a query, {@link noOpt} when there is none, undefined when a record is malformed or out of place. */
function findOpt(wire: Uint8Array, start: number, from: number, end: number): Opt | undefined {
  const answers = readUint16(wire, start + 6);
  const authorities = readUint16(wire, start + 8);
  const additionals = readUint16(wire, start + 10);
  if (answers > 1 || authorities > 1 || additionals > 2) return undefined;
  // Compression pointers count from the start of the message.
  const message = start === 0 ? wire : wire.subarray(start, end);
  let at = from - start;
  let opt: Opt | undefined;
  for (let i = 0; i < answers + authorities + additionals; i++) {
    const nameEnd = skipName(message, at, end - start);
    if (nameEnd === -1 || nameEnd + 10 > end - start) return undefined;
    const type = readUint16(message, nameEnd);
    const recordEnd = nameEnd + 10 + readUint16(message, nameEnd + 8);
    if (recordEnd > end - start) return undefined;
    // A transaction signature is the last record of its message (RFC 8945 section 5.1).
    if (type === QueryType.TSIG && i !== answers + authorities + additionals - 1) return undefined;
    if (type === QueryType.OPT) {
      if (opt !== undefined || i < answers + authorities || nameEnd !== at + 1) return undefined;
      opt = readOpt(message, nameEnd, recordEnd, start);
      if (opt === undefined) return undefined;
    }
    at = recordEnd;
  }
  return opt ?? noOpt;
}

/** The OPT record whose fixed part is at `at`; undefined when an option runs over its end. */
function readOpt(message: Uint8Array, at: number, end: number, shift: number): Opt | undefined {
  let option = at + 10;
  while (option < end) {
    if (option + 4 > end) return undefined;
    option += 4 + readUint16(message, option + 2);
  }
  if (option !== end) return undefined;
  return {
    udpSize: readUint16(message, at + 2),
    version: message[at + 5] as number,
    dnssecOk: ((message[at + 6] as number) & 0x80) !== 0,
    optionsStart: at + 10 + shift,
    optionsEnd: end + shift,
  };
}
