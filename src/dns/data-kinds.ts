// The kinds of fields that RDATA is made of: what a value of each may be, and how it stands in the bytes.
import { isIPv4, isIPv6 } from 'node:net';
import { typeCode, typeName } from './codes.ts';
import { type Expectation, isObject } from './field-check.ts';
import { nameFromWire, nameToWire } from './name.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from './wire.ts';

/** A field: what it may hold, and its bytes. */
export interface Kind extends Expectation {
  /** The value at `at`, and where the next field begins. Of bytes that are cut short it tells what is there. */
  read(rdata: Uint8Array, at: number): readonly [value: unknown, end: number];
  write(value: never): Uint8Array;
}

/** Octets of one character string at most (RFC 1035 section 3.3). */
const maxString = 255;

function whole(
  octets: 1 | 2 | 4,
  read: (rdata: Uint8Array, at: number) => number,
  write: (out: Uint8Array, at: number, value: number) => void,
): Kind {
  const most = 2 ** (octets * 8) - 1;
  return {
    expected: `a whole number from 0 to ${most}`,
    fits: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most,
    usual: 0,
    read: (rdata, at) => [read(rdata, at), at + octets],
    write(value: number) {
      const out = new Uint8Array(octets);
      write(out, 0, value);
      return out;
    },
  };
}

const readUint8 = (rdata: Uint8Array, at: number) => rdata[at] as number;
const writeUint8 = (out: Uint8Array, at: number, value: number) => void out.fill(value, at, at + 1);

export const uint8: Kind = whole(1, readUint8, writeUint8);
export const uint16: Kind = whole(2, readUint16, writeUint16);
export const uint32: Kind = whole(4, readUint32, writeUint32);

/** An uncompressed name. */
export const name: Kind = {
  expected: 'a name',
  fits: (value) => typeof value === 'string' && flawOf(value) === undefined,
  why: flawOf,
  read: (rdata, at) => [nameFromWire(rdata, at), nameEnd(rdata, at)],
  write: (value: string) => nameToWire(value),
};

/** A character string (RFC 1035 section 3.3). */
export const string: Kind = {
  expected: `a text of at most ${maxString} octets`,
  fits: (value) => isText(value) && Buffer.byteLength(value) <= maxString,
  why: (value) => (isText(value) ? `it has ${Buffer.byteLength(value)} octets` : undefined),
  read(rdata, at) {
    const end = at + 1 + readUint8(rdata, at);
    return [Buffer.from(rdata.subarray(at + 1, end)).toString(), end];
  },
  write: (value: string) => counted(Buffer.from(value)),
};

/** Bytes behind an octet that counts them. */
export const countedBytes: Kind = {
  ...bytesOfAtMost(maxString),
  read(rdata, at) {
    const end = at + 1 + readUint8(rdata, at);
    return [Buffer.from(rdata.subarray(at + 1, end)), end];
  },
  write: counted,
};

/** All bytes to the end. */
export const bytes: Kind = {
  ...bytesOfAtMost(0xffff),
  read: (rdata, at) => [Buffer.from(rdata.subarray(at)), rdata.length],
  write: (value: Uint8Array) => value,
};

/** All bytes to the end, in hexadecimal. */
export const hex: Kind = {
  expected: 'an even number of hexadecimal digits',
  fits: (value) => typeof value === 'string' && /^(?:[0-9a-fA-F]{2})+$/.test(value),
  read: (rdata, at) => [Buffer.from(rdata.subarray(at)).toString('hex').toUpperCase(), rdata.length],
  write: (value: string) => Buffer.from(value, 'hex'),
};

