import { describe, expect, test } from 'vitest';
import { parseName } from '../../src/dns/name.ts';
import { makeQuery } from '../../src/dns/own-query.ts';
import { presentRecord } from '../../src/dns/presentation.ts';
import type { Query } from '../../src/dns/query.ts';
import { record } from '../../src/dns/record.ts';
import { render } from '../../src/dns/render.ts';
import { Reply } from '../../src/dns/reply.ts';
import { FormatError } from '../../src/dns/wire.ts';

const client = { address: '192.0.2.9', port: 53, family: 4, transport: 'udp', localAddress: '192.0.2.53', localPort: 53 } as const;
const query = (name: string, type = 'A'): Query => makeQuery({ name: parseName(name), type, client, receivedAt: 0 });
const out = Buffer.alloc(65535);

function sent(reply: Reply, to: Query, limit = 65535): { message: Buffer; reply: Reply } {
  const message = Buffer.from(out.subarray(0, render(reply, to, out, limit)));
  return { message, reply: Reply.fromWire(message) };
}

const everyType = [
  record({ name: 'x.test.', type: 'A', data: '192.0.2.1' }),
  record({ name: 'x.test.', type: 'AAAA', data: '2001:db8::1' }),
  record({ name: 'x.test.', type: 'CNAME', data: 'y.x.test.' }),
  record({ name: 'x.test.', type: 'MX', data: { preference: 10, exchange: 'mail.x.test.' } }),
  record({ name: 'x.test.', type: 'SRV', data: { priority: 1, weight: 2, port: 3, target: 'a\\.b.test.' } }),
  record({ name: 'x.test.', type: 'TXT', data: ['one', 'two "quoted"'] }),
  record({ name: 'x.test.', type: 'PTR', data: 'ptr.test.' }),
  record({ name: 'x.test.', type: 'NS', data: 'ns.test.' }),
  record({ name: 'x.test.', type: 'DNAME', data: 'other.test.' }),
  record({
    name: 'test.',
    type: 'SOA',
    data: { mname: 'ns.test.', rname: 'root.test.', serial: 4_000_000_000, refresh: 1, retry: 2, expire: 3, minimum: 4 },
  }),
  record({
    name: 'x.test.',
    type: 'HTTPS',
    data: { priority: 1, target: '.', params: { 1: Buffer.from('\x02h2'), 4: Buffer.from([192, 0, 2, 1]) } },
  }),
  record({ name: 'x.test.', type: 'CAA', data: { flags: 0, tag: 'issue', value: 'ca.test' } }),
  record({ name: 'x.test.', type: 'TYPE65280', data: Buffer.from([1, 2, 3]) }),
];

test('records of every type come back as they were sent, names compressed or not', () => {
  const { reply } = sent(Reply.answer(everyType), query('x.test.'));
  expect(reply.answers.map(presentRecord)).toEqual(everyType.map(presentRecord));
  expect(reply.answers.map(({ rdata }) => Buffer.from(rdata).toString('hex'))).toEqual(
    everyType.map(({ rdata }) => Buffer.from(rdata).toString('hex')),
  );
});

test('the RDATA of a record that is kept keeps no other memory', () => {
  const { reply } = sent(Reply.answer(everyType), query('x.test.'));
  expect(reply.answers.map(({ rdata }) => rdata.buffer.byteLength)).toEqual(everyType.map(({ rdata }) => rdata.length));
});

test('names of the question and of records before are pointed to (RFC 1035 section 4.1.4)', () => {
  const answers = Array.from({ length: 4 }, (_, i) => record({ name: 'x.test.', type: 'A', data: `192.0.2.${i}` }));
  const { message } = sent(Reply.answer(answers), query('x.test.'));
  expect(message).toHaveLength(12 + 8 + 4 + 4 * 16);
});

test('a reply keeps its bytes: given again for another id and letter case it is not encoded again', () => {
  const reply = Reply.answer([record({ name: 'x.test.', type: 'A', data: '192.0.2.1' })]);
  const form = reply.formFor(query('x.test.'));
  expect(reply.formFor(query('X.TEST.'))).toBe(form);
  expect(reply.aged(7, 0).formFor(query('x.test.'))).toBe(form);
});

