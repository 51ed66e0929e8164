// Which of the records in the answer section belong to the question: the name asked for and the aliases that start there.
// Others are how caches are poisoned (RFC 5452 section 6, RFC 2181 section 5.4.1). Works on the bytes; decodes nothing.

import { QueryType } from '../dns/codes.ts';
import { headerLength, sameName } from '../dns/wire.ts';

/** Aliases one after the other that are followed; a longer row counts as a loop. */
const maxAliases = 16;

/** `clean`: every record belongs. `aliasLoop`: it answers nothing. Otherwise: for each answer record whether it belongs. */
export type Belonging = 'clean' | 'aliasLoop' | readonly boolean[];

interface AnswerRecord {
  /** Offset of the owner name. */
  readonly owner: number;
  readonly type: number;
  /** Offset of the RDATA. */
  readonly rdata: number;
}

/** Looks through the answer section of a message whose every record has been checked and whose question is the one asked. */
export function inspectAnswers(message: Buffer): Belonging {
  const count = message.readUInt16BE(6);
  if (count === 0) return 'clean';
  let at = nameEnd(message, headerLength) + 4;
  const start = at;
  for (let i = 0; i < count; i++) {
    const fixed = nameEnd(message, at);
    const type = message.readUInt16BE(fixed);
    if (type === QueryType.CNAME || type === QueryType.DNAME || !sameName(message, at, headerLength))
      return inspectAliases(message, readRecords(message, start, count));
    at = fixed + 10 + message.readUInt16BE(fixed + 8);
  }
  return 'clean';
}

function readRecords(message: Buffer, start: number, count: number): AnswerRecord[] {
  const records: AnswerRecord[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const fixed = nameEnd(message, at);
    records.push({ owner: at, type: message.readUInt16BE(fixed), rdata: fixed + 10 });
    at = fixed + 10 + message.readUInt16BE(fixed + 8);
  }
  return records;
}

function inspectAliases(message: Buffer, records: readonly AnswerRecord[]): Belonging {
  const names = followAliases(message, records);
  if (names === undefined) return 'aliasLoop';
  const belongs = records.map((record) => names.some((name) => belongsTo(message, record, name)));
  return belongs.includes(false) ? belongs : 'clean';
}

/** Offsets of the name asked for and of each alias target; undefined when they come back to one of them, or are too many. */
function followAliases(message: Buffer, records: readonly AnswerRecord[]): number[] | undefined {
  const aliases = records.filter(({ type }) => type === QueryType.CNAME);
  const names = [headerLength];
  for (;;) {
    const last = names.at(-1) ?? headerLength;
    const alias = aliases.find(({ owner }) => sameName(message, owner, last));
    if (alias === undefined) return names;
    if (names.length > maxAliases || names.some((name) => sameName(message, name, alias.rdata))) return undefined;
    names.push(alias.rdata);
  }
}

/** A DNAME and its signature stand above the name they redirect (RFC 6672 section 3.1). */
function belongsTo(message: Buffer, { owner, type, rdata }: AnswerRecord, name: number): boolean {
  if (sameName(message, owner, name)) return true;
  const redirects = type === QueryType.DNAME || (type === QueryType.RRSIG && message.readUInt16BE(rdata) === QueryType.DNAME);
  if (!redirects) return false;
  for (let at = follow(message, name); message.readUInt8(at) !== 0; ) {
    at = follow(message, at + message.readUInt8(at) + 1);
    if (sameName(message, owner, at)) return true;
  }
  return false;
}

/** Where the label at `at` really stands, compression pointers followed. */
function follow(message: Buffer, at: number): number {
  let place = at;
  while (message.readUInt8(place) >= 0xc0) place = message.readUInt16BE(place) & 0x3fff;
  return place;
}

function nameEnd(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) return at + 2;
    if (length === 0) return at + 1;
    at += length + 1;
  }
}
