// Asks a server over a real socket and reads the answer as records in presentation form.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type ClientSubnet, clientSubnetOf, clientSubnetOption } from '../dns/client-subnet.ts';
import type { Rcode } from '../dns/codes.ts';
import { headerFlag } from '../dns/codes.ts';
import type { Option } from '../dns/edns.ts';
import { extendedErrorsOf } from '../dns/extended-error.ts';
import { nameToWire, parseName } from '../dns/name.ts';
import { makeQuery } from '../dns/own-query.ts';
import { presentRecord } from '../dns/presentation.ts';
import type { QueryChange } from '../dns/query-fields.ts';
import type { ResourceRecord } from '../dns/record.ts';
import { Reply } from '../dns/reply.ts';
import { readUint16 } from '../dns/wire.ts';

/** One question, and how to ask it. */
export interface Ask {
  readonly port: number;
  readonly name: string;
  readonly type?: string;
  readonly class?: string;
  /** 127.0.0.1 unless given. */
  readonly address?: string;
  /** The address to ask from; the system chooses one unless given. */
  readonly from?: string;
  readonly transport?: 'udp' | 'tcp';
  /** Adds an OPT record that takes so many octets. */
  readonly udpSize?: number;
  /** The DO bit; adds an OPT record. */
  readonly dnssecOk?: boolean;
  /** A client subnet, as "192.0.2.0/24" (RFC 7871); adds an OPT record. */
  readonly clientSubnet?: string;
  /** EDNS options; adds an OPT record. */
  readonly options?: readonly Option[];
  /** The RD bit; set unless given. */
  readonly recursionDesired?: boolean;
  /** The AD bit: the asker understands it in the answer. */
  readonly authenticData?: boolean;
  /** The CD bit. */
  readonly checkingDisabled?: boolean;
  /** Milliseconds until silence is an error; 20,000 unless given, as a test may share its machine. */
  readonly timeout?: number;
}

/** What came back. */
export interface Answer {
  readonly rcode: Rcode;
  readonly reply: Reply;
  /** Names of the header bits that are set: "aa", "tc", "rd", "ra", "ad", "cd". */
  readonly flags: readonly string[];
  /** Records as "www.example.org. 30 IN A 192.0.2.1". */
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  readonly additionals: readonly string[];
  /** The EDNS options; empty without an OPT record. */
  readonly options: readonly Option[];
  readonly extendedErrors: readonly { readonly code: number; readonly text: string }[];
  readonly clientSubnet: ClientSubnet | undefined;
  /** The message as it came. */
  readonly wire: Buffer;
}

const bits = {
  aa: headerFlag.authoritative,
  tc: headerFlag.truncated,
  rd: headerFlag.recursionDesired,
  ra: headerFlag.recursionAvailable,
  ad: headerFlag.authenticData,
  cd: headerFlag.checkingDisabled,
};

/** Asks one question and waits for the reply with its id. Rejects when none comes in time, and when the question cannot be asked. */
export async function ask(question: Ask): Promise<Answer> {
  const id = randomInt(0x10000);
  const query = makeQuery({
    name: parseName(question.name),
    type: question.type ?? 'A',
    class: question.class ?? 'IN',
    recursionDesired: question.recursionDesired ?? true,
    client: { address: '127.0.0.1', port: 0, family: 4, transport: 'udp', localAddress: '', localPort: 0 },
    receivedAt: 0,
  }).with({
    checkingDisabled: question.checkingDisabled ?? false,
    authenticData: question.authenticData ?? false,
    ...ednsOf(question),
  });
  const message = query.toWire(id);
  // The letter case of the name is the asker's.
  message.set(nameToWire(question.name), 12);
  const wire = await (question.transport === 'tcp' ? overTcp : overUdp)(message, question);
  return read(wire);
}

function read(wire: Buffer): Answer {
  const word = readUint16(wire, 2);
  const flags = Object.entries(bits).flatMap(([name, bit]) => ((word & bit) === 0 ? [] : [name]));
  // A refused message comes back without a question.
  const reply = readUint16(wire, 4) === 0 ? Reply.decline(`RCODE${word & headerFlag.rcode}`) : Reply.fromWire(wire);
  const present = (records: readonly ResourceRecord[]) => records.map(presentRecord);
  const { answers, authorities, additionals, options } = reply;
  const sections = { answers: present(answers), authorities: present(authorities), additionals: present(additionals) };
  const edns = { options, extendedErrors: extendedErrorsOf(options), clientSubnet: clientSubnetOf(options) };
  return { rcode: reply.rcode, reply, flags, ...sections, ...edns, wire };
}

/** What stands in the OPT record, if there is to be one. */
function ednsOf({ clientSubnet, options, dnssecOk, udpSize }: Ask): QueryChange {
  const given = clientSubnet === undefined ? options : [...(options ?? []), clientSubnetOption({ network: clientSubnet })];
  return {
    ...(given === undefined ? {} : { options: given }),
    ...(dnssecOk === undefined ? {} : { dnssecOk }),
    ...(udpSize === undefined ? {} : { udpSize }),
  };
}

function overUdp(message: Buffer, question: Ask): Promise<Buffer> {
  const address = question.address ?? '127.0.0.1';
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  return waitFor(question, (resolve, reject) => {
    socket.on('message', (reply) => {
      if (readUint16(reply, 0) === readUint16(message, 0)) resolve(reply);
    });
    socket.on('error', reject);
    socket.bind({ port: 0, ...(question.from === undefined ? {} : { address: question.from }) }, () => {
      socket.connect(question.port, address, () => socket.send(message));
    });
  }).finally(() => socket.close());
}

function overTcp(message: Buffer, question: Ask): Promise<Buffer> {
  const { port, address = '127.0.0.1', from } = question;
  const socket = connect({ port, host: address, ...(from === undefined ? {} : { localAddress: from }) });
  return waitFor(question, (resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) resolve(received.subarray(2, 2 + received.readUInt16BE(0)));
    });
    socket.on('error', reject);
    socket.on('end', () => reject(new Error('connection closed without a reply')));
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
  }).finally(() => socket.destroy());
}

function waitFor(question: Ask, run: (resolve: (reply: Buffer) => void, reject: (error: Error) => void) => void): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timeout = question.timeout ?? 20_000;
  const timer = setTimeout(() => reject(new Error(`no reply to ${question.name} ${question.type ?? 'A'} in ${timeout} ms`)), timeout);
  run(resolve, reject);
  return promise.finally(() => clearTimeout(timer));
}
