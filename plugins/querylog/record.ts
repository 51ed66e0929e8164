// One event as octets: written while a query is answered, with nothing made for it. `record-reader.ts` reads it.
import type { CacheOutcome, Trail } from 'ferrydns/built-in';
import type { Query, Transport } from 'ferrydns/plugin';
import type { Answered } from './answered.ts';
import type { WriteClient } from './client-form.ts';
import type { Origins } from './origins.ts';

/** Where events stand: the same octets as numbers of one, four and eight octets. */
export interface Area {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
}

/** Where events are written. */
interface Page extends Area {
  /** Makes room for so many words, an even number, and returns the first of them. */
  reserve(words: number): number;
}

/** The places of a record's words: the time takes two, the client four. Behind the last one stand the question, and what was told. */
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
  nameHash: 13,
  origin: 14,
  end: 15,
} as const;

export const transports: readonly Transport[] = ['udp', 'tcp', 'tls', 'https', 'grpc'];
export const outcomes: readonly (CacheOutcome | undefined)[] = [undefined, 'hit', 'stale', 'miss'];

/** Of the word of kinds: records were answered. */
export const foundBit = 1 << 12;
/** Octets of type and class behind the name. */
export const codesLength = 4;
/** Stands between two texts. */
export const separator = '\0';
/** Octets of what several plugins tell together at most: a longer one is cut. */
const mostTold = 1000;
const noOctets = new Uint8Array(0);
/** Words of the longest record. */
export const mostWords = 1024;

/** How records are made. */
export interface RecordForm {
  readonly writeClient: WriteClient;
  readonly origins: Origins;
}

/** Writes the record of a query, but for its duration. */
export function writeRecord(page: Page, { writeClient, origins }: RecordForm, query: Query, answered: Answered): void {
  const { trail, nameLength } = query;
  const told = trail === undefined || tellsNothing(trail) ? noOctets : toldBy(trail);
  const size = (place.end + ((nameLength + codesLength + told.length + 3) >> 2) + 1) & ~1;
  const at = page.reserve(size);
  const { words, bytes } = page;
  words[at + place.size] = size | (nameLength << 16);
  page.doubles[(at + place.time) >> 1] = answered.time;
  const form = writeClient(query, words, at + place.client);
  words[at + place.kind] = transportCode(query.client.transport) | (form << 4) | (outcomeCode(trail?.cache) << 8) | (answered.found ? foundBit : 0);
  words[at + place.question] = (query.typeCode << 16) | query.classCode;
  words[at + place.outcome] = (answered.rcode << 16) | ((answered.error + 1) & 0xffff);
  words[at + place.ttl] = answered.ttl;
  words[at + place.octets] = (query.size << 16) | answered.sent;
  words[at + place.nameHash] = query.nameHash;
  words[at + place.origin] = (told.length << 16) | origins.numberOf(query);
  const question = (at + place.end) * 4;
  query.copyQuestion(bytes, question);
  if (told !== noOctets) bytes.set(told, question + nameLength + codesLength);
}

// What most queries have is found without a search.
function transportCode(transport: Transport): number {
  return transport === 'udp' ? 0 : transports.indexOf(transport);
}

function outcomeCode(cache: CacheOutcome | undefined): number {
  return cache === 'hit' ? 1 : outcomes.indexOf(cache);
}

function tellsNothing({ upstream, plan, member }: Trail): boolean {
  return upstream === undefined && plan === undefined && member === undefined;
}

function toldBy({ upstream = '', plan = '', phase = '', member = '' }: Trail): Uint8Array {
  return Buffer.from([upstream, plan, phase, member].join(separator)).subarray(0, mostTold);
}
