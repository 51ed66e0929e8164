// What a message lacks when it must be short, and when it says so by TC (RFC 2181 section 9, RFC 6891 section 7, RFC 8914 section 3, RFC 9471).
import { describe, expect, test } from 'vitest';
import { parseName } from '../../src/dns/name.ts';
import { makeQuery, ownClient } from '../../src/dns/own-query.ts';
import { presentRecord } from '../../src/dns/presentation.ts';
import { type ResourceRecord, record } from '../../src/dns/record.ts';
import { isCut, render } from '../../src/dns/render.ts';
import { Reply } from '../../src/dns/reply.ts';

const host = (name: string, last: number, type = 'A') =>
  record({ name, type, ttl: 60, data: type === 'A' ? `192.0.2.${last}` : `2001:db8::${last}` });
const hosts = (count: number, name = (i: number) => `h${i}.test.`) => Array.from({ length: count }, (_, i) => host(name(i), i % 256));
const ns = (zone: string, server: string) => record({ name: zone, type: 'NS', ttl: 60, data: server });
const soa = record({
  name: 'test.',
  type: 'SOA',
  data: { mname: 'ns.test.', rname: 'host.test.', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 },
});

/** What a client gets over UDP: with EDNS when it says how much it takes. */
function received(reply: Reply, udpSize?: number, type = 'A') {
  const client = { ...ownClient, transport: 'udp' } as const;
  const plain = makeQuery({ name: parseName('www.test'), type, client, receivedAt: 0 });
  const query = udpSize === undefined ? plain : plain.with({ udpSize });
  const out = Buffer.alloc(65535);
  const length = render(reply, query, out, query.replyLimit);
  expect(length).toBeLessThanOrEqual(query.replyLimit);
  const got = Reply.fromWire(Buffer.from(out.subarray(0, length)));
  expect(isCut(reply, query)).toBe(got.truncated);
  return { length, got, lines: (records: readonly ResourceRecord[]) => records.map(presentRecord) };
}

const answers = Array.from({ length: 3 }, (_, i) => host('www.test.', i));

describe('additional records', () => {
  test.each([undefined, 512, 700])('that do not fit in a message for %s octets are left out without TC', (size) => {
    const additionals = hosts(26);
    const { got, lines } = received(Reply.answer(answers, { authorities: [ns('test.', 'h1.test.')], additionals }), size);
    expect(got.truncated).toBe(false);
    expect(got.answers).toHaveLength(3);
    expect(got.authorities).toHaveLength(1);
    expect(got.additionals.length).toBeGreaterThan(10);
    expect(got.additionals.length).toBeLessThan(additionals.length + 1);
    expect(lines(additionals)).toEqual(expect.arrayContaining(lines(got.additionals)));
  });

  test('stay in sets: none is given in part, whatever stands between its records', () => {
    const names = ['a.test.', 'b.test.', 'c.test.', 'd.test.'];
    const additionals = Array.from({ length: 40 }, (_, i) => host(names[i % names.length] ?? '', i));
    const { got } = received(Reply.answer(answers, { additionals }));
    const counts = names.map((name) => got.additionals.filter((each) => each.name === name).length);
    expect(new Set(counts)).toEqual(new Set([0, 10]));
    expect(got.truncated).toBe(false);
  });

  test('that are small take the room that a large set before them has no use for', () => {
    const large = record({ name: 'large.test.', type: 'TXT', ttl: 60, data: ['x'.repeat(250), 'y'.repeat(250)] });
    const { got } = received(Reply.answer(answers, { additionals: [large, host('small.test.', 1)] }));
    expect(got.additionals.map(({ name }) => name)).toEqual(['small.test.']);
  });

  test('keep names whole that stood in what was left out', () => {
    const large = record({ name: 'shared.name.test.', type: 'TXT', ttl: 60, data: ['x'.repeat(250), 'y'.repeat(250)] });
    const { got } = received(Reply.answer(answers, { additionals: [large, host('small.shared.name.test.', 1), host('name.test.', 2)] }));
    expect(got.additionals.map(presentRecord)).toEqual(['small.shared.name.test. 60 IN A 192.0.2.1', 'name.test. 60 IN A 192.0.2.2']);
  });

  test('of a denial are left out, too', () => {
    const { got } = received(Reply.empty('NXDOMAIN', { authorities: [soa], additionals: hosts(40) }));
    expect([got.truncated, got.authorities.length]).toEqual([false, 1]);
  });

  test('are left out of what no message holds, over TCP as well', () => {
    const additionals = hosts(3000, (i) => `a-long-name-so-that-it-takes-some-room-${i}.test.`);
    const query = makeQuery({ name: parseName('www.test'), type: 'A', client: ownClient, receivedAt: 0 });
    for (const asker of [query, query.with({ udpSize: 1232 })]) {
      const out = Buffer.alloc(65535);
      const length = render(Reply.answer(answers, { additionals }), asker, out, asker.replyLimit);
      const got = Reply.fromWire(Buffer.from(out.subarray(0, length)));
      expect([got.truncated, got.answers.length]).toEqual([false, 3]);
      expect(got.additionals.length).toBeGreaterThan(500);
    }
  });
});

