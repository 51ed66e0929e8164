// Addresses of records and of networks, as bytes.
import { type Cidr, QueryType, type ResourceRecord, record } from 'ferrydns/plugin';

export function isAddress({ typeCode }: ResourceRecord): boolean {
  return typeCode === QueryType.A || typeCode === QueryType.AAAA;
}

/** The octets of an address; four of them for IPv4 in IPv6 notation (RFC 4291 section 2.5.5.2). */
export function plainAddress(rdata: Uint8Array): Uint8Array {
  const mapped = rdata.length === 16 && rdata.every((byte, i) => i >= 12 || byte === (i < 10 ? 0 : 0xff));
  return mapped ? rdata.subarray(12) : rdata;
}

/** The octets of an address in text form. */
export function parseAddress(text: string): Uint8Array {
  return plainAddress(record({ name: '.', type: text.includes(':') ? 'AAAA' : 'A', data: text }).rdata);
}

/** Tells whether a network holds an address. */
export function containment({ address, prefix, family }: Cidr): (rdata: Uint8Array) => boolean {
  const network = parseAddress(address);
  const bits = family === 6 && network.length === 4 ? prefix - 96 : prefix;
  const mask = network.map((_, i) => 0xff00 >> Math.max(0, Math.min(8, bits - i * 8)));
  return (rdata) => {
    const candidate = plainAddress(rdata);
    return candidate.length === network.length && network.every((byte, i) => (((candidate[i] ?? 0) ^ byte) & (mask[i] ?? 0)) === 0);
  };
}
