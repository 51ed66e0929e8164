// What may be changed in a reply, and what not.
import { expect, test } from 'vitest';
import { parseName } from '../../src/dns/name.ts';
import { record } from '../../src/dns/record.ts';
import { Reply } from '../../src/dns/reply.ts';

const name = parseName('www.example.org');
const records = [10, 60].map((ttl) => record({ name, type: 'A', ttl, data: `192.0.2.${ttl}` }));
const ttls = ({ answers }: Reply) => answers.map(({ ttl }) => ttl);

test('a TTL that is given becomes that of every record', () => {
  expect(ttls(Reply.answer(records).with({ ttl: 30 }))).toEqual([30, 30]);
});

test('the TTLs of a leased reply are lowered at most, also in what is derived from it', () => {
  const leased = Reply.answer(records, { leased: true });
  expect(ttls(leased.with({ ttl: 30 }))).toEqual([10, 30]);
  expect(ttls(leased.with({ authenticData: true }).with({ ttl: 3600 }))).toEqual([10, 60]);
  expect(ttls(leased.with({ answers: records.slice(1), ttl: 5 }))).toEqual([5]);
});
