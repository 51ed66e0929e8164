// The upstream of every bench: answers any name at once, from the bytes of the query. Run as a process of its own, on one port for UDP and TCP.
// Its words, if any, are that port, and the milliseconds that each answer is late.
// A gets one address (four if the first label starts with "pool"), AAAA one; names under nx. do not exist; all else is empty.
import { createSocket, type SocketOptions } from 'node:dgram';
import { createServer, type Socket } from 'node:net';

/** TTL of every record and of every denial, in seconds. */
const TTL = 3600;

const TYPE_A = 1;
const TYPE_SOA = 6;
const TYPE_AAAA = 28;
const MAX_NAME = 255;
/** QR, AA, RA. */
const ANSWERING = 0x8480;
const NXDOMAIN = 3;

const addressRecords = [1, 2, 3, 4].map((last) => record(TYPE_A, Buffer.of(192, 0, 2, last)));
const oneAddress = Buffer.concat(addressRecords.slice(0, 1));
const fourAddresses = Buffer.concat(addressRecords);
const longAddress = record(TYPE_AAAA, Buffer.from('20010db8000000000000000000000001', 'hex'));
const denial = startOfAuthority();
/** An OPT record that offers 1232 bytes. */
const opt = Buffer.from('00002904d0000000000000', 'hex');

interface Question {
  /** Offset behind the class. */
  readonly end: number;
  readonly type: number;
  readonly pooled: boolean;
  readonly denied: boolean;
}

/** The answer to one query, or undefined for what is not a query with one question. */
export function answer(query: Buffer): Buffer | undefined {
  const question = readQuestion(query);
  if (question === undefined) return undefined;
  const answers = question.denied ? undefined : recordsFor(question);
  const section = answers ?? denial;
  const wantsOpt = query.readUInt16BE(10) > 0;
  const length = question.end + section.length + (wantsOpt ? opt.length : 0);
  const reply = Buffer.allocUnsafe(length);
  query.copy(reply, 0, 0, question.end);
  // Recursion desired is echoed, the rest of the flags is ours.
  reply.writeUInt16BE(ANSWERING | (query.readUInt16BE(2) & 0x0100) | (question.denied ? NXDOMAIN : 0), 2);
  reply.writeUInt16BE(answers === fourAddresses ? 4 : answers === undefined ? 0 : 1, 6);
  reply.writeUInt16BE(answers === undefined ? 1 : 0, 8);
  reply.writeUInt16BE(wantsOpt ? 1 : 0, 10);
  section.copy(reply, question.end);
  if (wantsOpt) opt.copy(reply, question.end + section.length);
  return reply;
}

function recordsFor(question: Question): Buffer | undefined {
  if (question.type === TYPE_AAAA) return longAddress;
  if (question.type !== TYPE_A) return undefined;
  return question.pooled ? fourAddresses : oneAddress;
}

function readQuestion(query: Buffer): Question | undefined {
  if (query.length < 17 || query.readUInt16BE(4) !== 1) return undefined;
  // A reply, or an opcode that is not QUERY.
  if ((query.readUInt8(2) & 0xf8) !== 0) return undefined;
  let offset = 12;
  let lastLabel = offset;
  for (;;) {
    const length = query.readUInt8(offset);
    if (length === 0) break;
    lastLabel = offset;
    offset += length + 1;
    if (length > 63 || offset - 12 >= MAX_NAME || offset + 5 > query.length) return undefined;
  }
  return {
    end: offset + 5,
    type: query.readUInt16BE(offset + 1),
    pooled: query.toString('latin1', 13, 17).toLowerCase() === 'pool',
    denied: query.toString('latin1', lastLabel, offset).toLowerCase() === '\x02nx',
  };
}

/** A record of class IN whose owner is the question's name, by a pointer to it (RFC 1035 section 4.1.4). */
function record(type: number, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt16BE(0xc00c, 0);
  bytes.writeUInt16BE(type, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt32BE(TTL, 6);
  bytes.writeUInt16BE(data.length, 10);
  data.copy(bytes, 12);
  return bytes;
}

/** The SOA of every denial: the root's, so that it lies above whatever name was denied. */
function startOfAuthority(): Buffer {
  const root = Buffer.of(0);
  const numbers = Buffer.alloc(20);
  [1, 7200, 900, 86400, TTL].forEach((value, index) => {
    numbers.writeUInt32BE(value, index * 4);
  });
  const data = Buffer.concat([root, root, numbers]);
  return Buffer.concat([root, record(TYPE_SOA, data).subarray(2)]);
}

let queries = 0;
let late = 0;

/** Serves UDP on a port that the system chooses unless one is wanted, then TCP on the same one; another one if that is taken. */
function serve(wanted: number): void {
  const options: SocketOptions = {
    type: 'udp4',
    recvBufferSize: 4 << 20,
    // Addresses of clients are addresses already: this saves the look-up that dgram makes for each message.
    lookup: (host, _options, callback) => callback(null, host, 4),
  };
  const socket = createSocket(options);
  socket.on('message', (query, client) => {
    queries += 1;
    const reply = answer(query);
    if (reply !== undefined) whenDue(() => socket.send(reply, client.port, client.address));
  });
  socket.bind(wanted, '127.0.0.1', () => {
    const { port } = socket.address();
    const server = createServer({ noDelay: true }, answerConnection);
    server.once('error', (error) => {
      if (wanted !== 0) throw error;
      socket.close();
      serve(0);
    });
    server.listen(port, '127.0.0.1', () => process.send?.({ port }));
  });
}

function whenDue(send: () => void): void {
  if (late === 0) send();
  else setTimeout(send, late);
}

/** Answers the messages of one connection, each behind its length in two octets (RFC 1035 section 4.2.2). */
function answerConnection(connection: Socket): void {
  let received: Buffer = Buffer.alloc(0);
  connection.on('error', () => connection.destroy());
  connection.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const reply = answer(received.subarray(2, end));
      received = received.subarray(end);
      queries += 1;
      if (reply === undefined) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      whenDue(() => connection.write(Buffer.concat([length, reply])));
    }
  });
}

function main(): void {
  process.on('message', () => process.send?.({ queries }));
  process.on('disconnect', () => process.exit(0));
  const [port = 0, milliseconds = 0] = process.argv.slice(2).map(Number);
  late = milliseconds;
  serve(port);
}

if (import.meta.main) main();
