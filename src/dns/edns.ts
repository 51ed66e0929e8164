// The OPT record and its options (RFC 6891 section 6.1.2).
import { QueryType } from './codes.ts';
import { FormatError, readUint16, writeUint16 } from './wire.ts';

/** One option of an OPT record. */
export interface Option {
  readonly code: number;
  readonly data: Uint8Array;
}

/** Octets of an OPT record without options. */
export const optLength = 11;

const DNSSEC_OK = 0x8000;

/** The options in the RDATA between `start` and `end`; throws a {@link FormatError} when one is cut short. */
export function readOptions(wire: Uint8Array, start: number, end: number): Option[] {
  const options: Option[] = [];
  let at = start;
  while (at < end) {
    if (at + 4 > end) throw new FormatError('EDNS option is cut short');
    const dataEnd = at + 4 + readUint16(wire, at + 2);
    if (dataEnd > end) throw new FormatError('EDNS option is cut short');
    options.push({ code: readUint16(wire, at), data: Buffer.from(wire.subarray(at + 4, dataEnd)) });
    at = dataEnd;
  }
  return options;
}

/** The data of the first option with this code in the checked RDATA between `start` and `end`; undefined without one. */
export function findOption(wire: Uint8Array, start: number, end: number, code: number): Uint8Array | undefined {
  for (let at = start; at < end; at += 4 + readUint16(wire, at + 2)) {
    if (readUint16(wire, at) === code) return Buffer.from(wire.subarray(at + 4, at + 4 + readUint16(wire, at + 2)));
  }
  return undefined;
}

/** Octets of an OPT record with these options. */
export function optLengthWith(options: readonly Option[]): number {
  let length = optLength;
  for (const option of options) length += 4 + option.data.length;
  return length;
}

/** What an OPT record says beside its options. */
export interface OptFields {
  /** Octets of a UDP message its sender takes. */
  readonly udpSize: number;
  /** The upper eight bits of the response code. */
  readonly extendedRcode: number;
  readonly dnssecOk: boolean;
}

/** Writes an OPT record of version 0 at `at` and returns the offset behind it. */
export function writeOpt(out: Uint8Array, at: number, fields: OptFields, options: readonly Option[]): number {
  out[at] = 0;
  writeUint16(out, at + 1, QueryType.OPT);
  writeUint16(out, at + 3, fields.udpSize);
  out[at + 5] = fields.extendedRcode;
  out[at + 6] = 0;
  writeUint16(out, at + 7, fields.dnssecOk ? DNSSEC_OK : 0);
  let end = at + optLength;
  for (const option of options) {
    writeUint16(out, end, option.code);
    writeUint16(out, end + 2, option.data.length);
    out.set(option.data, end + 4);
    end += 4 + option.data.length;
  }
  writeUint16(out, at + 9, end - at - optLength);
  return end;
}
