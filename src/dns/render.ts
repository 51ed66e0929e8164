// Renders a reply as the message for one query: id, question, flags, TTLs and OPT record stamped on the reply's wire form.
import { flag, QueryType } from './codes.ts';
import { type Option, optLength, optLengthWith, writeOpt } from './edns.ts';
import { writeMessage } from './message.ts';
import type { Query } from './query.ts';
import type { Reply } from './reply.ts';
import { headerLength, readUint16, writeUint16, writeUint32 } from './wire.ts';

/**
 * Writes the message that answers `query` at the start of `out` and returns its length. It has at most `limit` octets: names are
 * compressed, then records left out from the end with TC set (RFC 2181 section 9); the OPT record always stays (RFC 6891 section 7).
 */
export function render(reply: Reply, query: Query, out: Uint8Array, limit: number): number {
  const form = reply.formFor(query);
  const opt = query.edns ? optSize(reply.options) : 0;
  const length = form.bytes.length;
  if (length + opt > limit || form.truncated) return renderShort(reply, query, out, limit);
  out.set(form.bytes, 0);
  writeUint16(out, 0, query.id);
  writeUint16(out, 2, flagsOf(reply, query));
  query.copyQuestion(out, headerLength);
  if (reply.ttl >= 0) {
    const ttls = form.ttls;
    for (let i = 0; i < ttls.length; i++) writeUint32(out, ttls[i] as number, reply.ttl);
  }
  return opt === 0 ? length : appendOpt(reply, query, out, length);
}

/** Whether the message that answers `query` will lack records, or this reply itself says that it does. */
export function isCut(reply: Reply, query: Query): boolean {
  if (reply.truncated) return true;
  const opt = query.edns ? optSize(reply.options) : 0;
  const length = reply.formFor(query).bytes.length + opt;
  return length > query.replyLimit;
}

/** Writes a header that refuses a message which is no query to answer: its id, opcode and RD, and a response code; nothing else. */
export function renderRefusal(wire: Uint8Array, start: number, rcode: number, out: Uint8Array): number {
  out.fill(0, 0, headerLength);
  writeUint16(out, 0, readUint16(wire, start));
  const asked = readUint16(wire, start + 2);
  writeUint16(out, 2, flag.response | (asked & (flag.opcode | flag.recursionDesired)) | rcode);
  return headerLength;
}

function renderShort(reply: Reply, query: Query, out: Uint8Array, limit: number): number {
  const question = Buffer.alloc(query.questionLength);
  query.copyQuestion(question, 0);
  const reserved = query.edns ? optSize(reply.options) : 0;
  const written = writeMessage({ question, flags: flagsOf(reply, query), sections: reply }, limit - reserved);
  out.set(written.bytes, 0);
  writeUint16(out, 0, query.id);
  return query.edns ? appendOpt(reply, query, out, written.bytes.length) : written.bytes.length;
}

function flagsOf(reply: Reply, query: Query): number {
  return flag.response | (query.flags & flag.copied) | reply.flags | (reply.rcodeNumber & flag.rcode);
}

function appendOpt(reply: Reply, query: Query, out: Uint8Array, length: number): number {
  const fields = { udpSize: query.advertisedSize, extendedRcode: reply.rcodeNumber >>> 4, dnssecOk: query.dnssecOk };
  writeUint16(out, 10, readUint16(out, 10) + 1);
  return writeOpt(out, length, fields, reply.options);
}

function optSize(options: readonly Option[]): number {
  return options.length === 0 ? optLength : optLengthWith(options);
}

/** The first record set of an answer to a query of type ANY over UDP, which is all that RFC 8482 section 4.1 asks for. */
export function minimizeAny(reply: Reply, query: Query): Reply {
  if (query.typeCode !== QueryType.ANY || query.client.transport !== 'udp' || reply.answerCount < 2) return reply;
  const first = reply.answers[0];
  return reply.with({ answers: reply.answers.filter((record) => record.type === first?.type), authorities: [], additionals: [] });
}
