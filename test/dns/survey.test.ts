// What the records of a reply come to is told alike from its bytes and from its records.
import { describe, expect, test } from 'vitest';
import { nameFromWire, parseName } from '../../src/dns/name.ts';
import { makeQuery } from '../../src/dns/own-query.ts';
import { Reply } from '../../src/dns/reply.ts';
import { writeMessage } from '../support/message.ts';

const client = { address: '', port: 0, family: 4, transport: 'udp', localAddress: '', localPort: 0 } as const;

interface Sections {
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
}

function surveys(sections: Sections, name = 'www.example.org', type = 'A') {
  const query = makeQuery({ name: parseName(name), type, client, receivedAt: 0 });
  const wire = writeMessage({ id: 1, flags: ['qr'], questions: [{ name: 'WWW.example.org', type, class: 'IN' }], ...sections });
  const untouched = Reply.fromWire(wire);
  const decoded = Reply.fromWire(wire);
  expect(nameFromWire(wire, 12)).toBe('WWW.example.org.');
  expect(decoded.answers.length + decoded.authorities.length + decoded.additionals.length).toBe(decoded.recordCount);
  return [untouched.survey(query), decoded.survey(query), decoded.with({ answers: decoded.answers }).survey(query)];
}

const nothing = { lowestTtl: undefined, direct: false, hasSoa: false, hasNs: false, hasSignature: false };
const soa = 'example.org 900 SOA ns.example.org host.example.org 1 2 3 4 5';

describe('the survey of a reply', () => {
  test.each<[string, Sections, object]>([
    ['no records', {}, {}],
    ['the answer asked for', { answer: ['www.example.org 30 A 192.0.2.1', 'wWw.example.org 20 A 192.0.2.2'] }, { lowestTtl: 20, direct: true }],
    ['an alias and its target', { answer: ['www.example.org 30 CNAME a.example.org', 'a.example.org 9 A 192.0.2.1'] }, { lowestTtl: 9 }],
    ['another name', { answer: ['ww2.example.org 30 A 192.0.2.1'] }, { lowestTtl: 30 }],
    ['a name that goes on', { answer: ['www.example.org.net 30 A 192.0.2.1'] }, { lowestTtl: 30 }],
    ['another type', { answer: ['www.example.org 30 AAAA 2001:db8::1'] }, { lowestTtl: 30 }],
    ['a denial', { authority: [soa] }, { lowestTtl: 900, hasSoa: true }],
    [
      'a delegation',
      { authority: ['example.org 60 NS ns.example.org'], additional: ['ns.example.org 7 A 192.0.2.1'] },
      { lowestTtl: 7, hasNs: true },
    ],
    ['name servers that are no authority', { additional: ['example.org 60 NS ns.example.org'] }, { lowestTtl: 60 }],
  ])('%s', (_, sections, expected) => {
    for (const survey of surveys(sections)) expect(survey).toEqual({ ...nothing, ...expected });
  });

  test('a TTL that was given to all records counts instead of theirs', () => {
    const query = makeQuery({ name: parseName('www.example.org'), type: 'A', client, receivedAt: 0 });
    const wire = writeMessage({
      id: 1,
      flags: ['qr'],
      questions: [{ name: 'www.example.org', type: 'A', class: 'IN' }],
      answer: ['www.example.org 30 A 192.0.2.1'],
    });
    expect(Reply.fromWire(wire).with({ ttl: 5 }).survey(query).lowestTtl).toBe(5);
  });

  test('an answer to another question is not direct', () => {
    for (const survey of surveys({ answer: ['www.example.org 30 A 192.0.2.1'] }, 'web.example.org')) expect(survey.direct).toBe(false);
  });
});
