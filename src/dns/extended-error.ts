// Extended DNS errors: why an answer is what it is, for askers that speak EDNS (RFC 8914).
import { EdnsOption } from './codes.ts';
import type { Option } from './edns.ts';
import { checked, type Expectation, isObject } from './field-check.ts';
import { readUint16 } from './wire.ts';

/** The code of an extended error, alone or with a text that adds what a person may want to know (RFC 8914 section 2). */
export type ExtendedErrorValue = number | { readonly code: number; readonly text?: string };

const codeRange: Expectation = {
  expected: 'a code from 0 to 65535',
  fits: (value) => Number.isInteger(value) && ((value as number) & 0xffff) === value,
};
const shortText: Expectation = {
  expected: 'a text of at most 1000 octets',
  fits: (value) => typeof value === 'string' && Buffer.byteLength(value) <= 1000,
};

/** The option that carries an extended error. Throws an Error when the code or the text is none. */
export function extendedErrorOption(error: ExtendedErrorValue): Option {
  const { code, text = '' } = isObject(error) ? error : { code: error };
  checked(code, codeRange);
  checked(text, shortText);
  const data = Buffer.alloc(2 + Buffer.byteLength(text));
  data.writeUInt16BE(code);
  data.write(text, 2);
  return { code: EdnsOption.EDE, data };
}

/** The extended errors among the options of a reply. One that is cut short is left out. */
export function extendedErrorsOf(options: readonly Option[]): { readonly code: number; readonly text: string }[] {
  return options
    .filter(({ code, data }) => code === EdnsOption.EDE && data.length >= 2)
    .map(({ data }) => ({ code: readUint16(data, 0), text: Buffer.from(data.subarray(2)).toString().replace(/\0$/, '') }));
}
