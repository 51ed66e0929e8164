// Records made of a plugin's data: whatever is taken survives the wire, whatever is not is refused with the field, what was found and what was expected.
import fc, { type Arbitrary } from 'fast-check';
import { QueryError, type Rcode, Reply, record } from 'ferrydns/plugin';
import { describe, expect, test } from 'vitest';
import { encodeRdata } from '../../src/dns/codec.ts';
import { typeCode } from '../../src/dns/codes.ts';
import { parseName } from '../../src/dns/name.ts';
import { makeQuery, ownClient } from '../../src/dns/own-query.ts';
import { presentRecord } from '../../src/dns/presentation.ts';
import { ResourceRecord } from '../../src/dns/record.ts';

const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const octets = (most: number, least = 0) => fc.uint8Array({ minLength: least, maxLength: most }).map((bytes) => Buffer.from(bytes));
const label = fc.uint8Array({ minLength: 1, maxLength: 63 }).map((bytes) => [...bytes].map((byte) => `\\${String(byte).padStart(3, '0')}`).join(''));
const plainLabel = fc.stringMatching(/^[a-zA-Z0-9_-]{1,63}$/);
const name = fc
  .array(fc.oneof(plainLabel, label), { maxLength: 4 })
  .filter((labels) => labels.join('').replaceAll(/\\\d{3}/g, '.').length < 240)
  .map((labels) => `${labels.join('.')}.`);
const text = (most: number) => fc.string({ unit: 'grapheme', maxLength: most }).filter((each) => Buffer.byteLength(each) <= most);

/** Data of each type that has a form of its own. */
const data: Readonly<Record<string, Arbitrary<unknown>>> = {
  A: fc.ipV4(),
  AAAA: fc.ipV6(),
  NS: name,
  CNAME: name,
  PTR: name,
  DNAME: name,
  SOA: fc.record({ mname: name, rname: name, serial: uint(32), refresh: uint(32), retry: uint(32), expire: uint(32), minimum: uint(32) }),
  MX: fc.record({ preference: uint(16), exchange: name }),
  RP: fc.record({ mbox: name, txt: name }),
  SRV: fc.record({ priority: uint(16), weight: uint(16), port: uint(16), target: name }),
  NAPTR: fc.record({ order: uint(16), preference: uint(16), flags: text(255), services: text(255), regexp: text(255), replacement: name }),
  TXT: fc.oneof(fc.array(fc.oneof(text(255), octets(255)), { minLength: 1, maxLength: 5 }), text(255), fc.uint8Array({ maxLength: 255 })),
  HINFO: fc.record({ cpu: text(255), os: text(255) }),
  CAA: fc.record({ flags: uint(8), tag: fc.stringMatching(/^[a-zA-Z0-9]{1,15}$/), value: text(400), issuerCritical: fc.boolean() }),
  DNSKEY: fc.record({ flags: uint(16), protocol: uint(8), algorithm: uint(8), key: octets(300) }),
  DS: fc.record({ keyTag: uint(16), algorithm: uint(8), digestType: uint(8), digest: octets(64) }),
  SSHFP: fc.record({ algorithm: uint(8), hash: uint(8), fingerprint: octets(64, 1).map((bytes) => bytes.toString('hex').toUpperCase()) }),
  NSEC3: fc.record({
    algorithm: uint(8),
    flags: uint(8),
    iterations: uint(16),
    salt: octets(255),
    nextDomain: octets(255),
    rrtypes: fc.uniqueArray(fc.constantFrom('A', 'AAAA', 'MX', 'SVCB', 'CAA', 'TYPE300', 'TYPE65534')),
  }),
  TLSA: fc.record({ usage: uint(8), selector: uint(8), matchingType: uint(8), certificate: octets(300) }),
  SVCB: fc.record({ priority: uint(16), target: name, params: fc.dictionary(fc.integer({ min: 0, max: 65534 }).map(String), octets(40)) }),
  HTTPS: fc.record({ priority: uint(16), target: name, params: fc.dictionary(fc.integer({ min: 0, max: 65534 }).map(String), octets(40)) }),
  TYPE65280: octets(300),
  LOC: octets(16),
};

