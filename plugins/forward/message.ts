// What is sent to an upstream for a query, and what is made of the bytes that come back.
import { EdnsOption, type Option, type Query, QueryError, Reply } from 'ferrydns/plugin';
import { inspectAnswers } from './answer.ts';

const headerLength = 12;
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const TRUNCATED = 0x0200;
const RCODE = 0x000f;
const FORMERR = 1;
const NXDOMAIN = 3;
const YXDOMAIN = 6;

/** Octets of a UDP message that an upstream may send: what passes every network without fragments (RFC 9715). */
const maxUdpSize = 1232;
/** Extended DNS error "Invalid Data" (RFC 8914 section 4.25). */
const invalidData = 24;

/** The message that asks an upstream, in the letter case of the client. Without EDNS when the client sent none, or when `plain`. */
export function writeQuery(query: Query, id: number, plain: boolean): Buffer {
  if (!query.edns) return query.toWire(id);
  const message = query.toWire(id, { udpSize: Math.min(query.udpSize, maxUdpSize), options: optionsFor(query) });
  if (!plain) return message;
  message.writeUInt16BE(0, 10);
  return message.subarray(0, headerLength + query.questionLength);
}

/**
 * EDNS options are for the next hop alone (RFC 6891 section 6.2.6): of the client's own only its subnet goes on. What a plugin has put in, which
 * shows in that the query as received does not hold it, goes on too.
 */
function optionsFor(query: Query): readonly Option[] {
  const { options } = query;
  if (options.length === 0) return options;
  const received = query.origin.options;
  return options.filter((option) => option.code === EdnsOption.CLIENT_SUBNET || !received.includes(option));
}

/** What a message from an upstream is to the query that was sent with this id. */
export type Verdict = 'reply' | 'bareError' | 'other';

/** `other` is for somebody else, forged or garbage: the id, the question and the header's kind must be the query's (RFC 5452 section 9.1). */
export function judge(message: Buffer, query: Query, id: number): Verdict {
  if (message.length < headerLength || message.readUInt16BE(0) !== id) return 'other';
  const flags = message.readUInt16BE(2);
  if ((flags & (RESPONSE | OPCODE)) !== RESPONSE) return 'other';
  if (message.readUInt16BE(4) === 0) return isBareError(message, flags) ? 'bareError' : 'other';
  const end = headerLength + query.questionLength;
  if (message.readUInt16BE(4) !== 1 || message.length < end) return 'other';
  if (message.readUInt16BE(end - 4) !== query.typeCode || message.readUInt16BE(end - 2) !== query.classCode) return 'other';
  return query.asksFor(message, headerLength) ? 'reply' : 'other';
}

/** A header alone is how a server refuses what it does not understand; it can refuse, but not deny that a name exists. */
function isBareError(message: Buffer, flags: number): boolean {
  const rcode = flags & RCODE;
  const empty = message.readUInt32BE(6) === 0 && message.readUInt16BE(10) === 0;
  return message.length === headerLength && empty && rcode !== 0 && rcode !== NXDOMAIN;
}

/** Whether an upstream that was sent EDNS says that it does not know it (RFC 6891 section 7). */
export function rejectsEdns(message: Buffer): boolean {
  return (message.readUInt16BE(2) & RCODE) === FORMERR && message.readUInt16BE(10) === 0;
}

/** The reply in a message that {@link judge} took for one. Throws an Error when it is malformed. */
export function readReply(message: Buffer, verdict: Verdict): Reply {
  const flags = message.readUInt16BE(2);
  if (verdict === 'bareError') return Reply.empty('NOERROR', { rcode: `RCODE${flags & RCODE}`, authoritative: false });
  try {
    return withoutHopOptions(Reply.fromWire(message));
  } catch (error) {
    // Some servers cut a message in the middle of a record; the client will come back over TCP.
    if ((flags & TRUNCATED) !== 0) return Reply.empty('NOERROR', { authoritative: false, truncated: true });
    throw error;
  }
}

/**
 * The reply without answer records that do not belong to the question. Throws a QueryError when nothing is left, or when its aliases run in
 * circles.
 */
export function onlyAnswers(reply: Reply, message: Buffer, upstream: string): Reply {
  if (reply.answerCount === 0) return reply;
  const { rcodeNumber } = reply;
  if (rcodeNumber !== 0 && rcodeNumber !== NXDOMAIN && rcodeNumber !== YXDOMAIN) return reply.with({ answers: [] });
  const belonging = inspectAnswers(message);
  if (belonging === 'clean') return reply;
  if (belonging === 'aliasLoop') throw invalid(`aliases in the reply of ${upstream} run in circles or are too many`);
  const answers = reply.answers.filter((_, i) => belonging[i]);
  if (answers.length === 0) throw invalid(`reply of ${upstream} answers another name than asked for`);
  return reply.with({ answers });
}

function invalid(message: string): QueryError {
  return new QueryError('SERVFAIL', message, { extendedError: invalidData });
}

/** An upstream's options are for us, but for the client's subnet and what the upstream says of an error. */
function withoutHopOptions(reply: Reply): Reply {
  const { options } = reply;
  if (options.length === 0) return reply;
  const kept = options.filter(({ code }) => code === EdnsOption.CLIENT_SUBNET || code === EdnsOption.EDE);
  return kept.length === options.length ? reply : reply.with({ options: kept });
}
