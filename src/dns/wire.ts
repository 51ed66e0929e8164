// Walks over the bytes of a message without making anything of them: names and records, with every bound checked.

/** Octets of the header of a message (RFC 1035 section 4.1.1). */
export const headerLength = 12;

/** A message whose bytes do not follow RFC 1035; answered with FORMERR when it is a query. */
export class FormatError extends Error {}

/** Octets of a whole name at most, its final zero included (RFC 1035 section 2.3.4). */
const maxName = 255;
/** The first octet of a compression pointer is at least this; labels are at most 63 octets, what lies between is dead (RFC 6891 section 5). */
const pointerMark = 0xc0;

/**
 * The end of the name at `offset`: the first octet behind it. Follows compression pointers to check them (each must point
 * to an earlier place than the one before it, RFC 1035 section 4.1.4), so the work is bounded by the 255 octets of a name.
 * Returns -1 when the name is malformed.
 */
export function skipName(wire: Uint8Array, offset: number, end: number): number {
  const stop = skipLabels(wire, offset, end);
  if (stop === -1 || stop - offset >= maxName) return -1;
  if (wire[stop] === 0) return stop + 1;
  return pointersAreSound(wire, offset, stop, end) ? stop + 2 : -1;
}

/** The offset of what ends the labels at `at`: a zero or a pointer; -1 when there is neither. */
function skipLabels(wire: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const length = wire[at] as number;
    if (length === 0 || length >= pointerMark) return at;
    if (length > 63) return -1;
    at += length + 1;
  }
  return -1;
}

/** Follows the pointer at `pointer`, which ends the labels that begin at `start`. */
function pointersAreSound(wire: Uint8Array, start: number, pointer: number, end: number): boolean {
  let octets = pointer - start;
  let floor = start;
  let at = pointer;
  while (at + 1 < end) {
    const target = readUint16(wire, at) & 0x3fff;
    if (target >= floor || target < headerLength) return false;
    const stop = skipLabels(wire, target, end);
    octets += stop - target;
    if (stop === -1 || octets >= maxName) return false;
    if (wire[stop] === 0) return true;
    floor = target;
    at = stop;
  }
  return false;
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

/** Octets of the name at `offset` when pointers are followed. The name must have passed {@link skipName}. */
export function nameLength(wire: Uint8Array, offset: number): number {
  let at = offset;
  let length = 1;
  for (;;) {
    const label = wire[at] as number;
    if (label === 0) return length;
    if (label >= 0xc0) {
      at = ((label & 0x3f) << 8) | (wire[at + 1] as number);
    } else {
      length += label + 1;
      at += label + 1;
    }
  }
}

/** Whether two names are the same, letter case aside (RFC 4343), pointers followed. Both must have passed {@link skipName}. */
export function sameName(wire: Uint8Array, first: number, second: number): boolean {
  let a = first;
  let b = second;
  for (;;) {
    a = labelAt(wire, a);
    b = labelAt(wire, b);
    if (a === b) return true;
    const length = wire[a] as number;
    if (length !== wire[b]) return false;
    for (let i = 1; i <= length; i++) if (lowered(wire[a + i] as number) !== lowered(wire[b + i] as number)) return false;
    if (length === 0) return true;
    a += length + 1;
    b += length + 1;
  }
}

/** Where the label at `at` really stands. */
function labelAt(wire: Uint8Array, at: number): number {
  let place = at;
  while ((wire[place] as number) >= pointerMark) place = readUint16(wire, place) & 0x3fff;
  return place;
}

function lowered(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
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

/** A message that is all zeros but for the question: this name, uncompressed, with the codes of a type and a class. */
export function questionOf(name: Uint8Array, type: number, klass: number): Buffer {
  const wire = Buffer.alloc(headerLength + name.length + 4);
  wire.set(name, headerLength);
  writeUint16(wire, headerLength + name.length, type);
  writeUint16(wire, headerLength + name.length + 2, klass);
  return wire;
}
