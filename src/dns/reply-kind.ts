// Sorts replies by what they say, as CoreDNS does: an answer, a denial, a referral, an error.
import { QueryType } from './codes.ts';
import type { Query } from './query.ts';
import type { ResourceRecord } from './record.ts';
import { Reply } from './reply.ts';

export type ReplyKind = 'NOERROR' | 'NXDOMAIN' | 'SERVERERROR' | 'NODATA' | 'DELEGATION' | 'OTHERERROR';

/** Looks at the authority section only where the answer section does not decide. Silence is an error. */
export function kindOf(query: Query, reply: Reply): ReplyKind {
  if (reply === Reply.drop) return 'OTHERERROR';
  if (query.dnssecOk && hasStaleSignature(reply)) return 'OTHERERROR';
  switch (reply.rcode) {
    case 'NOERROR':
      return reply.answerCount > 0 ? 'NOERROR' : kindOfEmpty(reply);
    case 'NXDOMAIN':
      return reply.answerCount > 0 ? 'OTHERERROR' : 'NXDOMAIN';
    case 'SERVFAIL':
    case 'NOTIMP':
      return 'SERVERERROR';
    default:
      return 'OTHERERROR';
  }
}

function kindOfEmpty(reply: Reply): ReplyKind {
  const { authorities } = reply;
  if (authorities.some(({ typeCode }) => typeCode === QueryType.SOA)) return 'NODATA';
  return authorities.some(({ typeCode }) => typeCode === QueryType.NS) ? 'DELEGATION' : 'NOERROR';
}

function hasStaleSignature(reply: Reply): boolean {
  const now = Math.floor(Date.now() / 1000);
  return [reply.answers, reply.authorities, reply.additionals].some((section) => section.some((record) => isStaleSignature(record, now)));
}

/** Whether a signature is not valid at this time in seconds; the times in it are of serial number arithmetic (RFC 4034 section 3.1.5). */
function isStaleSignature({ typeCode, rdata }: ResourceRecord, now: number): boolean {
  if (typeCode !== QueryType.RRSIG || rdata.length < 16) return false;
  const times = new DataView(rdata.buffer, rdata.byteOffset);
  const untilExpiration = (times.getUint32(8) - now) | 0;
  const sinceInception = (now - times.getUint32(12)) | 0;
  return untilExpiration < 0 || sinceInception < 0;
}