/** A record as whoever asks reads it. */
function overTheWire(made: ReturnType<typeof record>) {
  const query = makeQuery({ name: parseName('asked.example'), type: 'A', client: ownClient, receivedAt: 0 });
  const [read] = Reply.fromWire(Reply.answer([made]).formFor(query).bytes).answers;
  return read;
}

describe.each(Object.entries(data))('%s', (type, values) => {
  test('what is taken comes out of a message as it went in', () => {
    fc.assert(
      fc.property(values, name, fc.integer({ min: 0, max: 0x7fffffff }), (given, owner, ttl) => {
        const made = record({ name: owner, type, ttl, data: given });
        const read = overTheWire(made);
        expect(read).toMatchObject({ name: made.name, type, class: 'IN', ttl });
        expect(read?.rdata).toEqual(Buffer.from(made.rdata));
        expect(read?.data).toEqual(made.data);
        // Its value makes the same record once more, and so does its RDATA.
        expect(Buffer.from(record({ name: owner, type, data: made.data }).rdata)).toEqual(Buffer.from(made.rdata));
        if (type !== 'TXT') expect(Buffer.from(record({ name: owner, type, data: made.rdata }).rdata)).toEqual(Buffer.from(made.rdata));
      }),
      { numRuns: 60 },
    );
  });

  test('whatever else is given is refused, or survives a message', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.string(),
      fc.record({ priority: fc.anything(), target: fc.anything(), value: fc.anything() }),
      octets(20),
    );
    fc.assert(
      fc.property(anything, (given) => {
        let made: ReturnType<typeof record>;
        try {
          made = record({ name: 'owner.example.', type, data: given });
        } catch (error) {
          expect((error as Error).message).toMatch(new RegExp(`^data of a ${type} record: `));
          return;
        }
        expect(overTheWire(made)?.data).toEqual(made.data);
      }),
      { numRuns: 200 },
    );
  });

  test('a number out of its range is refused with its field', () => {
    const [sample] = fc.sample(values, 1);
    if (typeof sample !== 'object' || sample === null || sample instanceof Uint8Array) return;
    for (const [field, good] of Object.entries(sample)) {
      if (typeof good !== 'number') continue;
      for (const bad of [-1, 2 ** 32, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '7', null]) {
        expect(() => record({ name: '.', type, data: { ...sample, [field]: bad } })).toThrow(
          new RegExp(
            `^data of a ${type} record: ${field}: found ${JSON.stringify(bad) === 'null' ? String(bad) : JSON.stringify(bad)}, expected a whole number from 0 to \\d+$`,
          ),
        );
      }
    }
  });
});