test.each([
  ['answers', Reply.answer(Array.from({ length: 60 }, (_, i) => host('www.test.', i)))],
  ['name servers', Reply.answer(answers, { authorities: hosts(60).map(({ name }) => ns('test.', name)) })],
  ['answers no message holds', Reply.answer(hosts(5000, () => 'www.test.'))],
])('%s that do not fit set TC', (_, reply) => {
  expect(received(reply).got.truncated).toBe(true);
  expect(received(reply, 700).got.truncated).toBe(true);
});

describe('glue of a referral', () => {
  const servers = Array.from({ length: 12 }, (_, i) => `ns${i}.www.test.`);
  const authorities = servers.map((name) => ns('www.test.', name));
  const glue = servers.flatMap((name, i) => [host(name, i), host(name, i, 'AAAA')]);
  const referral = (additionals: readonly ResourceRecord[], more = {}) =>
    Reply.empty('NOERROR', { authoritative: false, authorities, additionals, ...more });

  test('within the zone sets TC when it does not fit', () => {
    expect(received(referral(glue)).got.truncated).toBe(true);
    expect(received(referral(glue), 1232).got).toMatchObject({ truncated: false, additionals: { length: 24 } });
  });

  test('behind an alias does, too', () => {
    const alias = record({ name: 'www.test.', type: 'CNAME', ttl: 60, data: 'x.www.test.' });
    expect(received(referral(glue, { answers: [alias] })).got.truncated).toBe(true);
  });

  test('comes before records that may be left out', () => {
    const { got } = received(referral([...hosts(26), ...glue.slice(0, 4)]));
    expect(got.truncated).toBe(false);
    expect(got.additionals.map(presentRecord)).toEqual(expect.arrayContaining(glue.slice(0, 4).map(presentRecord)));
  });

  test.each([
    ['of servers elsewhere', Reply.empty('NOERROR', { authorities: hosts(8).map(({ name }) => ns('www.test.', name)), additionals: hosts(40) })],
    ['beside an answer', Reply.answer(answers, { authorities: authorities.slice(0, 6), additionals: glue })],
    ['beside a denial', Reply.empty('NXDOMAIN', { authorities: [soa, ...authorities.slice(0, 6)], additionals: glue })],
  ])('%s may be left out', (_, reply) => {
    expect(received(reply).got.truncated).toBe(false);
  });
});

describe('the OPT record', () => {
  /** A reply of exactly this many octets without OPT record. */
  const ofLength = (octets: number) => {
    const text = (length: number) =>
      Reply.answer([
        record({ name: 'www.test.', type: 'TXT', ttl: 60, data: ['x', 'y', 'z'].map((letter, i) => letter.repeat(i === 2 ? length : 200)) }),
      ]);
    return text(octets - received(text(0)).length);
  };

  test.each([
    [501, false],
    [502, true],
    [512, true],
  ])('counts: a reply of %i octets is cut for a client that speaks EDNS and takes 512: %s', (octets, cut) => {
    expect(received(ofLength(octets)).length).toBe(octets);
    expect(received(ofLength(octets)).got).toMatchObject({ truncated: false, answers: { length: 1 } });
    const { got, length } = received(ofLength(octets), 512);
    expect(got).toMatchObject({ truncated: cut, answers: { length: cut ? 0 : 1 } });
    expect(length).toBeLessThanOrEqual(512);
  });

  test('loses extended errors before the reply loses an answer, and TC says so', () => {
    const reply = ofLength(490).with({ extendedError: { code: 15, text: 'e'.repeat(20) } });
    expect(received(reply, 512).got).toMatchObject({ truncated: true, answers: { length: 1 }, options: [] });
    expect(received(reply, 1232).got).toMatchObject({ truncated: false, options: [{ code: 15 }] });
  });

  test('keeps extended errors where additional records make room', () => {
    const reply = Reply.answer(answers, { additionals: hosts(26) }).with({ extendedError: 3 });
    expect(received(reply, 512).got).toMatchObject({ truncated: false, answers: { length: 3 }, options: [{ code: 15 }] });
  });

  test('stays without options that leave no room for the question', () => {
    for (const code of [15, 12]) {
      const reply = Reply.answer(answers, { options: [{ code, data: Buffer.alloc(600) }] });
      expect(received(reply, 512).got).toMatchObject({ truncated: true, options: [] });
    }
  });
});
