// Socket addresses as the kernel lays them out.
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import {
  addressText,
  addressWord,
  ipv4Text,
  isFamily,
  isLinkLocal,
  portOf,
  portWord,
  scopeWord,
  socketAddress,
} from '../../src/transport/batch/address.ts';

const text6 = (address: string) => {
  const words = socketAddress(address, 0);
  return addressText(Array.from(words.subarray(addressWord[6], addressWord[6] + 4)), words[scopeWord] ?? 0);
};

test('a struct sockaddr_in holds the family, and port and address in network order', () => {
  const bytes = Buffer.from(socketAddress('192.0.2.129', 5353).buffer);
  expect(bytes.subarray(0, 16).toString('hex')).toBe('020014e9c0000281'.padEnd(32, '0'));
});

test('a struct sockaddr_in6 holds the address behind the flow label', () => {
  const bytes = Buffer.from(socketAddress('2001:db8::ff', 53).buffer);
  expect(bytes.toString('hex')).toBe('0a00003500000000' + '20010db80000000000000000000000ff' + '0000000000000000');
});

test.each(['0.0.0.0', '127.0.0.1', '192.0.2.129', '255.255.255.255'])('%s is read back', (address) => {
  expect(ipv4Text(socketAddress(address, 0)[addressWord[4]] ?? 0)).toBe(address);
});

test.each([
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
])('%s is written %s (RFC 5952 section 4)', (address, canonical) => {
  expect(text6(address)).toBe(canonical);
});

test('a scope is a number or the name of an interface, and read back as a name where there is one', () => {
  expect(text6('fe80::1%4000000')).toBe('fe80::1%4000000');
  const scoped = Object.entries(networkInterfaces())
    .flatMap(([name, entries]) => (entries ?? []).map((entry) => ({ name, entry })))
    .find(({ entry }) => entry.family === 'IPv6' && entry.scopeid !== 0);
  if (scoped !== undefined) expect(text6(`fe80::1%${scoped.name}`)).toBe(`fe80::1%${scoped.name}`);
});

test.each([0, 1, 53, 255, 256, 5353, 32768, 65535])('port %i is read back', (port) => {
  expect(portOf(socketAddress('127.0.0.1', port)[portWord] ?? 0)).toBe(port);
  expect(portOf(socketAddress('::1', port)[portWord] ?? 0)).toBe(port);
});

test('families and link-local addresses are told apart', () => {
  const [four, six] = [socketAddress('127.0.0.1', 65535), socketAddress('fe80::1', 65535)];
  expect([isFamily(four[portWord] ?? 0, 4), isFamily(four[portWord] ?? 0, 6)]).toEqual([true, false]);
  expect([isFamily(six[portWord] ?? 0, 4), isFamily(six[portWord] ?? 0, 6)]).toEqual([false, true]);
  const linkLocal = ['fe80::1', 'febf::1', 'fec0::1', '2001:db8::1', '::1'].filter((address) =>
    isLinkLocal(socketAddress(address, 0)[addressWord[6]] ?? 0),
  );
  expect(linkLocal).toEqual(['fe80::1', 'febf::1']);
});
