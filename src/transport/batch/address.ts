// Socket addresses between the words that the kernel lays out and the text that people read.
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ipv6Groups, ipv6Text } from '../../dns/address.ts';
import { nameStride } from './messages.ts';

const family = { 4: 2, 6: 10 } as const;

/** Word of a struct sockaddr_in or sockaddr_in6 that holds the family and the port. */
export const portWord = 0;
/** Word at which the address of a socket address starts: one word for IPv4, four for IPv6. */
export const addressWord = { 4: 1, 6: 2 } as const;
/** Word of a struct sockaddr_in6 that holds the index of the interface that a link-local address belongs to. */
export const scopeWord = 6;

/** The socket address of an IP address, which may end in "%interface", and a port. */
export function socketAddress(address: string, port: number): Int32Array {
  const words = new Int32Array(nameStride);
  const view = new DataView(words.buffer);
  const version = isIPv6(address) ? 6 : 4;
  view.setUint16(0, family[version], true);
  view.setUint16(2, port);
  if (version === 4) {
    for (const [i, part] of address.split('.').entries()) view.setUint8(4 + i, Number(part));
    return words;
  }
  const [text = '', zone = ''] = address.split('%');
  for (const [i, group] of ipv6Groups(text).entries()) view.setUint16(8 + 2 * i, group);
  words[scopeWord] = scopeOf(zone);
  return words;
}

/** Whether an address, as a text, stands for every address of the machine. */
export function isWildcard(address: string): boolean {
  return /^[0.:]+$/.test(address);
}

/** The address and port of a socket address. */
export function addressOf(words: Int32Array): { readonly address: string; readonly port: number } {
  const first = words[portWord] ?? 0;
  const port = portOf(first);
  if (isFamily(first, 4)) return { address: ipv4Text(words[addressWord[4]] ?? 0), port };
  return { address: addressText(Array.from(words.subarray(addressWord[6], addressWord[6] + 4)), words[scopeWord] ?? 0), port };
}

/** The port in the first word of a socket address. */
export function portOf(word: number): number {
  return ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Whether the first word of a socket address says that it is one of this IP version. */
export function isFamily(word: number, version: 4 | 6): boolean {
  return (word & 0xffff) === family[version];
}

/** Whether an IPv6 address that starts with this word is link-local (RFC 4291 section 2.5.6). */
export function isLinkLocal(word: number): boolean {
  return (word & 0xc0ff) === 0x80fe;
}

/** A word of an address as a number: its first octet is the most significant one. */
export function hostOrder(word: number): number {
  return (word << 24) | ((word << 8) & 0xff0000) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** The text of an IPv4 address. */
export function ipv4Text(word: number): string {
  return `${word & 0xff}.${(word >>> 8) & 0xff}.${(word >>> 16) & 0xff}.${word >>> 24}`;
}

/** The text of an IPv6 address, with "%interface" when there is a scope. */
export function addressText(words: readonly number[], scope: number): string {
  const text = ipv6Text(words.flatMap((word) => [((word & 0xff) << 8) | ((word >>> 8) & 0xff), ((word >>> 8) & 0xff00) | (word >>> 24)]));
  return scope === 0 ? text : `${text}%${interfaceName(scope)}`;
}

function scopeOf(zone: string): number {
  if (/^\d*$/.test(zone)) return Number(zone);
  return (networkInterfaces()[zone] ?? []).find((entry) => entry.family === 'IPv6' && entry.scopeid !== 0)?.scopeid ?? 0;
}

function interfaceName(scope: number): string {
  const found = Object.entries(networkInterfaces()).find(([, entries]) => entries?.some((entry) => entry.scopeid === scope));
  return found?.[0] ?? String(scope);
}
