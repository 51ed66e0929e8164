// Writes hostile messages as hex, in the notation of the tables: header, question, OPT and records, each from RFC 1035 section 4 and RFC 6891.
import { wireName } from '../support/names.ts';

/** The bytes of hex text; blanks do not count. */
export const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

/** A header with id 4242: RD and one question unless told otherwise. */
export function header(fields: { readonly flags?: string; readonly counts?: string } = {}): string {
  return `4242 ${fields.flags ?? '0100'} ${fields.counts ?? '0001 0000 0000 0000'}`;
}

/** A question in class IN, or as `class` says (hex). */
export const question = (name: string, type: string, klass = '0001'): string => `${wireName(name).toString('hex')} ${type} ${klass}`;

/** `a.test. A IN`, the question of every row that names no other. */
export const ordinary = question('a.test', '0001');

/** An OPT record; every field but the options is hex of its width in the message. */
export function opt(
  options = '',
  fields: { readonly owner?: string; readonly size?: string; readonly version?: string; readonly flags?: string } = {},
): string {
  const { owner = '00', size = '04d0', version = '00', flags = '0000' } = fields;
  return `${owner} 0029 ${size} 00 ${version} ${flags} ${length(options)} ${options}`;
}

/** A whole query with one OPT record. */
export const withOpt = (options = '', fields: Parameters<typeof opt>[1] = {}): string =>
  `${header({ counts: '0001 0000 0000 0001' })} ${ordinary} ${opt(options, fields)}`;

/** An EDNS option: code in hex, data in hex. */
export const option = (code: string, data: string): string => `${code} ${length(data)} ${data}`;

/** A signature by a key that nobody knows: hmac-sha256 and 32 octets of MAC (RFC 8945 section 4.2). */
export function unknownSignature(): string {
  const data = `${wireName('hmac-sha256').toString('hex')} 0000 6a000000 012c 0020 ${'5a'.repeat(32)} 4242 0000 0000`;
  return `${wireName('stranger').toString('hex')} 00fa 00ff 00000000 ${length(data)} ${data}`;
}

/** `n` labels of this length, without the root. */
export const labels = (n: number, octets: number): string => `${octets.toString(16).padStart(2, '0')} ${'78'.repeat(octets)} `.repeat(n);

function length(hex: string): string {
  return (hex.replaceAll(/\s/g, '').length / 2).toString(16).padStart(4, '0');
}
