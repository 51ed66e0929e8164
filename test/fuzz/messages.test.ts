// What reads the bytes of strangers: it makes of them what it can use, or says that they are malformed, and nothing else happens.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readOptions } from '../../src/dns/edns.ts';
import { readQuery } from '../../src/dns/header.ts';
import { nameFromWire, nameToWire, parseName } from '../../src/dns/name.ts';
import { makeQuery, ownClient } from '../../src/dns/own-query.ts';
import { presentRecord } from '../../src/dns/presentation.ts';
import { Query } from '../../src/dns/query.ts';
import { Reply } from '../../src/dns/reply.ts';
import { expandName, FormatError, nameLength, skipName } from '../../src/dns/wire.ts';
import { bytesOf } from '../reliability/bytes.ts';
import { clientMessages } from '../reliability/client-messages.ts';
import { writeMessage } from '../support/message.ts';
import { withFaults } from './faults.ts';
import { cheaply, manyRuns, patience } from './runs.ts';

const sound = [
  ...clientMessages.map(({ message }) => bytesOf(message)),
  writeMessage({
    flags: ['qr', 'rd', 'ra'],
    questions: [{ name: 'www.example.org', type: 'A', class: 'IN' }],
    answer: ['www.example.org 60 CNAME web.example.org', 'web.example.org 60 A 192.0.2.1', 'web.example.org 60 TXT "a" "b"'],
    authority: ['example.org 60 SOA ns.example.org admin.example.org 1 2 3 4 5', 'example.org 60 NS ns.example.org'],
    additional: ['ns.example.org 60 AAAA 2001:db8::1', '_dns.example.org 60 SRV 1 2 53 ns.example.org', 'example.org 60 MX 5 mail.example.org'],
  }),
];

const message = withFaults(sound);

/** What `read` makes of bytes; undefined when it says that they are malformed. Any other error is a fault. */
function unlessMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

test('a message is a query with one readable question, or is judged', patience, () => {
  fc.assert(
    fc.property(message, (bytes) => {
      const read = cheaply(() => readQuery(bytes, 0, bytes.length, ownClient, 0));
      if (!(read instanceof Query)) {
        expect([0, 1, 4, 5]).toContain(read);
        return;
      }
      expect(parseName(read.name)).toBe(read.name);
      expect(nameFromWire(nameToWire(read.name), 0, true)).toBe(read.name);
      expect(read.options.length).toBeLessThanOrEqual(bytes.length);
      expect(read.with({ name: read.name }).toWire(7).length).toBeLessThanOrEqual(bytes.length + 32);
      // A client can send it: it can be read as what it is once more.
      const again = readQuery(read.toWire(7), 0, read.toWire(7).length, ownClient, 0);
      expect(again).toBeInstanceOf(Query);
    }),
    manyRuns(),
  );
});

test('a reply is read as a whole, its records can be shown, and what is written of it is read as the same', patience, () => {
  const query = makeQuery({ name: parseName('www.example.org'), type: 'A', client: ownClient, receivedAt: 0 });
  fc.assert(
    fc.property(message, (bytes) => {
      const reply = unlessMalformed(() => cheaply(() => Reply.fromWire(bytes), bytes.length));
      if (reply === undefined) return;
      const { answers, authorities, additionals } = reply;
      for (const record of [...answers, ...authorities, ...additionals]) expect(presentRecord(record)).not.toBe('');
      expect(reply.survey(query)).toBeDefined();
      expect(reply.recordCount).toBeLessThan(bytes.length);
      const copy = Reply.answer(answers, { authorities, additionals });
      expect(copy.answers.map(presentRecord)).toEqual(answers.map(presentRecord));
    }),
    manyRuns(),
  );
});

test('a name in the middle of anything is expanded within its bounds', patience, () => {
  // Lengths and pointers, so that more than one in a thousand is a name.
  const octets = fc.array(fc.oneof(fc.nat(3), fc.constantFrom(0, 1, 2, 12, 13, 20, 0xc0, 0xc1), fc.nat(255)), { maxLength: 300 });
  fc.assert(
    fc.property(octets, fc.nat(300), (list, offset) => {
      const bytes = Uint8Array.from(list);
      if (cheaply(() => skipName(bytes, offset, bytes.length)) === -1) return;
      const wire = cheaply(() => expandName(bytes, offset));
      expect(wire.length).toBeLessThanOrEqual(255);
      expect(nameLength(bytes, offset)).toBe(wire.length);
      const name = nameFromWire(wire, 0);
      expect(Buffer.compare(nameToWire(name), wire)).toBe(0);
    }),
    manyRuns(4),
  );
});

test('a name as people write it has one form', patience, () => {
  const text = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc
      .array(fc.constantFrom('a', 'B', '.', '\\', '0', '46', '\\046', '\\.', '-', '_', '*', ' ', 'é'), { maxLength: 40 })
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (written) => {
      let name: string;
      try {
        name = cheaply(() => parseName(written));
      } catch {
        return;
      }
      expect(parseName(name)).toBe(name);
      expect(nameFromWire(nameToWire(written), 0, true)).toBe(name);
    }),
    manyRuns(4),
  );
});

test('EDNS options of any octets are read, or there are none', patience, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const options = unlessMalformed(() => cheaply(() => readOptions(bytes, 0, bytes.length))) ?? [];
      expect(options.reduce((sum, { data }) => sum + 4 + data.length, 0)).toBeLessThanOrEqual(bytes.length);
    }),
    manyRuns(),
  );
});
