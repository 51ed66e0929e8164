// IP networks, and tables of them that find the longest one an address lies in.
import { isIPv4, isIPv6 } from 'node:net';
import { ipv6Groups, ipv6Text } from './address.ts';
import { readUint16, writeUint16 } from './wire.ts';

/** An IP network: the bits behind its prefix are zero. IPv4 inside IPv6 (::ffff:0:0/96) is IPv4. */
export interface Network {
  /** The address, 4 octets or 16. */
  readonly bytes: Uint8Array;
  /** Bits of the prefix. */
  readonly length: number;
}

/** Bits in front of an IPv4 address that is written as IPv6 (RFC 4291 section 2.5.5.2). */
const mappedLength = 96;
const dot = 0x2e;
const zero = 0x30;

/** Reads "192.0.2.0/24", "2001:db8::/32", or an address, which is a network of its own. Bits behind the prefix are ignored. Throws an Error that says what is wrong. */
export function parseNetwork(text: string): Network {
  const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bytes = addressBytes(address);
  const bits = isIPv4(address) ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (bytes === undefined || length > bits)
    throw new Error(`found "${text}", expected an address, or a network such as 192.0.2.0/24 or 2001:db8::/32`);
  if (bytes.length * 8 === bits) return masked(bytes, length);
  if (length >= mappedLength) return masked(bytes, length - mappedLength);
  return masked(mappedBytes(bytes), length);
}

/** A network as "192.0.2.0/24". */
export function networkText({ bytes, length }: Network): string {
  const address = bytes.length === 4 ? bytes.join('.') : ipv6Text(Array.from({ length: 8 }, (_, i) => readUint16(bytes, i * 2)));
  return `${address}/${length}`;
}

/** Tells whether addresses lie in a network. Throws an Error for what is no address. */
export function insideOf({ bytes, length }: Network): (address: string) => boolean {
  const mask = length === 0 ? 0 : (-1 << (32 - Math.min(length, 32))) | 0;
  const base = wordOf(bytes) & mask;
  const isWhole = bytes.length === 4;
  return (address) => {
    const found = readAddress(address);
    if (found.length !== bytes.length || (wordOf(found) & mask) !== base) return false;
    return isWhole || commonBits(found, bytes, length) === length;
  };
}

/** The address that was read last: one query's is asked about by one view after another. */
let lastText = '';
let lastBytes: Uint8Array = new Uint8Array(0);

function readAddress(text: string): Uint8Array {
  if (text === lastText) return lastBytes;
  const bytes = addressBytes(text);
  if (bytes === undefined) throw new Error(`"${text}" is no IP address`);
  lastText = text;
  lastBytes = bytes;
  return bytes;
}

/** The first four octets. */
function wordOf(bytes: Uint8Array): number {
  return ((bytes[0] as number) << 24) | ((bytes[1] as number) << 16) | ((bytes[2] as number) << 8) | (bytes[3] as number);
}

/** A place where networks part, or a network that was added: then it has an entry. */
interface Node<T> extends Network {
  entry: { readonly network: string; readonly value: T } | undefined;
  zero: Node<T> | undefined;
  one: Node<T> | undefined;
}

/** Values by networks. Finding one takes as many steps as networks lie in one another around the address, not as many as there are. */
export class NetworkTable<T> {
  private readonly roots: Record<4 | 16, Node<T>> = { 4: node<T>(new Uint8Array(4), 0), 16: node<T>(new Uint8Array(16), 0) };
  private count = 0;

  constructor(entries: Iterable<readonly [network: string, value: T]> = []) {
    for (const [network, value] of entries) this.set(network, value);
  }

  /** How many networks there are. */
  get size(): number {
    return this.count;
  }

  /** Adds a network, or gives one that is there another value. Throws an Error when the text is no network. */
  set(text: string, value: T): void {
    const network = parseNetwork(text);
    const place = this.placeOf(network);
    if (place.entry === undefined) this.count++;
    place.entry = { network: networkText(network), value };
  }

  /** The longest network that the address lies in, and its value; undefined for none, and for what is no address. */
  find(address: string): { readonly network: string; readonly value: T } | undefined {
    const bytes = addressBytes(address);
    if (bytes === undefined) return undefined;
    let found: Node<T>['entry'];
    let at: Node<T> | undefined = this.roots[bytes.length as 4 | 16];
    while (at !== undefined && commonBits(at.bytes, bytes, at.length) === at.length) {
      found = at.entry ?? found;
      if (at.length === bytes.length * 8) break;
      at = bitAt(bytes, at.length) ? at.one : at.zero;
    }
    return found;
  }

  /** Whether the address lies in any of the networks. */
  has(address: string): boolean {
    return this.find(address) !== undefined;
  }

  /** The node of a network, made where it is missing. */
  private placeOf({ bytes, length }: Network): Node<T> {
    let at = this.roots[bytes.length as 4 | 16];
    while (at.length < length) {
      const side = bitAt(bytes, at.length) ? 'one' : 'zero';
      const below: Node<T> | undefined = at[side];
      const common = below === undefined ? length : commonBits(below.bytes, bytes, Math.min(below.length, length));
      if (below !== undefined && common === below.length) {
        at = below;
        continue;
      }
      const fork = node<T>(bytes, common);
      if (below !== undefined) fork[bitAt(below.bytes, common) ? 'one' : 'zero'] = below;
      at[side] = fork;
      at = fork;
    }
    return at;
  }
}

function node<T>(bytes: Uint8Array, length: number): Node<T> {
  return { ...masked(bytes, length), entry: undefined, zero: undefined, one: undefined };
}

function masked(bytes: Uint8Array, length: number): Network {
  return { bytes: bytes.map((octet, i) => octet & (0xff00 >> Math.max(0, Math.min(8, length - i * 8)))), length };
}

/** The octets of an address without a zone, of IPv4 inside IPv6 those of IPv4; undefined for what is no address. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return ipv4Bytes(text);
  const [address = ''] = text.split('%');
  if (!isIPv6(address)) return undefined;
  const bytes = new Uint8Array(16);
  for (const [i, group] of ipv6Groups(address).entries()) writeUint16(bytes, i * 2, group);
  return isMapped(bytes) ? bytes.slice(12) : bytes;
}

/** The octets of a text that is known to be an IPv4 address. */
function ipv4Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(4);
  for (let i = 0, at = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === dot) at++;
    else bytes[at] = (bytes[at] as number) * 10 + code - zero;
  }
  return bytes;
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((octet) => octet === 0);
}

function mappedBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes);
}

function bitAt(bytes: Uint8Array, index: number): boolean {
  return ((bytes[index >> 3] as number) & (0x80 >> (index & 7))) !== 0;
}

/** How many of the first `most` bits both have in common. */
function commonBits(a: Uint8Array, b: Uint8Array, most: number): number {
  for (let i = 0; i * 8 < most; i++) {
    const different = (a[i] as number) ^ (b[i] as number);
    if (different !== 0) return Math.min(most, i * 8 + Math.clz32(different) - 24);
  }
  return most;
}
