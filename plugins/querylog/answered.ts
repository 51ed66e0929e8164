// What a log tells of the answer to a query, read from the message that leaves. One object is used again for each query.
import { headerLength, type Query, QueryType } from 'ferrydns/plugin';

/** A TTL that is not there. */
export const noTtl = 0xffff_ffff;
/** A response code that is not there, as nothing was sent. */
export const noRcode = 0xffff;

const pointerMark = 0xc0;
const extendedError = 15;
/** Octets behind the name of a record: type, class, TTL, length of the data. */
const fixedLength = 10;

export class Answered {
  /** When the query came, milliseconds since 1970. */
  time = 0;
  /** Octets that were sent. */
  sent = 0;
  rcode = 0;
  /** Seconds: the lowest of the answer section, or where that is empty of the authority section. */
  ttl = noTtl;
  /** Whether there are records in the answer section. */
  found = false;
  /** The code of the first extended error (RFC 8914); -1 without one. */
  error = -1;

  private readonly now: () => number;

  /** `now` is milliseconds since 1970. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Milliseconds from then to now. */
  get duration(): number {
    return this.now() - this.time;
  }

  nothing(): void {
    this.reset(0, noRcode);
  }

  /** A reply that is known by its response code and length alone. */
  bare(rcode: number, length: number): void {
    this.reset(length, rcode);
  }

  /** Reads a message of ours. One that is not sound is read as far as it is. */
  read(message: Uint8Array, length: number, query: Query): void {
    this.reset(length, (message[3] as number) & 0xf);
    const answers = uint16(message, 6);
    const authorities = uint16(message, 8);
    this.found = answers > 0;
    let at = headerLength + query.questionLength;
    for (let left = answers; left > 0 && at < length; left--) at = this.readRecord(message, at, true);
    for (let left = authorities; left > 0 && at < length; left--) at = this.readRecord(message, at, answers === 0);
    if (!query.edns) return;
    for (let left = uint16(message, 10); left > 0 && at < length; left--) at = this.readRecord(message, at, false);
  }

  private reset(sent: number, rcode: number): void {
    this.sent = sent;
    this.rcode = rcode;
    this.ttl = noTtl;
    this.error = -1;
    this.found = false;
  }

  /** Returns where the next record begins. */
  private readRecord(message: Uint8Array, start: number, counts: boolean): number {
    const at = nameEnd(message, start);
    const next = at + fixedLength + uint16(message, at + 8);
    if (uint16(message, at) === QueryType.OPT) {
      this.rcode |= (message[at + 4] as number) << 4;
      this.readOptions(message, at + fixedLength, next);
    } else if (counts) {
      const ttl = uint16(message, at + 4) * 0x10000 + uint16(message, at + 6);
      if (ttl < this.ttl) this.ttl = ttl;
    }
    return next;
  }

  private readOptions(message: Uint8Array, start: number, end: number): void {
    for (let at = start; at + 6 <= end; at += 4 + uint16(message, at + 2)) {
      if (uint16(message, at) !== extendedError) continue;
      this.error = uint16(message, at + 4);
      return;
    }
  }
}

/** The first octet behind a name. */
function nameEnd(message: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const length = message[at] as number;
    if (length >= pointerMark) return at + 2;
    if (length === 0 || length === undefined) return at + 1;
    at += length + 1;
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
