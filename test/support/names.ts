// Domain names and DNS constants for tests: text to wire and back, independent of the program under test.

/** A name that could not be read; tests see it instead of a wrong answer. */
export class MessageError extends Error {}

/** A name in wire form: labels as raw bytes, without the root label. */
type Labels = readonly Buffer[];

/** Splits presentation text (RFC 1035 section 5.1: `\.`, `\\`, `\DDD`) into labels; a trailing dot is optional. */
function labelsOf(text: string): Labels {
  const labels: number[][] = [[]];
  for (const [piece] of text.matchAll(/\\\d{3}|\\.|./gsu)) {
    if (piece === '.') labels.push([]);
    else if (/^\\\d{3}$/.test(piece)) labels.at(-1)?.push(Number(piece.slice(1)));
    else labels.at(-1)?.push(...Buffer.from(piece.length > 1 && piece.startsWith('\\') ? piece.slice(1) : piece, 'utf8'));
  }
  return labels.filter((label) => label.length > 0).map((label) => Buffer.from(label));
}

/** The uncompressed wire form of a name; lengths are not checked, so that tests can build broken names. */
export function wireName(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const label of labelsOf(text)) parts.push(Buffer.from([label.length]), label);
  parts.push(Buffer.from([0]));
  return Buffer.concat(parts);
}

/** The presentation text of labels: fully qualified, letter case kept, every unusual byte escaped. */
function nameText(labels: Labels): string {
  return labels.length === 0 ? '.' : labels.map((label) => `${labelText(label)}.`).join('');
}

function labelText(label: Buffer): string {
  let text = '';
  for (const byte of label) {
    const char = String.fromCharCode(byte);
    if ('."()\\;@$ '.includes(char)) text += char === ' ' ? '\\032' : `\\${char}`;
    else text += byte > 0x20 && byte < 0x7f ? char : `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

/** Reads a possibly compressed name; `end` is the offset after it in the message, `compressed` tells of a pointer. */
export function readName(message: Buffer, offset: number): { name: string; end: number; compressed: boolean } {
  const labels: Buffer[] = [];
  let at = offset;
  for (let length = byteAt(message, at); length !== 0; length = byteAt(message, at)) {
    if (length >= 0xc0) return continued({ message, labels, at, offset });
    if (length > 63) throw new MessageError(`label type 0x${length.toString(16)} at ${at}`);
    if (at + 1 + length > message.length) throw new MessageError(`label at ${at} runs past the end`);
    labels.push(message.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: nameText(labels), end: at + 1, compressed: false };
}

interface Pointer {
  readonly message: Buffer;
  readonly labels: readonly Buffer[];
  readonly at: number;
  readonly offset: number;
}

/** The rest of a name behind a pointer, which must lead to before the start of what was read, so that it ends. */
function continued({ message, labels, at, offset }: Pointer): { name: string; end: number; compressed: boolean } {
  const target = ((byteAt(message, at) & 0x3f) << 8) | byteAt(message, at + 1);
  if (target >= offset) throw new MessageError(`compression pointer at ${at} does not point backwards`);
  const rest = readName(message, target).name;
  const start = nameText(labels);
  return { name: start === '.' ? rest : rest === '.' ? start : start + rest, end: at + 2, compressed: true };
}

function byteAt(message: Buffer, at: number): number {
  if (at >= message.length) throw new MessageError(`message ends at ${message.length}, a name goes on`);
  return message.readUInt8(at);
}

const TYPES = table(
  'A=1 NS=2 CNAME=5 SOA=6 NULL=10 PTR=12 HINFO=13 MX=15 TXT=16 RP=17 AFSDB=18 SIG=24 KEY=25 AAAA=28 LOC=29 ' +
    'SRV=33 NAPTR=35 CERT=37 DNAME=39 OPT=41 DS=43 SSHFP=44 RRSIG=46 NSEC=47 DNSKEY=48 NSEC3=50 TLSA=52 CDS=59 ' +
    'CDNSKEY=60 SVCB=64 HTTPS=65 SPF=99 TSIG=250 IXFR=251 AXFR=252 ANY=255 URI=256 CAA=257',
);
const CLASSES = table('IN=1 CS=2 CH=3 HS=4 NONE=254 ANY=255');
const RCODES = table(
  'NOERROR=0 FORMERR=1 SERVFAIL=2 NXDOMAIN=3 NOTIMP=4 REFUSED=5 YXDOMAIN=6 YXRRSET=7 NXRRSET=8 NOTAUTH=9 ' + 'NOTZONE=10 BADVERS=16',
);

/** `A` or `TYPE65280` to the number. */
export const typeNumber = (text: string): number => numberOf({ table: TYPES, prefix: 'TYPE', text });
/** The number to `A` or `TYPE65280`. */
export const typeText = (number: number): string => textOf({ table: TYPES, prefix: 'TYPE', number });
/** `IN` or `CLASS32` to the number. */
export const classNumber = (text: string): number => numberOf({ table: CLASSES, prefix: 'CLASS', text });
/** The number to `IN` or `CLASS32`. */
export const classText = (number: number): string => textOf({ table: CLASSES, prefix: 'CLASS', number });
/** `NXDOMAIN` or `RCODE11` to the number. */
export const rcodeNumber = (text: string): number => numberOf({ table: RCODES, prefix: 'RCODE', text });
/** The number to `NXDOMAIN` or `RCODE11`. */
export const rcodeText = (number: number): string => textOf({ table: RCODES, prefix: 'RCODE', number });
/** Tells whether a word is a record type, so that text forms can leave the class out. */
export const isType = (text: string): boolean => TYPES.has(text) || /^TYPE\d+$/.test(text);
/** Tells whether a word is a class. `ANY` counts as a type. */
export const isClass = (text: string): boolean => (CLASSES.has(text) && text !== 'ANY') || /^CLASS\d+$/.test(text);

interface Table {
  readonly table: ReadonlyMap<string, number>;
  readonly prefix: string;
}

function numberOf({ table, prefix, text }: Table & { readonly text: string }): number {
  const known = table.get(text);
  if (known !== undefined) return known;
  const number = text.startsWith(prefix) ? Number(text.slice(prefix.length)) : Number.NaN;
  if (!Number.isInteger(number)) throw new MessageError(`unknown ${prefix.toLowerCase()} "${text}"`);
  return number;
}

function textOf({ table, prefix, number }: Table & { readonly number: number }): string {
  for (const [text, value] of table) if (value === number) return text;
  return `${prefix}${number}`;
}

function table(text: string): ReadonlyMap<string, number> {
  return new Map(text.split(' ').map((entry) => [entry.split('=')[0] ?? '', Number(entry.split('=')[1])]));
}
