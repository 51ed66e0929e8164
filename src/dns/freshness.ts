// How long a whole message may be kept, for caches that see it as a document (RFC 8484 section 5.1).
import { headerFlag, maxTtl, QueryType, ResponseCode } from './codes.ts';
import { layOut } from './message.ts';
import { readUint16, readUint32 } from './wire.ts';

/** Seconds that a failure may be kept (RFC 9520 section 3.2 asks for at least one, and at most five minutes). */
const failureTtl = 5;

/** The lowest TTL of a message with one question, in seconds; of a denial at most the minimum of its SOA record (RFC 2308 section 5). 0 without a record. */
export function freshness(message: Uint8Array): number {
  const rcode = readUint16(message, 2) & headerFlag.rcode;
  if (rcode !== ResponseCode.NOERROR && rcode !== ResponseCode.NXDOMAIN) return failureTtl;
  const { records, ttls, counts, recordsEnd } = layOut(message);
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ttls.length; i++) {
    const at = ttls[i] as number;
    lowest = Math.min(lowest, seconds(readUint32(message, at)));
    const end = records[i + 1] ?? recordsEnd;
    if (counts[0] === 0 && readUint16(message, at - 4) === QueryType.SOA) lowest = Math.min(lowest, seconds(readUint32(message, end - 4)));
  }
  return Number.isFinite(lowest) ? lowest : 0;
}

function seconds(ttl: number): number {
  return ttl > maxTtl ? 0 : ttl;
}
