// What is sent to a server for a query, and what is made of the bytes that come back.
import { EdnsOption, ExtendedError, headerFlag, QueryType, ResponseCode, rcodeName, typeName } from '../dns/codes.ts';
import type { Option } from '../dns/edns.ts';
import { nameFromWire } from '../dns/name.ts';
import type { Query } from '../dns/query.ts';
import { QueryError } from '../dns/query-error.ts';
import type { ResourceRecord } from '../dns/record.ts';
import { Reply } from '../dns/reply.ts';
import { headerLength } from '../dns/wire.ts';
import { inspectAnswers } from './bailiwick.ts';

/** What servers say to EDNS that they do not know (RFC 6891 section 7), or not in this version: FORMERR, NOTIMP, BADVERS. */
const ednsRefusals: ReadonlySet<number> = new Set([ResponseCode.FORMERR, ResponseCode.NOTIMP, ResponseCode.BADVERS]);
/** Octets of a label and of a name at most (RFC 1035 section 2.3.4). */
const maxLabel = 63;
const maxName = 255;
/** Records of another name that a message shows. */
const shown = 3;

/** Octets of a UDP message that a server may send: what passes every network without fragments (RFC 9715). */
export const maxUdpSize = 1232;

/** The message that asks a server, in the letter case of the client. Without EDNS when the client sent none, or when `plain`. */
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

/** What a message from a server is to the query that was sent with this id. */
export type Verdict = 'reply' | 'bareError' | 'other';

/** `other` is for somebody else, forged or garbage: the id, the question and the header's kind must be the query's (RFC 5452 section 9.1). */
export function judge(message: Buffer, query: Query, id: number): Verdict {
  if (message.length < headerLength || message.readUInt16BE(0) !== id) return 'other';
  const flags = message.readUInt16BE(2);
  if ((flags & (headerFlag.response | headerFlag.opcode)) !== headerFlag.response) return 'other';
  if (message.length === headerLength || message.readUInt16BE(4) === 0) return isBareError(message) ? 'bareError' : 'other';
  const end = headerLength + query.questionLength;
  if (message.readUInt16BE(4) !== 1 || message.length < end) return 'other';
  if (message.readUInt16BE(end - 4) !== query.typeCode || message.readUInt16BE(end - 2) !== query.classCode) return 'other';
  return query.asksFor(message, headerLength) ? 'reply' : 'other';
}

/**
 * Without a question, with an OPT record at most, or cut behind the header is how a server refuses what it does not understand. It can refuse so,
 * but not deny that a name exists.
 */
function isBareError(message: Buffer): boolean {
  const isEmpty = message.length === headerLength || message.readUInt32BE(6) === 0;
  return isEmpty && isRefusal(bareRcode(message));
}

function isRefusal(rcode: number): boolean {
  return rcode !== 0 && rcode !== ResponseCode.NXDOMAIN;
}

/** The response code of a message without a question; its upper bits stand in the OPT record. */
function bareRcode(message: Buffer): number {
  const rcode = message.readUInt16BE(2) & headerFlag.rcode;
  const hasOpt =
    message.length >= headerLength + 11 && message.readUInt8(headerLength) === 0 && message.readUInt16BE(headerLength + 1) === QueryType.OPT;
  return hasOpt ? (message.readUInt8(headerLength + 5) << 4) | rcode : rcode;
}

/**
 * What a reply to a query with EDNS says of that: `refused` that the query may be answered without, `unknown` that none will be answered with it.
 * One that has an OPT record itself knows EDNS, and finds fault with this query alone.
 */
export function ednsVerdict(reply: Reply, message: Buffer, query: Query): 'taken' | 'refused' | 'unknown' {
  if (!ednsRefusals.has(reply.rcodeNumber)) return 'taken';
  const hasOpt = message.readUInt16BE(10) > 0 && message.length > headerLength + message.readUInt16BE(4) * query.questionLength;
  return hasOpt && reply.rcodeNumber !== ResponseCode.BADVERS ? 'refused' : 'unknown';
}