describe('data that does not fit its type', () => {
  test.each([
    ['A', 'not-an-ip', 'found "not-an-ip", expected an IPv4 address such as 192.0.2.1'],
    ['A', '192.0.2.256', 'found "192.0.2.256", expected an IPv4 address'],
    ['A', '2001:db8::1', 'found "2001:db8::1", expected an IPv4 address'],
    ['A', '', 'found "", expected an IPv4 address'],
    ['A', undefined, 'found nothing, expected an IPv4 address'],
    ['A', Buffer.alloc(3), 'RDATA of 3 octets, expected 4'],
    ['AAAA', '1.2.3.4', 'found "1.2.3.4", expected an IPv6 address such as 2001:db8::1'],
    ['AAAA', 'fe80::1%eth0', 'found "fe80::1%eth0", expected an IPv6 address'],
    ['AAAA', '1::2::3', 'expected an IPv6 address'],
    ['TXT', 'x'.repeat(300), 'one has 300 octets'],
    ['TXT', ['good', 'é'.repeat(128)], 'one has 256 octets'],
    ['TXT', [], 'found an array of 0, expected a text or bytes of at most 255 octets, or an array of at least one of these'],
    ['TXT', 7, 'found 7, expected a text or bytes'],
    ['TXT', ['half a pair \ud800'], 'expected a text or bytes'],
    ['CNAME', `${'x'.repeat(64)}.example`, 'label of 64 octets, expected at most 63'],
    ['NS', `${'x'.repeat(63)}.`.repeat(4), 'name of 257 octets, expected at most 255'],
    ['PTR', 'a..b', 'empty label in name: a..b'],
    ['PTR', '', 'found "", expected a name: empty name'],
    ['PTR', 42, 'found 42, expected a name'],
    ['PTR', Buffer.from('03777777', 'hex'), 'RDATA is cut short'],
    ['PTR', Buffer.from('0377777703c00c', 'hex'), 'RDATA is cut short'],
    ['SRV', { priority: 1, weight: 70_000, port: 53, target: 'a.' }, 'weight: found 70000, expected a whole number from 0 to 65535'],
    ['SRV', { prio: 1, target: 'a.' }, "found a field 'prio', expected priority, weight, port, target"],
    ['SRV', 'a.example', 'found "a.example", expected an object of priority, weight, port, target'],
    ['SRV', { port: 1 }, 'target: found nothing, expected a name'],
    ['MX', { preference: -1, exchange: 'a.' }, 'preference: found -1, expected a whole number from 0 to 65535'],
    ['SOA', { mname: 'a.', rname: 'b.', serial: 2 ** 32 }, 'serial: found 4294967296, expected a whole number from 0 to 4294967295'],
    ['CAA', { flags: 256, tag: 'issue', value: 'ca.example' }, 'flags: found 256, expected a whole number from 0 to 255'],
    ['CAA', { tag: 'no tag', value: '' }, 'tag: found "no tag", expected 1 to 255 letters and digits'],
    ['CAA', { tag: 'issue', value: 5 }, 'value: found 5, expected a text'],
    ['HTTPS', { priority: 65_536, target: '.' }, 'priority: found 65536, expected a whole number from 0 to 65535'],
    ['HTTPS', { target: '.', params: { alpn: 'h2' } }, 'params: found an object, expected an object of bytes, by numbers from 0 to 65534'],
    ['SVCB', { target: '.', params: { 65535: Buffer.alloc(1) } }, 'params: '],
    ['SVCB', Buffer.from('0001000001000a', 'hex'), 'its parameters are cut short or out of order'],
    ['TYPE65280', Buffer.alloc(65_536), 'found 65536 octets, expected at most 65535'],
    ['TYPE65280', 'text', 'found "text", expected at most 65535 octets in a Uint8Array'],
  ])('%s of %j', (type, given, message) => {
    const make = () => record({ name: 'owner.example.', type, data: given });
    expect(make).toThrow(message);
    expect(make).toThrow(`data of a ${type} record: `);
  });
});

describe('a record is refused', () => {
  const good = { name: 'www.example.', type: 'A', data: '192.0.2.1' };

  test.each([-1, Number.NaN, 2 ** 31, 1.5, Number.POSITIVE_INFINITY, '30' as unknown as number])('with TTL %j', (ttl) => {
    const message = 'TTL of a record: found ';
    expect(() => record({ ...good, ttl })).toThrow(message);
    expect(() => record(good).with({ ttl })).toThrow('expected whole seconds from 0 to 2147483647');
    expect(() => Reply.answer([record(good)], { ttl })).toThrow(message);
    expect(() => Reply.answer([record(good)], { leased: true }).with({ ttl })).toThrow(message);
  });

  test.each(['', 'a..b', `${'x'.repeat(64)}.`, `${'x'.repeat(63)}.`.repeat(4), 'a\\', '\\999', undefined as unknown as string])(
    'with the name %j',
    (name) => {
      expect(() => record({ ...good, name })).toThrow('name of a record: found ');
      if (name !== undefined) expect(() => record(good).with({ name })).toThrow('name of a record: found ');
    },
  );

  test.each(['NOSUCH', 'ANY', 'OPT', 'AXFR', 'TYPE0', 'TYPE65536', '', undefined as unknown as string])('with the type %j', (type) => {
    expect(() => record({ ...good, type })).toThrow(`unknown record type ${type}`);
  });

  test.each(['INN', 'ANY', 'NONE', 'CLASS0'])('with the class %j', (klass) => {
    expect(() => record({ ...good, class: klass })).toThrow(`unknown class ${klass}`);
  });

  test('with RDATA that its type cannot have', () => {
    expect(() => record(good).with({ rdata: Buffer.alloc(5) })).toThrow('RDATA of 5 octets, expected 4');
  });
});

