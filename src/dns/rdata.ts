// Where the names stand in the RDATA of each type: what a message may compress, must expand, or a rewrite may change.
import { expandName, FormatError, nameLength, readUint16, skipName } from './wire.ts';

/**
 * The fields of RDATA up to its last name: a number is so many octets, 's' a character string, 'n' a name that may be compressed when
 * written (the types of RFC 1035, see RFC 3597 section 4), 'N' one that may not. What follows the last field is copied as it stands.
 */
type Layout = readonly (number | 's' | 'n' | 'N')[];

const layouts = new Map<number, Layout>([
  [2, ['n']], // NS
  [3, ['n']], // MD
  [4, ['n']], // MF
  [5, ['n']], // CNAME
  [6, ['n', 'n', 20]], // SOA
  [7, ['n']], // MB
  [8, ['n']], // MG
  [9, ['n']], // MR
  [12, ['n']], // PTR
  [14, ['n', 'n']], // MINFO
  [15, [2, 'n']], // MX
  [17, ['N', 'N']], // RP
  [18, [2, 'N']], // AFSDB
  [21, [2, 'N']], // RT
  [23, ['N']], // NSAP-PTR
  [24, [18, 'N']], // SIG
  [26, [2, 'N', 'N']], // PX
  [30, ['N']], // NXT
  [33, [6, 'N']], // SRV
  [35, [4, 's', 's', 's', 'N']], // NAPTR
  [36, [2, 'N']], // KX
  [39, ['N']], // DNAME
  [46, [18, 'N']], // RRSIG
  [47, ['N']], // NSEC
  [58, ['N', 'N']], // TALINK
  [64, [2, 'N']], // SVCB
  [65, [2, 'N']], // HTTPS
  [107, [2, 'N']], // LP
]);
const fixedLengths = new Map([
  [1, 4],
  [28, 16],
]);
const endsWithNames = new Set([2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15, 17, 18, 21, 26, 33, 35, 36, 39, 58, 107]);

const noNames: readonly RdataName[] = [];

/** The place of a name in RDATA: its offset, and whether a message may compress it. */
export interface RdataName {
  readonly at: number;
  readonly end: number;
  readonly compressible: boolean;
}

/** The names in the RDATA at `start`, with every bound checked; throws a {@link FormatError} when the RDATA is malformed. */
export function rdataNames(type: number, wire: Uint8Array, start: number, end: number): readonly RdataName[] {
  const fixed = fixedLengths.get(type);
  if (fixed !== undefined && end - start !== fixed) throw new FormatError(`RDATA of ${end - start} octets, expected ${fixed}`);
  const layout = layouts.get(type);
  if (layout === undefined) return noNames;
  const names: RdataName[] = [];
  let at = start;
  for (const field of layout) {
    const next = endOfField(field, wire, at, end);
    if (next === -1 || next > end) throw new FormatError('RDATA is cut short');
    if (field === 'n' || field === 'N') names.push({ at, end: next, compressible: field === 'n' });
    at = next;
  }
  if (at !== end && endsWithNames.has(type)) throw new FormatError('RDATA is longer than its fields');
  return names;
}

function endOfField(field: number | 's' | 'n' | 'N', wire: Uint8Array, at: number, end: number): number {
  if (typeof field === 'number') return at + field;
  if (field === 's') return at < end ? at + 1 + (wire[at] as number) : -1;
  return skipName(wire, at, end);
}

/** The RDATA at `start` with every name expanded. Throws a {@link FormatError} when it is malformed. */
export function expandRdata(type: number, wire: Uint8Array, start: number, end: number): Buffer {
  return replaceNames({ type, wire, start, end }, (at) => expandName(wire, at));
}

/** Fields of types that messages are not searched for, as they have no names. */
const nameless = new Map<number, Layout>([
  [13, ['s', 's']], // HINFO
  [43, [4]], // DS
  [44, [2]], // SSHFP
  [48, [4]], // DNSKEY
  [50, [4, 's', 's']], // NSEC3
  [52, [3]], // TLSA
  [257, [1, 's']], // CAA
]);

/** Looks at RDATA of its own, which must hold all fields of its type and no compressed name. Throws a {@link FormatError} that says what is wrong. */
export function checkRdata(type: number, rdata: Uint8Array): void {
  const names = rdataNames(type, rdata, 0, rdata.length);
  for (const name of names) {
    if (name.end - name.at !== nameLength(rdata, name.at)) throw new FormatError('found a compressed name in RDATA, expected whole names');
  }
  let at = 0;
  for (const field of nameless.get(type) ?? []) {
    at = endOfField(field, rdata, at, rdata.length);
    if (at === -1 || at > rdata.length) throw new FormatError('RDATA is cut short');
  }
  if (type === 64 || type === 65) checkParams(rdata, names.at(-1)?.end ?? 0);
}

/** The parameters of SVCB and HTTPS stand by growing numbers (RFC 9460 section 2.2). */
function checkParams(rdata: Uint8Array, start: number): void {
  let last = -1;
  let at = start;
  while (at + 4 <= rdata.length && readUint16(rdata, at) > last) {
    last = readUint16(rdata, at);
    at += 4 + readUint16(rdata, at + 2);
  }
  if (at !== rdata.length) throw new FormatError('its parameters are cut short or out of order');
}

/** RDATA and where it stands. */
export interface RdataSpan {
  readonly type: number;
  readonly wire: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * The RDATA with every name replaced by what `replace` returns for the name at that offset (uncompressed wire form). Its memory is its own: records are
 * kept, and a few octets of a piece that Node shares out would keep all of that.
 */
export function replaceNames(span: RdataSpan, replace: (at: number) => Uint8Array): Buffer {
  const { type, wire, start, end } = span;
  const parts: Uint8Array[] = [];
  let copied = start;
  for (const name of rdataNames(type, wire, start, end)) {
    parts.push(wire.subarray(copied, name.at), replace(name.at));
    copied = name.end;
  }
  parts.push(wire.subarray(copied, end));
  const rdata = Buffer.allocUnsafeSlow(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    rdata.set(part, at);
    at += part.length;
  }
  return rdata;
}
