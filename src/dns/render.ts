// Renders a reply as the message for one query: id, question, flags, TTLs and OPT record stamped on the reply's wire form.
import { EdnsOption, headerFlag, QueryType, ResponseCode } from './codes.ts';
import { type Option, optLength, optLengthWith, writeOpt } from './edns.ts';
import { writeMessage } from './message-writer.ts';
import type { Query } from './query.ts';
import type { Reply } from './reply.ts';
import { optionsFor } from './reply-options.ts';
import { headerLength, readUint16, writeUint16, writeUint32 } from './wire.ts';

const noOptions: readonly Option[] = [];

/**
 * Writes the message that answers `query` at the start of `out` and returns its length. It has at most `limit` octets: names are
 * compressed, then records left out (see {@link writeMessage}); the OPT record always stays (RFC 6891 section 7), with the options that are for
 * this asker.
 */
export function render(reply: Reply, query: Query, out: Uint8Array, limit: number): number {
  const form = reply.formFor(query);
  const options = query.edns ? optionsFor(query, reply.options) : noOptions;
  const opt = query.edns ? optSize(options) : 0;
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
  return opt === 0 ? length : appendOpt(reply, query, options, out, length);
}

/** Whether the message that answers `query` says that it lacks records. */
export function isCut(reply: Reply, query: Query): boolean {
  if (reply.truncated) return true;
  const form = reply.formFor(query);
  const opt = query.edns ? optSize(optionsFor(query, reply.options)) : 0;
  return (form.bytes.length + opt > query.replyLimit || form.truncated) && shorten(reply, query, query.replyLimit).truncated;
}

/** Writes a header that refuses a message which is no query to answer: its id, opcode and RD, and a response code; nothing else. */
export function renderRefusal(wire: Uint8Array, start: number, rcode: number, out: Uint8Array): number {
  out.fill(0, 0, headerLength);
  writeUint16(out, 0, readUint16(wire, start));
  const asked = readUint16(wire, start + 2);
  writeUint16(out, 2, headerFlag.response | (asked & (headerFlag.opcode | headerFlag.recursionDesired)) | rcode);
  return headerLength;
}

function renderShort(reply: Reply, query: Query, out: Uint8Array, limit: number): number {
  const { bytes, options } = shorten(reply, query, limit);
  out.set(bytes, 0);
  writeUint16(out, 0, query.id);
  return query.edns ? appendOpt(reply, query, options, out, bytes.length) : bytes.length;
}

/** A message without OPT record, and the options for one, which have room behind it. */
interface Shortened {
  readonly bytes: Buffer;
  readonly options: readonly Option[];
  readonly truncated: boolean;
}

/**
 * Leaves additional records out first, then extended errors, which TC tells (RFC 8914 section 3), then records that are missed. Options that
 * leave no room for the question do not stay either.
 */
function shorten(reply: Reply, query: Query, limit: number): Shortened {
  const question = Buffer.alloc(query.questionLength);
  query.copyQuestion(question, 0);
  const { answers, authorities, additionals } = reply;
  const flags = flagsOf(reply, query);
  const write = (options: readonly Option[], more = 0): Shortened => {
    const room = limit - (query.edns ? optSize(options) : 0);
    if (options.length > 0 && room < headerLength + question.length) return write(noOptions, headerFlag.truncated);
    const written = writeMessage({ question, flags: flags | more, sections: { answers, authorities, additionals } }, room);
    return { bytes: written.bytes, options, truncated: written.truncated || more !== 0 };
  };
  const options = query.edns ? optionsFor(query, reply.options) : noOptions;
  const others = options.filter(({ code }) => code !== EdnsOption.EDE);
  const written = write(options);
  return written.truncated && others.length < options.length ? write(others, headerFlag.truncated) : written;
}

function flagsOf(reply: Reply, query: Query): number {
  return headerFlag.response | (query.flags & reply.repeated) | reply.flags | rcodeIn(reply, query);
}

/** What the header has room for. The upper bits are in OPT (RFC 6891 section 6.1.3); the lower ones alone would be another code. */
function rcodeIn({ rcodeNumber }: Reply, query: Query): number {
  return rcodeNumber > headerFlag.rcode && !query.edns ? ResponseCode.SERVFAIL : rcodeNumber & headerFlag.rcode;
}

/** Writes the OPT record behind the first `length` octets of `out`. */
function appendOpt(reply: Reply, query: Query, options: readonly Option[], out: Uint8Array, length: number): number {
  const fields = { udpSize: query.advertisedSize, extendedRcode: reply.rcodeNumber >>> 4, dnssecOk: query.dnssecOk };
  writeUint16(out, 10, readUint16(out, 10) + 1);
  return writeOpt(out, length, fields, options);
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
