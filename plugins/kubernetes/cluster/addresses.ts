// Addresses in few octets, and what they are as keys, texts and RDATA.
import { isIPv4, isIPv6 } from 'node:net';
import { canonicalAddress, record } from 'ferrydns/plugin';
import type { PackedAddress } from './objects.ts';

/** A key of a Map for an address: a number for IPv4, which takes no memory of its own. */
export type AddressKey = number | string;

/** The address in few octets; an IPv4 address in IPv6 notation is IPv4, as Go has it. Undefined when the text is none. */
export function packAddress(text: string): PackedAddress | undefined {
  if (isIPv4(text)) return packDotted(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const octets = record({ name: '.', type: 'AAAA', data: text }).rdata;
  const packed = Buffer.from(octets).toString('latin1');
  return packed.startsWith(mapped) ? packed.slice(12) : packed;
}

/** The four numbers of an IPv4 address. */
function packDotted(text: string): PackedAddress {
  let octets = 0;
  let octet = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== dot) octet = octet * 10 + code - zero;
    else {
      octets = (octets << 8) | octet;
      octet = 0;
    }
  }
  return String.fromCharCode((octets >> 16) & 255, (octets >> 8) & 255, octets & 255, octet);
}

const zero = 0x30;
const dot = 0x2e;

/** ::ffff:0:0/96 (RFC 4291 section 2.5.5.2) */
const mapped = `${'\0'.repeat(10)}\xff\xff`;

/** The key of the address of `width` octets that begins at `at`. */
export function addressKey(packed: PackedAddress, at = 0, width = packed.length): AddressKey {
  if (width !== 4) return packed.slice(at, at + width);
  return (packed.charCodeAt(at) << 24) | (packed.charCodeAt(at + 1) << 16) | (packed.charCodeAt(at + 2) << 8) | packed.charCodeAt(at + 3);
}

/** The addresses that are packed one behind another. */
export function splitAddresses(packed: PackedAddress, width: number): PackedAddress[] {
  return Array.from({ length: packed.length / width }, (_, i) => packed.slice(i * width, (i + 1) * width));
}

export function addressText(packed: PackedAddress): string {
  if (packed.length === 4) return Buffer.from(packed, 'latin1').join('.');
  const groups = Buffer.from(packed, 'latin1').toString('hex').match(/.{4}/g) ?? [];
  return canonicalAddress(groups.join(':'));
}

export function addressRdata(packed: PackedAddress): Buffer {
  return Buffer.from(packed, 'latin1');
}

/** The label of an endpoint that has neither a host name nor the name of a Pod. */
export function addressLabel(packed: PackedAddress): string {
  const text = addressText(packed);
  if (packed.length === 4) return text.replaceAll('.', '-');
  const label = text.replaceAll(':', '-');
  return label.endsWith('-') ? `${label}0` : label;
}

const ipv4Suffix = '.in-addr.arpa.';
const ipv6Suffix = '.ip6.arpa.';

/** The address that a reverse name stands for (RFC 1035 section 3.5, RFC 3596 section 2.5); undefined when it stands for none. */
export function addressOfReverse(name: string): PackedAddress | undefined {
  if (name.endsWith(ipv4Suffix)) {
    const text = name.slice(0, -ipv4Suffix.length).split('.').reverse().join('.');
    return isIPv4(text) ? packAddress(text) : undefined;
  }
  if (!name.endsWith(ipv6Suffix)) return undefined;
  const nibbles = name.slice(0, -ipv6Suffix.length).split('.').reverse();
  if (nibbles.length !== 32 || !nibbles.every((nibble) => /^[\da-f]$/.test(nibble))) return undefined;
  const packed = Buffer.from(nibbles.join(''), 'hex').toString('latin1');
  return packed.startsWith(mapped) ? packed.slice(12) : packed;
}

/** Whether a zone is one of reverse names. */
export function isReverseZone(zone: string): boolean {
  return /(?:^|\.)(?:in-addr|ip6)\.arpa\.$/.test(zone);
}
