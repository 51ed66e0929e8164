// The header of the PROXY protocol, octet by octet.
import { expect, test } from 'vitest';
import { crc32c } from '../../src/transport/crc32c.ts';
import { readProxyHeader } from '../../src/transport/proxy-header.ts';
import { binary, datagramFrom4, ipv4, line, local, signature, streamFrom4, streamFrom6, value, withChecksum } from '../support/proxy-header.ts';

const from4 = { address: '192.0.2.7', port: 4007, family: 4, localAddress: '198.51.100.9', localPort: 53 };
const from6 = { address: '2001:db8::7', port: 4007, family: 6, localAddress: '2001:db8::9', localPort: 53 };

test('CRC-32C as RFC 3720 appendix B.4 has it', () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a91_36aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8_ab43);
});

test.each([
  ['version 1, IPv4', line('PROXY TCP4 192.0.2.7 198.51.100.9 4007 53'), { version: 1, by: 'stream', addresses: from4 }],
  ['version 1, IPv6', line('PROXY TCP6 2001:db8::7 2001:db8::9 4007 53'), { version: 1, by: 'stream', addresses: from6 }],
  ['version 1, nobody knows who', line('PROXY UNKNOWN'), { version: 1, by: undefined, addresses: undefined }],
  [
    'version 1, nobody knows who, with something behind',
    line('PROXY UNKNOWN ffff::1 ffff::2 65535 65535'),
    { version: 1, by: undefined, addresses: undefined },
  ],
  ['version 2, TCP over IPv4', streamFrom4, { version: 2, by: 'stream', addresses: from4 }],
  ['version 2, TCP over IPv6', streamFrom6, { version: 2, by: 'stream', addresses: from6 }],
  ['version 2, UDP over IPv4', datagramFrom4, { version: 2, by: 'datagram', addresses: from4 }],
  ['version 2, LOCAL', local, { version: 2, by: undefined, addresses: undefined }],
  ['version 2, LOCAL with addresses', binary(0x20, 0x11, ipv4), { version: 2, by: undefined, addresses: undefined }],
  ['version 2, LOCAL of a family without so many octets', binary(0x20, 0x21, Buffer.alloc(3)), { version: 2, by: undefined, addresses: undefined }],
  [
    'version 2 with values',
    binary(0x21, 0x11, Buffer.concat([ipv4, value(0x04, Buffer.alloc(9)), value(0xea, Buffer.alloc(0))])),
    { version: 2, by: 'stream', addresses: from4 },
  ],
  ['version 2 with a checksum', withChecksum(0x11, ipv4), { version: 2, by: 'stream', addresses: from4 }],
])('%s', (_, header, expected) => {
  expect(readProxyHeader(header)).toEqual({ ...expected, length: header.length });
  expect(readProxyHeader(Buffer.concat([header, Buffer.from('what follows')]))).toEqual({ ...expected, length: header.length });
  for (let length = 0; length < header.length; length++) expect(readProxyHeader(header.subarray(0, length))).toBe('more');
});

test.each([
  ['a query of 3338 octets', Buffer.from('0d0a0d0a01000001', 'hex')],
  ['a query of 20562 octets', Buffer.from('PR\x01\x00')],
  ['a TLS handshake', Buffer.from('1603010200', 'hex')],
  ['another word', Buffer.from('PROXYJUNK ')],
])('is no header: %s', (_, bytes) => {
  expect(readProxyHeader(bytes)).toBe('none');
});

test.each([
  ['an end of line that never comes', Buffer.from(`PROXY TCP4 ${'1'.repeat(120)}`), 'ends by CR LF, after 107 octets at most'],
  ['an end of line without CR', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.9 4007 53\n'), 'ends by CR LF'],
  ['another protocol', line('PROXY UDP4 192.0.2.7 198.51.100.9 4007 53'), 'expected PROXY TCP4|TCP6|UNKNOWN'],
  ['too few words', line('PROXY TCP4 192.0.2.7 198.51.100.9 4007'), 'found "", expected a port'],
  ['too many words', line('PROXY TCP4 192.0.2.7 198.51.100.9 4007 53 1'), 'expected PROXY TCP4|TCP6|UNKNOWN, two addresses and two ports'],
  ['two blanks', line('PROXY TCP4  192.0.2.7 198.51.100.9 4007 53'), 'expected'],
  ['an address of the other family', line('PROXY TCP4 2001:db8::7 198.51.100.9 4007 53'), 'found "2001:db8::7", expected an address of TCP4'],
  ['a port that is none', line('PROXY TCP4 192.0.2.7 198.51.100.9 65536 53'), 'found "65536", expected a port'],
  ['a port with a zero in front', line('PROXY TCP4 192.0.2.7 198.51.100.9 053 53'), 'found "053", expected a port'],
  ['another version', binary(0x31, 0x11, ipv4), 'version and command are 0x31'],
  ['another command', binary(0x22, 0x11, ipv4), 'version and command are 0x22'],
  ['no family', binary(0x21, 0x00, Buffer.alloc(0)), 'family and protocol are 0x0'],
  ['sockets of one machine', binary(0x21, 0x31, Buffer.alloc(216)), 'family and protocol are 0x31'],
  ['an unknown protocol', binary(0x21, 0x13, ipv4), 'family and protocol are 0x13'],
  ['too few octets', binary(0x21, 0x21, ipv4), '12 octets of addresses, expected 36 or more'],
  ['too many octets', Buffer.concat([signature, Buffer.from('2111ffff', 'hex')]), '65535 octets of addresses and values, 4096 is the most'],
  ['a value without an end', binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.from('040009aa', 'hex')])), 'longer than the header'],
  ['half a value', binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.from('0400', 'hex')])), 'longer than the header'],
  ['a wrong checksum', withChecksum(0x11, ipv4, 1), 'the checksum of the header is wrong'],
  ['a short checksum', binary(0x21, 0x11, Buffer.concat([ipv4, value(0x03, Buffer.alloc(3))])), 'the checksum has 3 octets'],
])('is malformed: %s', (_, bytes, message) => {
  expect(() => readProxyHeader(bytes)).toThrow(message);
});
