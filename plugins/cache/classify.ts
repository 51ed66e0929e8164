// What kind of reply this is, and for how long it may be used: RFC 2308, RFC 9520 and CoreDNS's rules.
import type { Survey } from 'ferrydns/built-in';
import { type Query, QueryType, type Reply, type ResourceRecord } from 'ferrydns/plugin';
import { type Audience, audienceOf, namesNetwork } from './audience.ts';

/**
 * `success` and `denial` are the two caches; a `referral` is kept in that of answers, a `failure` in that of denials; `none` is not kept.
 */
export type Kind = 'success' | 'referral' | 'denial' | 'failure' | 'none';

/** What a reply is to the cache. */
export interface Classified {
  readonly kind: Kind;
  /** Whether it holds what was asked for, at the end of its CNAME chain. */
  readonly answering: boolean;
  /** Whether it takes the place of what was known before: NOERROR and NXDOMAIN do (RFC 8767 section 4). */
  readonly renews: boolean;
  /** Seconds that it holds; undefined for a kind of reply whose records do not say. */
  readonly ttl: number | undefined;
  readonly audience: Audience;
}

/** Seconds that a reply is used whose records say nothing. */
export const failsafeTtl = 5;

/** Classifies a reply; `wallClock` tells the seconds since 1970, which the validity of signatures is measured by. */
export function classify(query: Query, reply: Reply, wallClock: () => number): Classified {
  const survey = reply.survey(query);
  const answering = reply.rcode === 'NOERROR' && reply.answerCount > 0 && (isPlain(query, survey) || holdsAnswer(query, reply.answers));
  const expired = query.dnssecOk && survey.hasSignature && hasExpiredSignature(reply, wallClock());
  const kind = expired ? 'none' : kindOf(reply, survey, answering);
  const audience = audienceOf(query, reply);
  // A failure of a question about one network says nothing of the others.
  const isForOthers = audience !== 'asker' && !(kind === 'failure' && namesNetwork(query));
  return {
    kind: !reply.truncated && isForOthers ? kind : 'none',
    answering,
    renews: !reply.truncated && !expired && (reply.rcode === 'NOERROR' || reply.rcode === 'NXDOMAIN'),
    ttl: kind === 'failure' || kind === 'referral' || (kind === 'none' && !saysTtl(reply)) ? undefined : ttlOf(reply, survey, answering),
    audience,
  };
}

/** The lowest TTL of all records; a denial holds no longer than the MINIMUM of its SOA either (RFC 2308 section 5). */
function ttlOf(reply: Reply, { lowestTtl, hasSoa }: Survey, answering: boolean): number | undefined {
  return lowestTtl === undefined || answering || !hasSoa ? lowestTtl : Math.min(lowestTtl, reply.soaMinimum);
}

/** Whether the answer needs no chain of aliases to be followed. Two CNAME records of one name may differ. */
function isPlain({ typeCode }: Query, { direct }: Survey): boolean {
  return direct && typeCode !== QueryType.CNAME;
}

function hasExpiredSignature({ answers, authorities, additionals }: Reply, epochSeconds: number): boolean {
  return [...answers, ...authorities, ...additionals].some((record) => isExpiredSignature(record, epochSeconds));
}

function kindOf({ rcode, answerCount, authoritative }: Reply, { hasSoa, hasNs }: Survey, answering: boolean): Kind {
  if (answering) return 'success';
  if (rcode === 'NOERROR') {
    // A CNAME chain that does not reach the type asked for is NODATA, too (RFC 2308 section 2.2).
    if (hasSoa) return 'denial';
    return answerCount === 0 && hasNs && !authoritative ? 'referral' : 'none';
  }
  if (answerCount > 0) return 'none';
  // Without a SOA nothing says how long a denial holds (RFC 2308 section 5).
  if (rcode === 'NXDOMAIN') return hasSoa ? 'denial' : 'none';
  return rcode === 'SERVFAIL' || rcode === 'NOTIMP' ? 'failure' : 'none';
}

/** Whether the TTLs of a reply that is not kept mean something: it is an answer or a denial, not an error. */
function saysTtl({ rcode, answerCount }: Reply): boolean {
  return rcode === 'NOERROR' || (rcode === 'NXDOMAIN' && answerCount === 0);
}

function holdsAnswer(query: Query, answers: readonly ResourceRecord[]): boolean {
  const name = query.name;
  if (query.typeCode === QueryType.ANY) return answers.some((record) => record.name.toLowerCase() === name);
  if (query.typeCode === QueryType.CNAME) return typeof aliasOf(answers, name) === 'string';
  const end = endOfChain(answers, name);
  return answers.some((record) => record.typeCode === query.typeCode && record.name.toLowerCase() === end);
}

/** The name at the end of the CNAME chain from `name`; undefined when the chain loops or forks. */
function endOfChain(answers: readonly ResourceRecord[], name: string): string | undefined {
  const seen = new Set<string>();
  for (let at = name; !seen.has(at); ) {
    seen.add(at);
    const alias = aliasOf(answers, at);
    if (alias === undefined) return at;
    if (alias === false) return undefined;
    at = alias;
  }
  return undefined;
}

/** The target of the CNAME that `owner` has, undefined without one, false when there are two that differ (RFC 2181 section 10.1). */
function aliasOf(answers: readonly ResourceRecord[], owner: string): string | undefined | false {
  let target: string | undefined;
  for (const record of answers) {
    if (record.typeCode !== QueryType.CNAME || record.name.toLowerCase() !== owner) continue;
    const alias = String(record.data).toLowerCase();
    if (target !== undefined && target !== alias) return false;
    target = alias;
  }
  return target;
}

/** Whether an RRSIG is outside its validity period, which is measured in serial number arithmetic (RFC 4034 section 3.1.5). */
function isExpiredSignature({ typeCode, rdata }: ResourceRecord, epochSeconds: number): boolean {
  if (typeCode !== QueryType.RRSIG || rdata.length < 16) return false;
  const view = new DataView(rdata.buffer, rdata.byteOffset, rdata.length);
  const now = epochSeconds | 0;
  return ((view.getUint32(8) - now) | 0) < 0 || ((now - view.getUint32(12)) | 0) < 0;
}
