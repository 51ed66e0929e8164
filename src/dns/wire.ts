// Walks over the bytes of a message without making anything of them: names and records, with every bound checked.

/** Octets of the header of a message (RFC 1035 section 4.1.1). */
export const headerLength = 12;

/** A message whose bytes do not follow RFC 1035; answered with FORMERR when it is a query. */
export class FormatError extends Error {}

/**
 * The end of the name at `offset`: the first octet behind it. Follows compression pointers to check them (each must point
 * to an earlier place than the one before it, RFC 1035 section 4.1.4), so the work is bounded by the 255 octets of a name.
 * Returns -1 when the name is malformed.
 */
export function skipName(wire: Uint8Array, offset: number, end: number): number {
  let at = offset;
  let behind = -1;
  let floor = offset;
  let octets = 1;
  while (at < end) {
    const length = wire[at] as number;
    if (length === 0) return behind === -1 ? at + 1 : behind;
    if (length < 64) {
      octets += length + 1;
      at += length + 1;
      if (octets > 255) return -1;
    } else {
      if (length < 0xc0 || at + 1 >= end) return -1;
      if (behind === -1) behind = at + 2;
      const target = ((length & 0x3f) << 8) | (wire[at + 1] as number);
      if (target >= floor || target < headerLength) return -1;
      floor = target;
      at = target;
    }
  }
  return -1;
}

/** The name at `offset`, pointers followed, as uncompressed wire form with its letter case. The name must have passed {@link skipName}. */
export function expandName(wire: Uint8Array, offset: number): Buffer {
  const out = Buffer.allocUnsafe(255);
  let at = offset;
  let length = 0;
  for (;;) {
    const label = wire[at] as number;
    if (label >= 0xc0) {
      at = ((label & 0x3f) << 8) | (wire[at + 1] as number);
      continue;
    }
    for (let i = 0; i <= label; i++) out[length++] = wire[at + i] as number;
    if (label === 0) return out.subarray(0, length);
    at += label + 1;
  }
}

export function readUint16(wire: Uint8Array, at: number): number {
  return ((wire[at] as number) << 8) | (wire[at + 1] as number);
}

/** Unsigned 32 bits, most significant octet first. */
export function readUint32(wire: Uint8Array, at: number): number {
  return readUint16(wire, at) * 0x10000 + readUint16(wire, at + 2);
}

export function writeUint16(wire: Uint8Array, at: number, value: number): void {
  wire[at] = value >>> 8;
  wire[at + 1] = value;
}

export function writeUint32(wire: Uint8Array, at: number, value: number): void {
  wire[at] = value >>> 24;
  wire[at + 1] = value >>> 16;
  wire[at + 2] = value >>> 8;
  wire[at + 3] = value;
}
