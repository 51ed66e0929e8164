// Messages that the micro benches work on.
import { readQuery } from '../../src/dns/header.ts';
import type { Query } from '../../src/dns/query.ts';
import type { Peer } from '../../src/transport/answerer.ts';
import { encodeQuery } from '../query.ts';
import { answer } from '../upstream.ts';

export const client: Peer = {
  address: '127.0.0.1',
  port: 1053,
  family: 4,
  transport: 'udp',
  localAddress: '127.0.0.1',
  localPort: 53,
  // As the transport of Linux does.
  writeAddress(words) {
    words[0] = 0x7f000001;
    return 1;
  },
  send() {},
  sendNothing() {},
};

/** An OPT record that offers 1232 octets. */
const opt = Buffer.from('00002904d0000000000000', 'hex');

/** The query for A of `name` as a stub resolver sends it, with an OPT record or without. */
export function queryMessage(name: string, edns = false): Buffer {
  const message = encodeQuery(1, name);
  if (!edns) return message;
  message.writeUInt16BE(1, 10);
  return Buffer.concat([message, opt]);
}

/** The same message as the server reads it. */
export function queryOf(message: Buffer): Query {
  const query = readQuery(message, 0, message.length, client, 0);
  if (typeof query === 'number') throw new Error(`the sample is no query: verdict ${query}`);
  return query;
}

/** What the bench's upstream answers: one address, four for names that start with "pool", NXDOMAIN below nx. */
export function answerTo(message: Buffer): Buffer {
  const reply = answer(message);
  if (reply === undefined) throw new Error('the upstream does not answer the sample');
  return reply;
}

/** So many different names. */
export function names(count: number, first = 'name'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${first}${index}.micro.bench.`);
}

/** An item for each call, in an order that jumps about as clients do. */
export function pick<T>(items: readonly T[], call: number): T {
  const item = items[(call * 7919) % items.length];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}
