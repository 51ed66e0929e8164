// RDATA from the words of its text form: for each type the fields that stand one behind the other.
import { isIPv4, isIPv6 } from 'node:net';
import { ipv6Groups } from './address.ts';
import { QueryType, typeName } from './codes.ts';
import { nameToWire } from './name.ts';
import { readParams } from './params-text.ts';
import { checkRdata } from './rdata.ts';
import { octetsOf, readTtl, type TextWord } from './text-words.ts';

/** Octets of one character string at most (RFC 1035 section 3.3). */
const maxString = 255;
const DOT = 0x2e;
const ZERO = 0x30;

/** Reads a field of one word. */
type Field = (word: string) => Uint8Array;
/** Reads all words that are left. */
interface Rest {
  readonly rest: (words: readonly TextWord[]) => Uint8Array;
}

const number =
  (octets: 1 | 2 | 4): Field =>
  (word) =>
    written(/^\d+$/.test(word) ? Number(word) : undefined, octets, word);
const [u8, u16, u32] = [number(1), number(2), number(4)];
const time: Field = (word) => written(readTtl(word), 4, word);
const name: Field = (word) => nameToWire(word === '@' ? '.' : word);
const text: Field = (word) => counted(octetsOf(word), word);
const type: Field = (word) => written(QueryType[word.toUpperCase() as keyof typeof QueryType] ?? u16Of(word), 2, word);

const ipv4: Field = (word) => {
  if (!isIPv4(word)) throw new Error(`found "${word}", expected an IPv4 address`);
  const bytes = new Uint8Array(4);
  for (let i = 0, at = 0; i < word.length; i++) {
    const code = word.charCodeAt(i);
    if (code === DOT) at++;
    else bytes[at] = (bytes[at] as number) * 10 + code - ZERO;
  }
  return bytes;
};
const ipv6: Field = (word) => {
  if (!isIPv6(word) || word.includes('%')) throw new Error(`found "${word}", expected an IPv6 address`);
  return Uint8Array.from(ipv6Groups(word).flatMap((group) => [group >> 8, group & 0xff]));
};
/** Strings that are too long are cut into several, as the file of a zone could have had them. */
const texts: Rest = {
  rest: (words) => {
    if (words.length === 0) throw new Error('found no text');
    return Buffer.concat(words.flatMap((word) => pieces(octetsOf(word.text)).map((piece) => counted(piece, word.text))));
  },
};
const hex: Rest = { rest: (words) => readHex(joined(words)) };
const base64: Rest = { rest: (words) => readBase64(joined(words)) };
const params: Rest = { rest: readParams };
const octets: Rest = { rest: (words) => octetsOf(joined(words)) };

const layouts: Readonly<Record<string, readonly (Field | Rest)[]>> = {
  A: [ipv4],
  AAAA: [ipv6],
  ...Object.fromEntries(['NS', 'CNAME', 'PTR', 'DNAME', 'MB', 'MG', 'MR', 'MD', 'MF', 'NSAP-PTR'].map((each) => [each, [name]])),
  ...Object.fromEntries(['MX', 'KX', 'AFSDB', 'RT', 'LP'].map((each) => [each, [u16, name]])),
  SOA: [name, name, u32, time, time, time, time],
  MINFO: [name, name],
  RP: [name, name],
  SRV: [u16, u16, u16, name],
  PX: [u16, name, name],
  TXT: [texts],
  SPF: [texts],
  AVC: [texts],
  NINFO: [texts],
  HINFO: [text, text],
  ISDN: [texts],
  X25: [text],
  GPOS: [text, text, text],
  NAPTR: [u16, u16, text, text, text, name],
  CAA: [u8, text, octets],
  URI: [u16, u16, octets],
  DS: [u16, u8, u8, hex],
  CDS: [u16, u8, u8, hex],
  DLV: [u16, u8, u8, hex],
  DNSKEY: [u16, u8, u8, base64],
  CDNSKEY: [u16, u8, u8, base64],
  KEY: [u16, u8, u8, base64],
  CERT: [type, u16, u8, base64],
  SSHFP: [u8, u8, hex],
  TLSA: [u8, u8, u8, hex],
  SMIMEA: [u8, u8, u8, hex],
  ZONEMD: [u32, u8, u8, hex],
  OPENPGPKEY: [base64],
  DHCID: [base64],
  EID: [hex],
  NIMLOC: [hex],
  SVCB: [u16, name, params],
  HTTPS: [u16, name, params],
};

/** The RDATA that the words stand for. Throws an Error that says what is wrong; of types without a text form here too, unless it is that of RFC 3597. */
export function rdataOf(code: number, words: readonly TextWord[]): Uint8Array {
  if (words[0]?.text === '\\#' && !words[0].quoted) return unknownData(code, words.slice(1));
  const layout = layouts[typeName(code)];
  if (layout === undefined) throw new Error(`the data of ${typeName(code)} can be written as \\# LENGTH HEX only`);
  const left = layout.some((field) => typeof field !== 'function') ? undefined : words[layout.length];
  if (left !== undefined) throw new Error(`found "${left.text}" behind the data of ${typeName(code)}`);
  const parts = layout.map((field, i) => {
    if (typeof field !== 'function') return field.rest(words.slice(i));
    const word = words[i];
    if (word === undefined) throw new Error(`${typeName(code)} has ${words.length} fields, expected ${layout.length}`);
    return field(word.text);
  });
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

/** RFC 3597 section 5: how many octets, and their digits. */
function unknownData(code: number, [length, ...digits]: readonly TextWord[]): Uint8Array {
  const data = readHex(joined(digits));
  if (Number(length?.text) !== data.length) throw new Error(`found ${data.length} octets, expected ${length?.text}`);
  checkRdata(code, data);
  return data;
}

function written(value: number | undefined, size: 1 | 2 | 4, word: string): Uint8Array {
  if (value === undefined || value >= 2 ** (size * 8)) throw new Error(`found "${word}", expected a number below ${2 ** (size * 8)}`);
  const out = Buffer.alloc(size);
  out.writeUIntBE(value, 0, size);
  return out;
}

function u16Of(word: string): number | undefined {
  return /^\d+$/.test(word) ? Number(word) : undefined;
}

function counted(bytes: Uint8Array, word: string): Uint8Array {
  if (bytes.length > maxString) throw new Error(`found a text of ${bytes.length} octets, expected at most ${maxString}: ${word}`);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function pieces(bytes: Buffer): Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / maxString));
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * maxString, (i + 1) * maxString));
}

function joined(words: readonly TextWord[]): string {
  return words.map((word) => word.text).join('');
}

function readHex(digits: string): Buffer {
  if (!/^(?:[\da-fA-F]{2})*$/.test(digits)) throw new Error(`found "${digits}", expected an even number of hexadecimal digits`);
  return Buffer.from(digits, 'hex');
}

function readBase64(digits: string): Buffer {
  if (!/^[\w+/]*={0,2}$/.test(digits)) throw new Error(`found "${digits}", expected Base64`);
  return Buffer.from(digits, 'base64');
}