/** A bitmap of record types to the end (RFC 4034 section 4.1.2). */
export const types: Kind = {
  expected: 'an array of record types',
  fits: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string' && typeCode(each) !== undefined),
  usual: [],
  read(rdata, at) {
    const found: string[] = [];
    for (let window = at; window + 2 <= rdata.length; window += 2 + readUint8(rdata, window + 1)) {
      const octets = rdata.subarray(window + 2, window + 2 + readUint8(rdata, window + 1));
      for (let bit = 0; bit < octets.length * 8; bit++) {
        if (((octets[bit >> 3] as number) & (0x80 >> (bit & 7))) !== 0) found.push(typeName(readUint8(rdata, window) * 256 + bit));
      }
    }
    return [found, rdata.length];
  },
  write(value: readonly string[]) {
    const windows = new Map<number, Uint8Array>();
    for (const code of value.map((each) => typeCode(each) as number).sort((a, b) => a - b)) {
      const window = windows.get(code >> 8) ?? new Uint8Array(32);
      window.set([(window[(code & 0xff) >> 3] as number) | (0x80 >> (code & 7))], (code & 0xff) >> 3);
      windows.set(code >> 8, window);
    }
    return Buffer.concat(
      [...windows].flatMap(([number, window]) => {
        const length = window.findLastIndex((octet) => octet !== 0) + 1;
        return [Buffer.of(number, length), window.subarray(0, length)];
      }),
    );
  },
};

/** The parameters of SVCB and HTTPS by their numbers, to the end (RFC 9460 section 2.2); 65535 is none. */
export const params: Kind = {
  expected: 'an object of bytes, by numbers from 0 to 65534',
  fits: (value) => isObject(value) && Object.entries(value).every(([key, each]) => isParamKey(key) && bytes.fits(each)),
  usual: {},
  read(rdata, start) {
    const found: Record<number, Uint8Array> = {};
    for (let at = start; at + 4 <= rdata.length; at += 4 + readUint16(rdata, at + 2)) {
      found[readUint16(rdata, at)] = rdata.subarray(at + 4, at + 4 + readUint16(rdata, at + 2));
    }
    return [found, rdata.length];
  },
  write(value: Readonly<Record<string, Uint8Array>>) {
    const sorted = Object.entries(value).sort(([a], [b]) => Number(a) - Number(b));
    return Buffer.concat(sorted.flatMap(([key, each]) => [uint16.write(Number(key) as never), uint16.write(each.length as never), each]));
  },
};

/** The tag of a CAA record (RFC 8659 section 4.1). */
export const tag: Expectation = {
  expected: '1 to 255 letters and digits',
  fits: (value) => typeof value === 'string' && /^[A-Za-z0-9]{1,255}$/.test(value),
};

export const text: Expectation = { expected: 'a text', fits: isText };
export const ipv4: Expectation = { expected: 'an IPv4 address such as 192.0.2.1', fits: (value) => typeof value === 'string' && isIPv4(value) };
export const ipv6: Expectation = {
  expected: 'an IPv6 address such as 2001:db8::1, without a zone',
  fits: (value) => typeof value === 'string' && isIPv6(value) && !value.includes('%'),
};
export const yesOrNo: Expectation = { expected: 'true or false', fits: (value) => typeof value === 'boolean', usual: false };

/** One character string or several, each a text or bytes (RFC 1035 section 3.3.14). */
export const strings: Expectation = {
  expected: `a text or bytes of at most ${maxString} octets, or an array of at least one of these`,
  fits: (value) => (Array.isArray(value) ? value.length > 0 && value.every(isString) : isString(value)),
  why(value) {
    const long = [value].flat().find((each) => isTextOrBytes(each) && !isString(each)) as string | undefined;
    return long === undefined ? undefined : `one has ${Buffer.byteLength(long)} octets`;
  },
};

/** What is wrong with a name; undefined for a good one, and for what everybody sees is none. */
function flawOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (!value.isWellFormed()) return 'it is no well-formed text';
  try {
    nameToWire(value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function nameEnd(wire: Uint8Array, start: number): number {
  let at = start;
  while ((wire[at] ?? 0) !== 0) at += readUint8(wire, at) + 1;
  return at + 1;
}

function bytesOfAtMost(most: number): Expectation {
  return { expected: `at most ${most} octets in a Uint8Array`, fits: (value) => value instanceof Uint8Array && value.length <= most };
}

function counted(value: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(value.length), value]);
}

/** Texts are sent as UTF-8, which half a surrogate pair has none of. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

function isTextOrBytes(value: unknown): value is string | Uint8Array {
  return isText(value) || value instanceof Uint8Array;
}

function isString(value: unknown): boolean {
  return isTextOrBytes(value) && Buffer.byteLength(value) <= maxString;
}

function isParamKey(key: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(key) && Number(key) < 0xffff;
}
