// An entry as bytes and back: the message as it would be sent, and behind it what few entries have, EDNS options and the name of a wildcard.
import { maxTtl } from 'ferrydns/built-in';
import { headerLength, type Option, type Query, Reply } from 'ferrydns/plugin';
import { Entry, type EntryFields } from './entry.ts';
import { nameNetwork } from './key.ts';

/** Octets at the end of a piece that has more than a message: the length of the wildcard's name, and that of the message. */
const tailLength = 4;
const noOptions: readonly Option[] = [];

/** Bits of an entry's traits: its kind, what it is, and above {@link demandsShift} the demands that it is kept by. */
const kinds: readonly EntryFields['kind'][] = ['success', 'referral', 'denial', 'failure'];
const KIND = 3;
const ANSWERING = 4;
const FOR_EVERYBODY = 8;
const HAS_MORE = 16;
const demandsShift = 5;

/** What is written of an entry. */
export interface Packed {
  readonly message: Uint8Array;
  /** Where the TTLs of the message stand. */
  readonly ttls: readonly number[];
  readonly more: Buffer | undefined;
  readonly length: number;
  readonly traits: number;
}

/** What an entry about this question comes to; undefined for one that no message can hold. */
export function pack(entry: Entry, query: Query): Packed | undefined {
  const { bytes: message, ttls, truncated } = entry.reply.formFor(query);
  if (truncated) return undefined;
  const more = moreOf(entry, message.length);
  const traits =
    kinds.indexOf(entry.kind) |
    (entry.answering ? ANSWERING : 0) |
    (entry.forEverybody ? FOR_EVERYBODY : 0) |
    (more === undefined ? 0 : HAS_MORE) |
    (entry.demands << demandsShift);
  return { message, ttls, more, length: message.length + (more?.length ?? 0), traits };
}

/** Writes it at `start`, with the entry's flags, response code and TTL. */
export function write({ message, ttls, more }: Packed, { reply, ttl }: Entry, out: Buffer, start: number): void {
  out.set(message, start);
  out.writeUInt16BE(reply.flags | reply.rcodeNumber, start + 2);
  for (const at of ttls) out.writeUInt32BE(Math.min(ttl, maxTtl), start + at);
  if (more !== undefined) out.set(more, start + message.length);
}

/** Whether what stands at `start` answers this question with these demands: keys are hashes, so two questions may share one. */
export function answers(bytes: Buffer, start: number, traits: number, query: Query, kept: number, demands: number): boolean {
  if (traits >>> demandsShift !== kept || ((traits & FOR_EVERYBODY) === 0 && nameNetwork(demands))) return false;
  if (!query.asksFor(bytes, start + headerLength)) return false;
  const type = start + headerLength + query.nameLength;
  return uint16(bytes, type) === query.typeCode && uint16(bytes, type + 2) === query.classCode;
}

/** The entry that stands in `bytes` from `start` to `end`. */
export function unpack(bytes: Buffer, start: number, end: number, { traits, ttl, stored }: { traits: number; ttl: number; stored: number }): Entry {
  const hasMore = (traits & HAS_MORE) !== 0;
  const length = hasMore ? bytes.readUInt16BE(end - 2) : end - start;
  // Its own memory: what stands in the segment may move, and a slice of Node's pool would keep that whole.
  const message = Buffer.allocUnsafeSlow(length);
  bytes.copy(message, 0, start, start + length);
  const reply = Reply.fromWire(message);
  const wildcardAt = hasMore ? end - tailLength - bytes.readUInt16BE(end - tailLength) : end;
  return new Entry({
    reply: reply.aged(ttl, reply.flags, hasMore ? optionsIn(bytes, start + length, wildcardAt) : noOptions),
    kind: kinds[traits & KIND] as EntryFields['kind'],
    ttl,
    stored,
    answering: (traits & ANSWERING) !== 0,
    forEverybody: (traits & FOR_EVERYBODY) !== 0,
    demands: traits >>> demandsShift,
    wildcard: wildcardAt < end - tailLength ? bytes.toString('utf8', wildcardAt, end - tailLength) : undefined,
  });
}

function moreOf({ reply: { options }, wildcard }: Entry, messageLength: number): Buffer | undefined {
  if (options.length === 0 && wildcard === undefined) return undefined;
  const name = Buffer.from(wildcard ?? '');
  const tail = Buffer.alloc(tailLength);
  tail.writeUInt16BE(name.length, 0);
  tail.writeUInt16BE(messageLength, 2);
  return Buffer.concat([...options.flatMap(({ code, data }) => [twoNumbers(code, data.length), data]), name, tail]);
}

function optionsIn(bytes: Buffer, start: number, end: number): readonly Option[] {
  const options: Option[] = [];
  for (let at = start; at < end; ) {
    const dataEnd = at + 4 + bytes.readUInt16BE(at + 2);
    options.push({ code: bytes.readUInt16BE(at), data: Buffer.from(bytes.subarray(at + 4, dataEnd)) });
    at = dataEnd;
  }
  return options;
}

function twoNumbers(first: number, second: number): Buffer {
  return Buffer.of(first >>> 8, first & 0xff, second >>> 8, second & 0xff);
}

function uint16(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
