// A section has no record twice (RFC 2181 section 5), whatever a reply is made of.
import { describe, expect, test } from 'vitest';
import { writeMessage } from '../../src/dns/message-writer.ts';
import { nameToWire } from '../../src/dns/name.ts';
import { type RecordFields, type ResourceRecord, record } from '../../src/dns/record.ts';
import { Reply } from '../../src/dns/reply.ts';
import { questionOf } from '../../src/dns/wire.ts';

const name = 'www.example.org.';
const make = (type: string, data: RecordFields['data'], more: Partial<RecordFields> = {}) => record({ name, type, ttl: 60, data, ...more });
const a = (last: number, more?: Partial<RecordFields>) => make('A', `192.0.2.${last}`, more);
const soa = make('SOA', { mname: 'ns.example.org', rname: 'h.example.org', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 });
const texts = (records: readonly ResourceRecord[]) =>
  records.map(({ name: owner, type, ttl, data }) => `${owner} ${ttl} ${type} ${JSON.stringify(data)}`);

/** As another server sends it, names compressed. */
function received(
  answers: readonly ResourceRecord[],
  authorities: readonly ResourceRecord[] = [],
  additionals: readonly ResourceRecord[] = [],
): Reply {
  const question = questionOf(nameToWire(name), 1, 1).subarray(12);
  return Reply.fromWire(writeMessage({ question, flags: 0x8000, sections: { answers, authorities, additionals } }, 65_535).bytes);
}

/** One record of each kind of data: fixed, with names that are compressed, with names that are not, with strings. */
const kinds: readonly (readonly [string, unknown])[] = [
  ['A', '192.0.2.1'],
  ['AAAA', '2001:db8::1'],
  ['NS', 'ns.example.org'],
  ['CNAME', 'alias.example.net'],
  ['MX', { preference: 10, exchange: 'mail.example.org' }],
  ['SRV', { priority: 1, weight: 2, port: 80, target: 'host.example.org' }],
  ['TXT', 'text'],
  ['SOA', { mname: 'ns.example.org', rname: 'h.example.org', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }],
];

describe.each([
  [
    'made',
    (...sections: (readonly ResourceRecord[])[]) =>
      Reply.answer(sections[0] ?? [], { authorities: sections[1] ?? [], additionals: sections[2] ?? [] }),
  ],
  ['received', received],
])('a reply that is %s', (_, reply) => {
  test.each(kinds)('has a %s record once in each section', (type, data) => {
    const twice = [a(9), make(type, data), make(type, data, { name: 'WWW.example.ORG.' })];
    const once = texts([a(9), make(type, data)]);
    const { answers, authorities, additionals } = reply(twice, twice, twice);
    for (const section of [answers, authorities, additionals]) expect(texts(section)).toEqual(once);
  });

  test.each([
    ['NS', 'NS.Example.ORG'],
    ['CNAME', 'ALIAS.example.NET'],
    ['MX', { preference: 10, exchange: 'MAIL.example.org' }],
    ['SRV', { priority: 1, weight: 2, port: 80, target: 'HOST.example.org' }],
    ['SOA', { mname: 'NS.example.org', rname: 'H.example.org', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }],
  ])('has a %s record once whose data is in another letter case', (type, data) => {
    const first = make(type, kinds.find(([kind]) => kind === type)?.[1]);
    const many = Array.from({ length: 80 }, (_, i) => a(i));
    for (const others of [[a(9)], many]) {
      expect(texts(reply([], [...others, first, make(type, data)]).authorities)).toEqual(texts([...others, first]));
    }
  });

  test('keeps texts that differ in letter case', () => {
    const both = [make('TXT', 'text'), make('TXT', 'Text')];
    expect(texts(reply(both).answers)).toEqual(texts(both));
  });

  test('keeps the lower of two TTLs, and all that differs in owner, type or data', () => {
    const other = a(1, { name: 'w.example.org.' });
    expect(texts(reply([a(1), a(1, { ttl: 5 }), a(2), other, a(1, { ttl: 90 })]).answers)).toEqual(texts([a(1, { ttl: 5 }), a(2), other]));
  });

  test('has each once where there are many', () => {
    const many = Array.from({ length: 200 }, (_, i) => a(i % 100));
    expect(texts(reply(many).answers)).toEqual(texts(many.slice(0, 100)));
  });

  test('is left as it is when it is a zone transfer', () => {
    const transfer = [soa, a(1), a(2), a(1), soa];
    expect(reply(transfer).answers).toHaveLength(5);
    expect(reply([soa, soa]).answers).toHaveLength(1);
  });
});

test('records that are merged are each there once', () => {
  expect(texts(Reply.answer([a(1)]).with({ answers: [a(2), a(1), a(2)] }).answers)).toEqual(texts([a(2), a(1)]));
});

test('a received reply without repeats keeps its bytes', () => {
  const reply = received([a(1), a(2)], [make('NS', 'ns.example.org'), make('NS', 'ns2.example.org')]);
  expect(reply.recordCount).toBe(4);
  expect(reply.recordsIdentity).toHaveProperty('recordsStart');
});
