// Domain names: between presentation form ("www.example.org.") and wire form, losslessly, and questions about suffixes.
import { randomInt } from 'node:crypto';

/** An absolute, lower-case name in presentation form: "www.example.org.". Bytes that are not printable stand as \DDD, a dot in a label as \. */
export type Name = string & { readonly __brand: 'Name' };

/** The name of the root, which every name ends in. */
export const root = '.' as Name;

/** Octets of a whole name, and of one label, at most (RFC 1035 section 2.3.4). */
const maxNameLength = 255;
const maxLabelLength = 63;

const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** Lower case of ASCII letters, every other byte itself (RFC 4343): names compare without regard to case, labels are bytes. */
export const lowerCase: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));

const hashSeed = randomInt(0x7fffffff);

/** A hash of the name in these octets, letter case aside (FNV-1a with a secret start, so that names that collide cannot be made on purpose). */
export function hashName(wire: Uint8Array, from: number, end: number): number {
  let hash = hashSeed;
  for (let i = from; i < end; i++) hash = Math.imul(hash ^ (lowerCase[wire[i] as number] as number), 0x01000193);
  return hash;
}

/** The hash of a name in presentation form. */
export function nameHashOf(name: Name): number {
  const wire = nameToWire(name);
  return hashName(wire, 0, wire.length);
}

/**
 * Reads a name in presentation form, relative or absolute, as an absolute lower-case name.
 * Throws an Error that says what is wrong: an empty label, a label over 63 octets, a name over 255, a bad escape.
 */
export function parseName(text: string): Name {
  return nameFromWire(nameToWire(text), 0, true) as Name;
}

/** The uncompressed wire form of a name in presentation form; letter case is kept. Throws as {@link parseName} does. */
export function nameToWire(text: string): Buffer {
  if (text === '.') return Buffer.from([0]);
  if (text === '') throw new Error('empty name');
  const source = Buffer.from(text, 'utf8');
  const wire = Buffer.allocUnsafe(source.length + 2);
  let labelStart = 0;
  let at = 1;
  for (let i = 0; i < source.length; i++) {
    const byte = source.readUInt8(i);
    if (byte === DOT) {
      closeLabel(wire, labelStart, at, text);
      labelStart = at++;
    } else if (byte === BACKSLASH) {
      const escaped = readEscape(source, i, text);
      wire.writeUInt8(escaped.byte, at++);
      i += escaped.length;
    } else {
      wire.writeUInt8(byte, at++);
    }
  }
  if (source.readUInt8(source.length - 1) !== DOT || endsInEscapedDot(text)) {
    closeLabel(wire, labelStart, at, text);
    labelStart = at++;
  }
  wire.writeUInt8(0, labelStart);
  if (at > maxNameLength) throw new Error(`name of ${at} octets, expected at most ${maxNameLength}: ${text}`);
  return wire.subarray(0, at);
}

function closeLabel(wire: Buffer, start: number, end: number, text: string): void {
  const length = end - start - 1;
  if (length === 0) throw new Error(`empty label in name: ${text}`);
  if (length > maxLabelLength) throw new Error(`label of ${length} octets, expected at most ${maxLabelLength}: ${text}`);
  wire.writeUInt8(length, start);
}

function readEscape(source: Buffer, at: number, text: string): { byte: number; length: number } {
  const digits = source.toString('latin1', at + 1, at + 4);
  if (/^\d{3}$/.test(digits)) {
    if (Number(digits) > 255) throw new Error(`escape \\${digits} in name, expected \\000 to \\255: ${text}`);
    return { byte: Number(digits), length: 3 };
  }
  if (at + 1 >= source.length) throw new Error(`name ends in a backslash: ${text}`);
  return { byte: source.readUInt8(at + 1), length: 1 };
}

/** Whether the last dot of the text belongs to its last label. */
function endsInEscapedDot(text: string): boolean {
  return text.endsWith('.') && isEscaped(text, text.length - 1);
}

/** The presentation form of the uncompressed name that starts at `offset`; in lower case if asked, else as it stands. One that is cut off ends with the bytes. */
export function nameFromWire(wire: Uint8Array, offset: number, lower = false): string {
  let text = '';
  let at = offset;
  for (let length = wire[at] as number; length > 0; length = wire[at] as number) {
    for (let i = at + 1; i <= at + length && i < wire.length; i++) {
      const byte = wire[i] as number;
      text += presentation[lower ? (lowerCase[byte] as number) : byte] as string;
    }
    text += '.';
    at += length + 1;
  }
  return text === '' ? '.' : text;
}

/** How each byte of a label stands in presentation form (RFC 1035 section 5.1, RFC 4343 section 2.1). */
const presentation: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  if (byte <= 0x20 || byte >= 0x7f) return `\\${String(byte).padStart(3, '0')}`;
  return '.\\"();@'.includes(char) ? `\\${char}` : char;
});

/** Whether `child` is `parent` or lies below it, on a label border. Both lower-case and absolute. */
export function isSubdomain(child: string, parent: string): boolean {
  if (parent === '.') return true;
  if (!child.endsWith(parent)) return false;
  const border = child.length - parent.length - 1;
  return border < 0 || (child.charCodeAt(border) === DOT && !isEscaped(child, border));
}

/** The labels of an absolute name, first to last, in presentation form; none for the root. */
export function labelsOf(name: string): string[] {
  const labels: string[] = [];
  for (let start = 0; start < name.length && name !== '.'; ) {
    const end = labelEnd(name, start);
    labels.push(name.slice(start, end));
    start = end + 1;
  }
  return labels;
}

/** The name without its first label; undefined for the root. */
export function parentOf(name: string): string | undefined {
  if (name === '.') return undefined;
  return name.slice(labelEnd(name, 0) + 1) || '.';
}

/** The longest of `zones` that holds `name`, undefined when none does. */
export function longestMatch<Z extends string>(name: string, zones: readonly Z[]): Z | undefined {
  let best: Z | undefined;
  for (const zone of zones) {
    if ((best === undefined || zone.length > best.length) && isSubdomain(name, zone)) best = zone;
  }
  return best;
}

function labelEnd(name: string, start: number): number {
  let end = name.indexOf('.', start);
  while (end !== -1 && isEscaped(name, end)) end = name.indexOf('.', end + 1);
  return end === -1 ? name.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (at - backslashes > 0 && text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
