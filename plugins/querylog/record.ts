// One event as octets: written while a query is answered, with nothing made for it. `record-reader.ts` reads it.
import type { CacheOutcome, Trail } from 'ferrydns/built-in';
import type { Query, Transport } from 'ferrydns/plugin';
import type { Answered } from './answered.ts';
import type { WriteClient } from './client-form.ts';
import { type Origins, separator, wordsFor } from './origins.ts';

/** Where events are written: the same octets as numbers of one, four and eight octets. */
export interface Area {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  /** Makes room for so many words, an even number, and returns the first of them; -1 where there is none. */
  reserve(words: number): number;
}

/** The places of a record's words: the time takes two, the client four. Behind the last one stand the origin, in whole words, the question, and what was told. */
export const place = {
  size: 0,
  kind: 1,
  time: 2,
  client: 4,
  question: 8,
  outcome: 9,
  ttl: 10,
  octets: 11,
  duration: 12,
  texts: 13,
  nameHash: 14,
  origin: 15,
} as const;

export const transports: readonly Transport[] = ['udp', 'tcp', 'tls', 'https', 'grpc'];
export const outcomes: readonly (CacheOutcome | undefined)[] = [undefined, 'hit', 'stale', 'miss'];

/** Of the word of kinds: records were answered. */
export const foundBit = 1 << 12;
/** Octets of type and class behind the name. */
export const codesLength = 4;
/** Octets of what several plugins tell together at most: a longer one is cut. */
const mostTold = 1000;
/** Words of the longest record. */
export const mostWords = 1024;

/** How records are made. */
export interface RecordForm {
  readonly writeClient: WriteClient;
  readonly origins: Origins;
}

/** Writes the record of a query and returns its first word; -1 where there is no room. */
export function writeRecord(area: Area, { writeClient, origins }: RecordForm, query: Query, answered: Answered): number {
  const { trail } = query;
  const origin = origins.of(query);
  const told = trail === undefined ? '' : toldBy(trail);
  const toldLength = told === '' ? 0 : Math.min(Buffer.byteLength(told), mostTold);
  const nameLength = query.nameLength;
  const size = (place.origin + origin.words.length + wordsFor(nameLength + codesLength + toldLength) + 1) & ~1;
  const at = area.reserve(size);
  if (at < 0) return at;
  const { words, bytes, doubles } = area;
  words[at + place.size] = size | (nameLength << 16);
  doubles[(at + place.time) >> 1] = answered.time;
  const clientForm = writeClient(query, words, at + place.client);
  words[at + place.kind] =
    transports.indexOf(query.client.transport) | (clientForm << 4) | (outcomes.indexOf(trail?.cache) << 8) | (answered.found ? foundBit : 0);
  words[at + place.question] = (query.typeCode << 16) | query.classCode;
  words[at + place.outcome] = (answered.rcode << 16) | ((answered.error + 1) & 0xffff);
  words[at + place.ttl] = answered.ttl;
  words[at + place.octets] = (query.size << 16) | answered.sent;
  words[at + place.duration] = Math.min(answered.duration * 1000, 0xffff_ffff);
  words[at + place.texts] = (origin.length << 16) | toldLength;
  words[at + place.nameHash] = query.nameHash;
  for (let i = 0; i < origin.words.length; i++) words[at + place.origin + i] = origin.words[i] as number;
  const question = (at + place.origin + origin.words.length) * 4;
  query.copyQuestion(bytes, question);
  if (toldLength > 0) bytes.write(told, question + nameLength + codesLength, toldLength, 'utf8');
  return at;
}

function toldBy({ upstream, plan, phase, member }: Trail): string {
  if (upstream === undefined && plan === undefined && member === undefined) return '';
  return [upstream ?? '', plan ?? '', phase ?? '', member ?? ''].join(separator);
}
