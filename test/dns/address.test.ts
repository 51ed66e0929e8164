// One spelling for all spellings of an address.
import { expect, test } from 'vitest';
import { canonicalAddress } from '../../src/dns/address.ts';
import { parseName } from '../../src/dns/name.ts';
import { record } from '../../src/dns/record.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
  ['1:2:0:3:4:5:6:7', '1:2:0:3:4:5:6:7'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ['::', '::'],
])('%s is %s, also in a record (RFC 5952)', (given, canonical) => {
  const type = given.includes(':') ? 'AAAA' : 'A';
  expect(canonicalAddress(given)).toBe(canonical);
  expect(record({ name: parseName('.'), type, data: given }).data).toBe(canonical);
});