test.each([
  ['TXT', '00610162'],
  ['CAA', '0009'],
  ['HINFO', '05'],
  ['DNSKEY', '01'],
  ['SSHFP', '02'],
])('RDATA from elsewhere that is none of a %s record is given as the bytes it is', (type, hex) => {
  const rdata = Buffer.from(hex, 'hex');
  const found = new ResourceRecord({ name: 'example.org.', typeCode: typeCode(type) as number, classCode: 1, ttl: 5, rdata });
  expect(found.data).toBe(rdata);
  expect(presentRecord(found)).toBe(`example.org. 5 IN ${type} \\# ${rdata.length} ${hex}`);
});

test('a name without a dot at its end is absolute all the same', () => {
  expect(record({ name: 'WWW.example', type: 'CNAME', data: 'a.example' })).toMatchObject({ name: 'WWW.example.', data: 'a.example.' });
});

test('numbers that are left out are 0', () => {
  expect(record({ name: '.', type: 'SRV', data: { target: 'a.' } }).data).toEqual({ priority: 0, weight: 0, port: 0, target: 'a.' });
});

test('what a plugin gives is left as it was', () => {
  const strings = Object.freeze(['one', 'two']);
  const caa = Object.freeze({ tag: 'issue', value: '', issuerCritical: true, flags: 1 });
  record({ name: '.', type: 'TXT', data: strings });
  expect(record({ name: '.', type: 'CAA', data: caa }).data).toMatchObject({ flags: 0x81, issuerCritical: true });
});

test('every type with a codec has its property above', () => {
  const tested = new Set(Object.keys(data));
  const codecs = Array.from({ length: 300 }, (_, code) => code).filter((code) => takesOtherThanBytes(code));
  expect(codecs.filter((code) => ![...tested].some((type) => typeCode(type) === code))).toEqual([]);
});

/** Whether the type has a form of its own: types without one say that they expect bytes. */
function takesOtherThanBytes(code: number): boolean {
  try {
    encodeRdata(code, 0);
    return true;
  } catch (error) {
    return !(error as Error).message.includes('in a Uint8Array');
  }
}

describe('a word that stands for nothing is refused, not replaced', () => {
  const query = makeQuery({ name: parseName('www.example'), type: 'A', client: ownClient, receivedAt: 0 });
  test.each([
    ['a response code', () => Reply.empty('NXDOMIAN' as Rcode), 'unknown response code NXDOMIAN'],
    ['a response code of more than 12 bits', () => Reply.decline('RCODE4096'), 'unknown response code RCODE4096'],
    ['a response code of a copy', () => Reply.drop.with({ rcode: 'NOPE' as Rcode }), 'unknown response code NOPE'],
    ['a response code of a failure', () => new QueryError('NOPE' as Rcode, ''), 'unknown response code NOPE'],
    ['an extended error', () => Reply.empty('NOERROR', { extendedError: 65_536 }), 'found 65536, expected a code from 0 to 65535'],
    ['the type of a query', () => query.with({ type: 'AAAAA' }), 'unknown type AAAAA'],
    ['the class of a query', () => query.with({ class: 'INN' }), 'unknown class INN'],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});
