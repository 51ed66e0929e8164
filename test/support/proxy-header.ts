// Headers of the PROXY protocol, as proxies send them; written apart from the server's own reader.

export const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** Version 1: "PROXY TCP4 192.0.2.1 198.51.100.1 4000 53". */
export function line(words: string): Buffer {
  return Buffer.from(`${words}\r\n`);
}

/** Version 2; `kind` is family and protocol, as 0x11 for TCP over IPv4. */
export function binary(command: number, kind: number, rest: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rest.length);
  return Buffer.concat([signature, Buffer.of(command, kind), length, rest]);
}

/** Addresses and ports from 192.0.2.7:4007 to 198.51.100.9:53. */
export const ipv4 = Buffer.from('c0000207c63364090fa70035', 'hex');
/** From 2001:db8::7 to 2001:db8::9, the same ports. */
export const ipv6 = Buffer.from('20010db800000000000000000000000720010db80000000000000000000000090fa70035', 'hex');

export const streamFrom4 = binary(0x21, 0x11, ipv4);
export const streamFrom6 = binary(0x21, 0x21, ipv6);
export const datagramFrom4 = binary(0x21, 0x12, ipv4);
export const datagramFrom6 = binary(0x21, 0x22, ipv6);
/** The proxy for itself, as for a health check. */
export const local = binary(0x20, 0x00, Buffer.alloc(0));

/** A value behind the addresses. */
export function value(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type, content.length >> 8, content.length & 0xff), content]);
}

/** With a value that holds the CRC-32C of the whole header, or another number. */
export function withChecksum(kind: number, addresses: Buffer, change = 0): Buffer {
  const header = binary(0x21, kind, Buffer.concat([addresses, value(0x01, Buffer.from('h2')), value(0x03, Buffer.alloc(4))]));
  header.writeUInt32BE((checksum(header) ^ change) >>> 0, header.length - 4);
  return header;
}

function checksum(bytes: Buffer): number {
  let rest = 0xffff_ffff;
  for (const octet of bytes) {
    rest ^= octet;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ ((rest & 1) * 0x82f6_3b78);
  }
  return ~rest >>> 0;
}
