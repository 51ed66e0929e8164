// Judges a message by its header and question before anything is made of it, so that a hostile one costs microseconds.

import type { Client } from './client.ts';
import { isClientSubnet } from './client-subnet.ts';
import { EdnsOption, headerFlag, Opcode, QueryType } from './codes.ts';
import { hashName } from './name.ts';
import { Query } from './query.ts';
import { headerLength, readUint16, skipName } from './wire.ts';

/** What becomes of a message that is no query to answer: silence, or a header with this response code. */
export const verdict = { ignore: 0, formatError: 1, notImplemented: 4, refused: 5 } as const;
export type Verdict = (typeof verdict)[keyof typeof verdict];

/**
 * Makes a query of a message that is a QUERY or a NOTIFY, or says why not. Checks the header first (a response is dropped: RFC 5625 section 4.1, CVE-2024-2169), then
 * the one question (RFC 9619), then walks over the records behind it; nothing is allocated by what the header's counts claim.
 */
export function readQuery(wire: Uint8Array, start: number, end: number, client: Client, at: number): Query | Verdict {
  if (end - start < headerLength) return verdict.ignore;
  const flags = readUint16(wire, start + 2);
  if ((flags & headerFlag.response) !== 0) return verdict.ignore;
  const opcode = (flags & headerFlag.opcode) >>> 11;
  if (opcode !== Opcode.QUERY && opcode !== Opcode.NOTIFY) return verdict.notImplemented;
  const records = countRecords(wire, start);
  if (readUint16(wire, start + 4) !== 1 || records === -1) return verdict.formatError;

  const offset = endOfLabels(wire, start + headerLength, end);
  if (offset === -1) return verdict.formatError;
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
    nameHash: hashName(wire, start + headerLength, offset + 1),
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

/** How many records the header claims; -1 when a query has no use for so many. */
function countRecords(wire: Uint8Array, start: number): number {
  const answers = readUint16(wire, start + 6);
  const authorities = readUint16(wire, start + 8);
  const additionals = readUint16(wire, start + 10);
  return answers > 1 || authorities > 1 || additionals > 2 ? -1 : answers + authorities + additionals;
}

/** The offset of the zero that ends the question's name, -1 without one. A pointer there has nothing to point back to. */
function endOfLabels(wire: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const length = wire[at] as number;
    if (length === 0) return at;
    if (length > 63) return -1;
    at += length + 1;
  }
  return -1;
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
  // Compression pointers count from the start of the message.
  const message = start === 0 ? wire : wire.subarray(start, end);
  const records = answers + authorities + additionals;
  let at = from - start;
  let opt: Opt | undefined;
  for (let i = 0; i < records; i++) {
    const record = readRecord(message, { at, end: end - start, last: i === records - 1 });
    if (record === undefined) return undefined;
    if (record.type === QueryType.OPT) {
      // There is one, in the additional section, and its owner is the root (RFC 6891 section 6.1).
      if (opt !== undefined || i < answers + authorities || record.fixed !== at + 1) return undefined;
      opt = readOpt(message, record.fixed, record.end, start);
      if (opt === undefined) return undefined;
    }
    at = record.end;
  }
  return opt ?? noOpt;
}

interface RecordPlace {
  readonly at: number;
  /** Where the message ends. */
  readonly end: number;
  /** Whether the header counts no further record. */
  readonly last: boolean;
}

/** A record: its type, the offset of its fixed part, and its end; undefined when it is malformed. */
function readRecord(message: Uint8Array, place: RecordPlace): { readonly type: number; readonly fixed: number; readonly end: number } | undefined {
  const { at, end, last } = place;
  const fixed = skipName(message, at, end);
  if (fixed === -1 || fixed + 10 > end) return undefined;
  const type = readUint16(message, fixed);
  const recordEnd = fixed + 10 + readUint16(message, fixed + 8);
  // A transaction signature is the last record of its message (RFC 8945 section 5.1).
  if (recordEnd > end || (type === QueryType.TSIG && !last)) return undefined;
  return { type, fixed, end: recordEnd };
}

/** The OPT record whose fixed part is at `at`; undefined when an option runs over its end, or is no client subnet that says it is one. */
function readOpt(message: Uint8Array, at: number, end: number, shift: number): Opt | undefined {
  let option = at + 10;
  while (option < end) {
    if (option + 4 > end) return undefined;
    const next = option + 4 + readUint16(message, option + 2);
    if (next > end) return undefined;
    if (readUint16(message, option) === EdnsOption.CLIENT_SUBNET && !isClientSubnet(message, option + 4, next - option - 4)) return undefined;
    option = next;
  }
  return {
    udpSize: readUint16(message, at + 2),
    version: message[at + 5] as number,
    dnssecOk: ((message[at + 6] as number) & 0x80) !== 0,
    optionsStart: at + 10 + shift,
    optionsEnd: end + shift,
  };
}
