// A record set has each record once (RFC 2181 section 5): finds what says the same twice, and leaves it out.
import { QueryType } from './codes.ts';
import type { Layout, Sections } from './message.ts';
import { rdataNames } from './rdata.ts';
import type { ResourceRecord } from './record.ts';
import { readUint16, sameName } from './wire.ts';

/** Up to so many records each is compared with each: most sections have a few, and nothing is made for them. */
const fewRecords = 16;
/** The same where they are bytes of a message. */
const fewOnWire = 64;
/** Records that a zone transfer has at least: its SOA record, the NS records, and a SOA record again (RFC 5936 section 2.2, RFC 1995 section 4). */
const leastOfTransfer = 3;

/** The records without those that say the same as one before them; of their TTLs the lowest counts. The same array when there are none. */
function withoutRepeats(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  if (records.length < 2 || !(records.length > fewRecords || records.some((each, i) => isAmong(each, records, i)))) return records;
  const distinct = new Map<string, ResourceRecord>();
  for (const each of records) {
    const key = keyOf(each);
    const known = distinct.get(key);
    if (known === undefined) distinct.set(key, each);
    else if (each.ttl < known.ttl) distinct.set(key, known.with({ ttl: each.ttl }));
  }
  return distinct.size === records.length ? records : [...distinct.values()];
}

/** As {@link withoutRepeats} for an answer section, which may be a zone transfer and is left as it is then. */
function withoutRepeatedAnswers(answers: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const isTransfer =
    answers.length >= leastOfTransfer &&
    answers[0]?.typeCode === QueryType.SOA &&
    answers.slice(1).some(({ typeCode }) => typeCode === QueryType.SOA);
  return isTransfer ? answers : withoutRepeats(answers);
}

/** The sections of a reply after a change, each record once. */
export function changedSections(before: Sections, change: Partial<Sections>): Sections {
  return {
    answers: change.answers === undefined ? before.answers : withoutRepeatedAnswers(change.answers),
    authorities: change.authorities === undefined ? before.authorities : withoutRepeats(change.authorities),
    additionals: change.additionals === undefined ? before.additionals : withoutRepeats(change.additionals),
  };
}

/** Whether a section of a message that was checked and has this layout may have records that say the same: of one with many records that is not looked into. */
export function hasRepeats(message: Uint8Array, { records, ttls, counts }: Layout): boolean {
  const wire: WireRecords = { message, records, ttls };
  let start = 0;
  for (let section = 0; section < counts.length; section++) {
    const count = counts[section] as number;
    const end = start + count;
    const isExempt = count < 2 || (section === 0 && isTransfer(wire, start, end));
    if (!isExempt && (count > fewOnWire || hasPair(wire, start, end))) return true;
    start = end;
  }
  return false;
}

/** Owner and RDATA stand before and behind each TTL. */
interface WireRecords extends Pick<Layout, 'records' | 'ttls'> {
  readonly message: Uint8Array;
}

function isTransfer(wire: WireRecords, start: number, end: number): boolean {
  if (end - start < leastOfTransfer || typeAt(wire, start) !== QueryType.SOA) return false;
  for (let i = start + 1; i < end; i++) if (typeAt(wire, i) === QueryType.SOA) return true;
  return false;
}

function hasPair(wire: WireRecords, start: number, end: number): boolean {
  for (let i = start + 1; i < end; i++) {
    for (let j = start; j < i; j++) if (saySame(wire, i, j)) return true;
  }
  return false;
}

function saySame(wire: WireRecords, one: number, other: number): boolean {
  const { message, records } = wire;
  if (typeAt(wire, one) !== typeAt(wire, other) || !sameData(wire, one, other)) return false;
  const owners = [records[one] as number, records[other] as number] as const;
  return classAt(wire, one) === classAt(wire, other) && sameName(message, ...owners);
}

function sameData(wire: WireRecords, one: number, other: number): boolean {
  const { message } = wire;
  const [a, aEnd] = dataAt(wire, one);
  const [b, bEnd] = dataAt(wire, other);
  const type = typeAt(wire, one);
  const names = rdataNames(type, message, a, aEnd);
  if (names.length === 0) return sameBytes(message, { a, aEnd, b, bEnd });
  const others = rdataNames(type, message, b, bEnd);
  let [from, fromOther] = [a, b];
  for (const [i, name] of names.entries()) {
    const its = others[i];
    if (its === undefined || !sameBytes(message, { a: from, aEnd: name.at, b: fromOther, bEnd: its.at })) return false;
    if (!sameName(message, name.at, its.at)) return false;
    [from, fromOther] = [name.end, its.end];
  }
  return sameBytes(message, { a: from, aEnd, b: fromOther, bEnd });
}

function sameBytes(message: Uint8Array, { a, aEnd, b, bEnd }: { a: number; aEnd: number; b: number; bEnd: number }): boolean {
  if (aEnd - a !== bEnd - b) return false;
  for (let i = 0; i < aEnd - a; i++) if (message[a + i] !== message[b + i]) return false;
  return true;
}

function typeAt({ message, ttls }: WireRecords, index: number): number {
  return readUint16(message, (ttls[index] as number) - 4);
}

function classAt({ message, ttls }: WireRecords, index: number): number {
  return readUint16(message, (ttls[index] as number) - 2);
}

function dataAt({ message, ttls }: WireRecords, index: number): readonly [start: number, end: number] {
  const start = (ttls[index] as number) + 6;
  return [start, start + readUint16(message, start - 2)];
}

function isAmong(record: ResourceRecord, records: readonly ResourceRecord[], before: number): boolean {
  for (let i = 0; i < before; i++) if (isSame(record, records[i] as ResourceRecord)) return true;
  return false;
}

function isSame(a: ResourceRecord, b: ResourceRecord): boolean {
  if (a.typeCode !== b.typeCode || a.classCode !== b.classCode || a.rdata.length !== b.rdata.length) return false;
  if (Buffer.compare(a.rdata, b.rdata) !== 0 && comparable(a) !== comparable(b)) return false;
  return a.name === b.name || a.name.toLowerCase() === b.name.toLowerCase();
}

function keyOf(record: ResourceRecord): string {
  return `${record.name.toLowerCase()} ${record.typeCode} ${record.classCode} ${comparable(record)}`;
}

/** The RDATA as text, its names in lower case: names compare without case in data, too (RFC 4343 section 3). */
function comparable({ typeCode, rdata }: ResourceRecord): string {
  const text = Buffer.from(rdata.buffer, rdata.byteOffset, rdata.length).toString('latin1');
  let folded = '';
  let done = 0;
  for (const { at, end } of rdataNames(typeCode, rdata, 0, rdata.length)) {
    folded += text.slice(done, at) + lowerCase(text.slice(at, end));
    done = end;
  }
  return folded + text.slice(done);
}

/** Only the letters of ASCII; the octets that count the labels are lower than these. */
function lowerCase(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