test('an aged reply has the one TTL on every record', () => {
  const aged = Reply.answer(everyType).aged(7, 0);
  expect(sent(aged, query('x.test.')).reply.answers.every(({ ttl }) => ttl === 7)).toBe(true);
  expect(aged.answers.every(({ ttl }) => ttl === 7)).toBe(true);
});

describe('a reply that is too long', () => {
  const many = Array.from({ length: 60 }, (_, i) => record({ name: `n${i}.x.test.`, type: 'TXT', data: ['t'.repeat(40)] }));

  test.each([512, 1232, 4096])('has at most %i octets, whole records and TC', (limit) => {
    const { message, reply } = sent(Reply.answer(many), query('x.test.'), limit);
    expect(message.length).toBeLessThanOrEqual(limit);
    expect(reply.answers.length).toBeLessThanOrEqual(60);
    expect(reply.truncated).toBe(reply.answers.length < 60);
    expect(reply.answers.map(presentRecord)).toEqual(many.slice(0, reply.answers.length).map(presentRecord));
  });

  test('keeps its OPT record (RFC 6891 section 7)', () => {
    const asker = query('x.test.').with({ udpSize: 512, dnssecOk: true });
    const { message } = sent(Reply.answer(many), asker, 512);
    expect(message.length).toBeLessThanOrEqual(512);
    expect(message.subarray(-11).toString('hex')).toBe('0000290200000080000000');
  });
});

test('of two thousand unrelated names as many are written as fit, whole', () => {
  const many = Array.from({ length: 2000 }, (_, i) => record({ name: `a${i}.b${i * 7}.c${i * 13}.test.`, type: 'A', data: '192.0.2.1' }));
  expect(sent(Reply.answer(many), query('x.test.')).reply.answers.length).toBeGreaterThan(1500);
});

describe('a message of another server', () => {
  const good = () => Buffer.from(sent(Reply.answer(everyType.slice(0, 4)), query('x.test.')).message);

  test('is refused when it is cut anywhere', () => {
    const message = good();
    for (let length = 12; length < message.length; length++) {
      expect(() => Reply.fromWire(message.subarray(0, length)), `${length} octets`).toThrow(FormatError);
    }
  });

  test('never does anything but parse or be refused, whatever bytes are flipped', () => {
    const message = good();
    for (let at = 12; at < message.length; at++) {
      for (const byte of [0, 1, 0x3f, 0x40, 0xc0, 0xff]) {
        const broken = Buffer.from(message);
        broken[at] = byte;
        try {
          for (const { data, name } of Reply.fromWire(broken).answers) expect([typeof data, typeof name]).toBeTruthy();
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }
    }
  });

  test.each([
    ['a pointer to itself', 'c018'],
    ['a pointer into the header', 'c000'],
    ['a pointer forward', 'c0ff'],
  ])('is refused for %s (RFC 9267 section 2)', (_, pointer) => {
    const question = Buffer.from('000081800001000100000000' + '01780474657374000001' + '0001', 'hex');
    const message = Buffer.concat([question, Buffer.from(`${pointer}000100010000003c0004c0000201`, 'hex')]);
    expect(() => Reply.fromWire(message)).toThrow(FormatError);
  });

  test('has no negative TTL: one above 2^31-1 counts as 0 (RFC 2181 section 8)', () => {
    const message = good();
    message.writeUInt32BE(0xffffffff, message.indexOf(Buffer.from('00000e10', 'hex')));
    expect(Reply.fromWire(message).answers[0]?.ttl).toBe(0);
    expect(sent(Reply.fromWire(message), query('x.test.')).reply.answers[0]?.ttl).toBe(0);
  });

  test('keeps its records but not its OPT record', () => {
    const asker = query('x.test.').with({ udpSize: 1232 });
    const { message } = sent(Reply.answer(everyType.slice(0, 1)), asker);
    const { message: again } = sent(Reply.fromWire(message), query('x.test.'));
    expect(again.readUInt16BE(10)).toBe(0);
    expect(again).toHaveLength(message.length - 11);
  });
});