/** The question of a message with this id that is not the reply to the query: "www.internal. A"; undefined when it has none that can be read. */
export function strayQuestion(message: Buffer, id: number): string | undefined {
  if (message.length < headerLength || message.readUInt16BE(0) !== id || message.readUInt16BE(4) !== 1) return undefined;
  const end = plainNameEnd(message);
  if (end === undefined || message.length < end + 4) return undefined;
  return `${nameFromWire(message, headerLength)} ${typeName(message.readUInt16BE(end))}`;
}

/** Where the name of the question ends; undefined when it is cut, too long or compressed, and may be a trap. */
function plainNameEnd(message: Buffer): number | undefined {
  let at = headerLength;
  for (let length = message[at]; length !== 0; length = message[at]) {
    if (length === undefined || length > maxLabel) return undefined;
    at += length + 1;
  }
  return at - headerLength < maxName ? at + 1 : undefined;
}

/** The reply in a message that {@link judge} took for one. Throws an Error when it is malformed. */
export function readReply(message: Buffer, verdict: Verdict, query: Query): Reply {
  const flags = message.readUInt16BE(2);
  if (verdict === 'bareError') return Reply.empty('NOERROR', { rcode: rcodeName(bareRcode(message)), authoritative: false });
  try {
    return withoutHopOptions(Reply.fromWire(message));
  } catch (error) {
    // Some servers cut a message in the middle of a record; the client will come back over TCP.
    if ((flags & headerFlag.truncated) !== 0) return Reply.empty('NOERROR', { authoritative: false, truncated: true });
    // So do servers that refuse it, and leave the counts of its header as they were.
    if (isRefusal(flags & headerFlag.rcode) && message.length === headerLength + query.questionLength)
      return Reply.empty('NOERROR', { rcode: rcodeName(flags & headerFlag.rcode), authoritative: false });
    throw error;
  }
}

/**
 * The reply without answer records that do not belong to the question. Throws a QueryError when nothing is left, or when its aliases run in
 * circles.
 */
export function onlyAnswers(reply: Reply, message: Buffer, { query, server }: { readonly query: Query; readonly server: string }): Reply {
  if (reply.answerCount === 0) return reply;
  const { rcodeNumber } = reply;
  if (rcodeNumber !== 0 && rcodeNumber !== ResponseCode.NXDOMAIN && rcodeNumber !== ResponseCode.YXDOMAIN) return reply.with({ answers: [] });
  // Where the message had a record twice, the reply is not the same as the message.
  const isWhole = reply.answerCount === message.readUInt16BE(6);
  const belonging = inspectAnswers(isWhole ? message : Buffer.from(reply.formFor(query).bytes));
  if (belonging === 'clean') return reply;
  if (belonging === 'aliasLoop') throw invalid(`aliases in the reply of ${server} run in circles or are too many`);
  const answers = reply.answers.filter((_, i) => belonging[i]);
  if (answers.length === 0) throw invalid(otherName(reply, query, server));
  query.explained?.note(`left out of its reply, as the question does not lead there: ${describe(reply.answers.filter((_, i) => !belonging[i]))}`);
  return reply.with({ answers });
}

/** What came, and what is to be changed there: most often it is a server that renames queries and not the answers. */
function otherName({ answers }: Reply, query: Query, server: string): string {
  const advice = "a server that renames queries must give the name back: in CoreDNS and ferrydns its rewrite rule needs 'answer auto'";
  return `${server} answered ${describe(answers)} when asked for ${query.name} ${query.type}: ${advice}`;
}

/** "www.internal. A, www.internal. AAAA and 2 more". */
function describe(records: readonly ResourceRecord[]): string {
  const texts = records.slice(0, shown).map(({ name, type }) => `${name} ${type}`);
  return `${texts.join(', ')}${records.length > shown ? ` and ${records.length - shown} more` : ''}`;
}

function invalid(message: string): QueryError {
  return new QueryError('SERVFAIL', message, { extendedError: ExtendedError.INVALID_DATA });
}

/** A server's options are for us, but for the client's subnet and what the server says of an error. */
function withoutHopOptions(reply: Reply): Reply {
  const { options } = reply;
  if (options.length === 0) return reply;
  const kept = options.filter(({ code }) => code === EdnsOption.CLIENT_SUBNET || code === EdnsOption.EDE);
  return kept.length === options.length ? reply : reply.with({ options: kept });
}
