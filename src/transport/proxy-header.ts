// The header by which a proxy says who asks: the PROXY protocol, versions 1 and 2 (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
import { isIPv4, isIPv6 } from 'node:net';
import { ipv6Text } from '../dns/address.ts';
import { readUint16 } from '../dns/wire.ts';
import type { Addresses } from './addresses.ts';
import { crc32c } from './crc32c.ts';

/** A whole header. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** Octets of it. */
  readonly length: number;
  /** Who asks, and which address was asked; undefined where the proxy speaks for itself, as its health checks do. */
  readonly addresses: Addresses | undefined;
  /** What the proxy was asked by; undefined where it speaks for itself. */
  readonly by: 'stream' | 'datagram' | undefined;
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const word = Buffer.from('PROXY ', 'latin1');
/** Octets of the longest header of version 1, its end of line included. */
const maxLine = 107;
/** Octets of version 2 in front of the addresses. */
const fixedLength = 16;
/** Octets of addresses and what comes with them; more would be room for an attacker alone. */
const maxRest = 4096;
/** Type of the value that holds a checksum of the header, and its octets. */
const checksumType = 0x03;
const checksumLength = 4;

/** Octets of addresses and ports by the high half of the fourteenth octet: IPv4 and IPv6. */
const addressLengths: Readonly<Record<number, number>> = { 1: 12, 2: 36 };
const kinds: Readonly<Record<number, 'stream' | 'datagram'>> = { 1: 'stream', 2: 'datagram' };

/**
 * Reads the header that bytes start with: "none" where they start with something else, "more" where they may be the start of one. Throws an Error that says
 * what is wrong with one that is malformed.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | 'none' | 'more' {
  if (startsLike(bytes, signature)) return bytes.length < fixedLength ? 'more' : readBinary(bytes);
  if (startsLike(bytes, word)) return bytes.length < word.length ? 'more' : readLine(bytes);
  return 'none';
}

/** Whether bytes are a start of `expected`, or the other way around; nothing at all is. */
function startsLike(bytes: Uint8Array, expected: Uint8Array): boolean {
  const length = Math.min(bytes.length, expected.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== expected[i]) return false;
  return true;
}

/** Version 1 (section 2.1). */
function readLine(bytes: Uint8Array): ProxyHeader | 'more' {
  const line = Buffer.from(bytes.subarray(0, maxLine)).toString('latin1');
  const end = line.indexOf('\r\n');
  if (end === -1) {
    if (bytes.length >= maxLine || line.includes('\n')) throw new Error(`a header of version 1 ends by CR LF, after ${maxLine} octets at most`);
    return 'more';
  }
  const length = end + 2;
  const [, protocol, address = '', localAddress = '', port = '', localPort = '', ...rest] = line.slice(0, end).split(' ');
  if (protocol === 'UNKNOWN') return { version: 1, length, addresses: undefined, by: undefined };
  const family = protocol === 'TCP4' ? 4 : protocol === 'TCP6' ? 6 : undefined;
  if (family === undefined || rest.length > 0)
    throw new Error(`found "${line.slice(0, end)}", expected PROXY TCP4|TCP6|UNKNOWN, two addresses and two ports`);
  const isAddress = family === 4 ? isIPv4 : isIPv6;
  for (const each of [address, localAddress]) if (!isAddress(each)) throw new Error(`found "${each}", expected an address of ${protocol}`);
  return { version: 1, length, by: 'stream', addresses: { address, localAddress, family, port: portOf(port), localPort: portOf(localPort) } };
}

function portOf(text: string): number {
  if (/^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 0xffff) return Number(text);
  throw new Error(`found "${text}", expected a port`);
}

/** Version 2 (section 2.2). */
function readBinary(bytes: Uint8Array): ProxyHeader | 'more' {
  const command = bytes[12] as number;
  if (command >> 4 !== 2 || (command & 0xf) > 1) throw new Error(`version and command are 0x${command.toString(16)}, expected 0x20 or 0x21`);
  const rest = readUint16(bytes, 14);
  if (rest > maxRest) throw new Error(`the header has ${rest} octets of addresses and values, ${maxRest} is the most`);
  const length = fixedLength + rest;
  if (bytes.length < length) return 'more';
  const header = bytes.subarray(0, length);
  // What a proxy that speaks for itself says of addresses is to be skipped.
  if ((command & 0xf) === 0) return { version: 2, length, addresses: undefined, by: undefined };
  const kind = bytes[13] as number;
  const size = addressLengths[kind >> 4];
  const by = kinds[kind & 0xf];
  if (size === undefined || by === undefined) throw new Error(`family and protocol are 0x${kind.toString(16)}, expected IPv4 or IPv6 by TCP or UDP`);
  if (rest < size) throw new Error(`the header has ${rest} octets of addresses, expected ${size} or more`);
  checkValues(header, fixedLength + size);
  return { version: 2, length, by, addresses: addressesIn(header, kind >> 4 === 1 ? 4 : 6) };
}

function addressesIn(header: Uint8Array, family: 4 | 6): Addresses {
  const size = family === 4 ? 4 : 16;
  const text = (at: number) =>
    family === 4 ? header.subarray(at, at + 4).join('.') : ipv6Text(Array.from({ length: 8 }, (_, i) => readUint16(header, at + i * 2)));
  const ports = fixedLength + 2 * size;
  return {
    family,
    address: text(fixedLength),
    localAddress: text(fixedLength + size),
    port: readUint16(header, ports),
    localPort: readUint16(header, ports + 2),
  };
}

/** The values behind the addresses: each has a type, two octets of length, and so many octets. Only the checksum is looked at (section 2.2.3). */
function checkValues(header: Uint8Array, from: number): void {
  for (let at = from; at < header.length; ) {
    const length = at + 3 <= header.length ? readUint16(header, at + 1) : Number.POSITIVE_INFINITY;
    const value = at + 3;
    if (value + length > header.length) throw new Error('a value behind the addresses is longer than the header');
    if (header[at] === checksumType) checkSum(header, value, length);
    at = value + length;
  }
}

function checkSum(header: Uint8Array, at: number, length: number): void {
  if (length !== checksumLength) throw new Error(`the checksum has ${length} octets, expected ${checksumLength}`);
  const whole = Buffer.from(header);
  const stated = whole.readUInt32BE(at);
  whole.fill(0, at, at + checksumLength);
  if (crc32c(whole) !== stated) throw new Error('the checksum of the header is wrong');
}
