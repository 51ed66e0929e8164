// What a message may lack: additional records are left out silently, unless whoever asks cannot go on without them.
import { QueryType } from './codes.ts';
import type { Sections } from './message.ts';
import { isSubdomain } from './name.ts';
import type { ResourceRecord } from './record.ts';

type RecordSet = readonly ResourceRecord[];

/** The record sets of a section (RFC 2181 section 5), in the order of their first records; signatures go by the type that they cover. */
export function recordSets(records: readonly ResourceRecord[]): readonly RecordSet[] {
  const sets = new Map<string, ResourceRecord[]>();
  for (const record of records) {
    const covered = record.typeCode === QueryType.RRSIG ? record.rdata.subarray(0, 2).join() : '';
    const key = `${record.typeCode} ${covered} ${record.classCode} ${record.name.toLowerCase()}`;
    const set = sets.get(key);
    if (set === undefined) sets.set(key, [record]);
    else set.push(record);
  }
  return [...sets.values()];
}

/**
 * Tells which record sets of the additional section are the glue that a referral cannot do without: addresses of name servers whose names are
 * within the zone that is referred to (RFC 9471 section 3.1). `type` is the type asked for; a message that answers it refers to nobody.
 */
export function requiredGlue(type: number, { answers, authorities }: Sections): (set: RecordSet) => boolean {
  const isAnswer = ({ typeCode }: ResourceRecord) => typeCode === type || type === QueryType.ANY;
  if (answers.some(isAnswer) || authorities.some(({ typeCode }) => typeCode === QueryType.SOA)) return () => false;
  const servers = authorities.filter(({ typeCode }) => typeCode === QueryType.NS);
  const inDomain = servers.filter(({ name, data }) => isSubdomain(String(data).toLowerCase(), name.toLowerCase()));
  const names = new Set(inDomain.map(({ data }) => String(data).toLowerCase()));
  return ([first]) => first !== undefined && isAddress(first) && names.has(first.name.toLowerCase());
}

function isAddress({ typeCode }: ResourceRecord): boolean {
  return typeCode === QueryType.A || typeCode === QueryType.AAAA;
}
