// What the records of a reply come to, told from its bytes: types, TTLs, and whose they are. Decodes nothing that came from the wire.
import { maxTtl, QueryType } from './codes.ts';
import type { Layout, Sections } from './message.ts';
import { lowerCase } from './name.ts';
import type { Query } from './query.ts';
import type { ResourceRecord } from './record.ts';
import { headerLength, readUint16, readUint32, skipName } from './wire.ts';

/** What the records of a reply come to as the answer to one query. */
export interface Survey {
  /** The lowest TTL of all records in seconds; undefined when there is none. */
  readonly lowestTtl: number | undefined;
  /** Whether there are answers and each has the name and the type asked for, so that no alias leads to them. */
  readonly direct: boolean;
  /** Whether the authority section holds a SOA or NS record. */
  readonly hasSoa: boolean;
  readonly hasNs: boolean;
  /** Whether any record is an RRSIG. */
  readonly hasSignature: boolean;
}

/** The survey of a message that was checked and has this layout. */
export function surveyLayout(message: Uint8Array, layout: Layout, query: Query): Survey {
  const { records, ttls, counts } = layout;
  const authoritiesEnd = counts[0] + counts[1];
  const isAsked = query.nameLength + 4 === layout.recordsStart - headerLength && query.asksFor(message, headerLength);
  let lowestTtl: number | undefined;
  let direct = counts[0] > 0 && isAsked;
  let [hasSoa, hasNs, hasSignature] = [false, false, false];
  for (let i = 0; i < records.length; i++) {
    // Behind the owner stand type, class and TTL.
    const type = readUint16(message, (ttls[i] as number) - 4);
    const ttl = readUint32(message, ttls[i] as number);
    const seconds = ttl > maxTtl ? 0 : ttl;
    if (lowestTtl === undefined || seconds < lowestTtl) lowestTtl = seconds;
    if (type === QueryType.RRSIG) hasSignature = true;
    if (i < counts[0]) direct &&= type === query.typeCode && isQuestionName(message, records[i] as number);
    else if (i < authoritiesEnd) {
      hasSoa ||= type === QueryType.SOA;
      hasNs ||= type === QueryType.NS;
    }
  }
  return { lowestTtl, direct, hasSoa, hasNs, hasSignature };
}

/** The survey of records that were decoded or made here. */
export function surveySections({ answers, authorities, additionals }: Sections, query: Query): Survey {
  const records = [...answers, ...authorities, ...additionals];
  const isAsked = (record: ResourceRecord) => record.typeCode === query.typeCode && record.name.toLowerCase() === query.name;
  return {
    lowestTtl: records.length === 0 ? undefined : Math.min(...records.map(({ ttl }) => ttl)),
    direct: answers.length > 0 && answers.every(isAsked),
    hasSoa: authorities.some(({ typeCode }) => typeCode === QueryType.SOA),
    hasNs: authorities.some(({ typeCode }) => typeCode === QueryType.NS),
    hasSignature: records.some(({ typeCode }) => typeCode === QueryType.RRSIG),
  };
}

/** The lowest MINIMUM of the SOA records in the authority section, in seconds; Infinity without one. */
export function soaMinimumOf(message: Uint8Array, { ttls, counts }: Layout): number {
  // The type stands in front of class and TTL, the length of the RDATA and the RDATA behind it; MINIMUM is the last field.
  const places = ttls.slice(counts[0], counts[0] + counts[1]).filter((at) => readUint16(message, at - 4) === QueryType.SOA);
  return Math.min(...places.map((at) => readUint32(message, at + 2 + readUint16(message, at + 4))));
}

/** Whether the name at `at` is that of the question: by a pointer to it, as nearly every server writes it, or label by label. */
function isQuestionName(message: Uint8Array, at: number): boolean {
  if (readUint16(message, at) === (0xc000 | headerLength)) return true;
  const end = skipName(message, at, message.length);
  const length = end - at;
  if (message[end - 1] !== 0 || skipName(message, headerLength, message.length) !== headerLength + length) return false;
  for (let i = 0; i < length; i++) {
    if (lowerCase[message[at + i] as number] !== lowerCase[message[headerLength + i] as number]) return false;
  }
  return true;
}
