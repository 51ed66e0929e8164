// The upstream of the bench: what it answers, and that it lives and ends as a process of its own.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode, type Packet } from 'dns-packet';
import { expect, onTestFinished, test } from 'vitest';
import { createChildren, hasEnded } from '../../bench/children.ts';
import { encodeQuery, waitForAnswer } from '../../bench/query.ts';
import { startUpstream } from '../../bench/start.ts';
import { answer } from '../../bench/upstream.ts';

function ask(name: string, type: string, more: Partial<Packet> = {}): Packet & { rcode?: string } {
  const query = { type: 'query', id: 4711, flags: 0x0100, questions: [{ name, type }], ...more };
  const reply = answer(Buffer.from(encode(query as Packet)));
  if (reply === undefined) throw new Error('no reply');
  return decode(reply) as Packet & { rcode?: string };
}

test('an address query is answered with one address, under the id and the name that were asked', () => {
  expect(ask('WWW.example.org', 'A')).toMatchObject({
    id: 4711,
    type: 'response',
    rcode: 'NOERROR',
    flag_rd: true,
    flag_ra: true,
    questions: [{ name: 'WWW.example.org', type: 'A' }],
    answers: [{ name: 'WWW.example.org', type: 'A', ttl: 3600, data: '192.0.2.1' }],
    authorities: [],
  });
});

test('AAAA has one address', () => {
  expect(ask('www.example.org', 'AAAA').answers).toMatchObject([{ type: 'AAAA', data: '2001:db8::1' }]);
});

test('a name whose first label starts with pool has four addresses', () => {
  const addresses = ask('pool8.example.org', 'A').answers?.map((record) => Reflect.get(record, 'data'));
  expect(addresses).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']);
});

test('names under nx. do not exist, in any case of letters, and come with the SOA that makes this cacheable', () => {
  expect(ask('a.b.Nx', 'A')).toMatchObject({
    rcode: 'NXDOMAIN',
    answers: [],
    authorities: [{ name: '.', type: 'SOA', ttl: 3600, data: { minimum: 3600 } }],
  });
  expect(ask('a.nx.b', 'A').rcode).toBe('NOERROR');
});

test('another type is an empty answer with an SOA', () => {
  expect(ask('www.example.org', 'TXT')).toMatchObject({
    rcode: 'NOERROR',
    answers: [],
    authorities: [{ type: 'SOA' }],
  });
});

test('a query with EDNS gets EDNS back', () => {
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] };
  const reply = ask('www.example.org', 'A', { additionals: [opt] } as unknown as Partial<Packet>);
  expect(reply.answers).toHaveLength(1);
  expect(reply.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
});

test('replies, other opcodes, and messages cut off anywhere are left alone', () => {
  const query = encodeQuery(1, 'www.example.org.');
  for (let length = 0; length < query.length; length += 1) expect(answer(query.subarray(0, length))).toBeUndefined();
  const reply = Buffer.from(query);
  reply.writeUInt8(0x80, 2);
  expect(answer(reply)).toBeUndefined();
  const update = Buffer.from(query);
  update.writeUInt8(5 << 3, 2);
  expect(answer(update)).toBeUndefined();
  expect(answer(query)).toBeDefined();
});

test('a name that never ends is left alone', () => {
  const endless = Buffer.alloc(600, 0x3f);
  encodeQuery(1, 'a.').copy(endless, 0, 0, 12);
  expect(answer(endless)).toBeUndefined();
});

test('as a process it answers on 127.0.0.1, counts what it received, and ends when it is stopped', async () => {
  const children = createChildren();
  onTestFinished(children.end);
  const upstream = await startUpstream(children, undefined);
  const { port } = upstream;
  await waitForAnswer({ port, name: 'a.nx.', rcode: 3, milliseconds: 5000, check: () => {} });
  const before = await upstream.queries();
  expect(before).toBeGreaterThan(0);
  const socket = createSocket('udp4');
  socket.send(encodeQuery(7, 'counted.example.'), port, '127.0.0.1');
  const [reply] = await once(socket, 'message');
  socket.close();
  expect(reply.readUInt16BE(0)).toBe(7);
  expect(await upstream.queries()).toBe(before + 1);
  await upstream.stop();
});

test('waiting for an answer ends with what came instead', async () => {
  const children = createChildren();
  onTestFinished(children.end);
  const { port, stop } = await startUpstream(children, undefined);
  const wait = { port, name: 'a.nx.', rcode: 0, milliseconds: 50, check: () => {} };
  await expect(waitForAnswer(wait)).rejects.toThrow('answer with code 3 for a.nx.');
  await stop();
});

test('a child that does not end in time is killed, and that is an error', async () => {
  const children = createChildren();
  onTestFinished(children.end);
  const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
  const child = children.start({ command, output: 'endless.out' });
  await expect(children.finish(child, 1)).rejects.toThrow('SIGKILL');
  expect(hasEnded(child)).toBe(true);
});
