// Numbers of templates: whole ones are numbers or bigints, others are floats, which Go tells apart.
import type { Token } from './lexer.ts';
import { unquote } from './quote.ts';
import { TemplateError } from './template-error.ts';

/** A number of Go's type float64. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A whole number as a number where that is exact, else as a bigint. */
export function whole(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

export function readNumber({ kind, text, at }: Token): unknown {
  if (kind === 'char') return readChar(text, at);
  const digits = text.replaceAll('_', '');
  const unsigned = digits.replace(/^[+-]/, '');
  if (!/^0[xXbBoO]/.test(unsigned) && /[.eE]/.test(unsigned)) return new Float(Number(digits));
  const prefixed = /^0\d/.test(unsigned) ? `0o${unsigned.slice(1)}` : unsigned;
  const value = integerOf(prefixed, digits.startsWith('-'));
  // Digits that the base does not have are an overflow to Go too.
  if (value === undefined || value !== BigInt.asIntN(64, value)) throw new TemplateError(`integer overflow: ${JSON.stringify(text)}`, at);
  return whole(value);
}

function readChar(text: string, at: number): number {
  try {
    const chars = [...unquote(text)];
    if (chars.length === 1) return (chars[0] as string).codePointAt(0) as number;
  } catch {
    // Said below.
  }
  throw new TemplateError(`malformed character constant: ${text}`, at);
}

function integerOf(digits: string, negative: boolean): bigint | undefined {
  try {
    return negative ? -BigInt(digits) : BigInt(digits);
  } catch {
    return undefined;
  }
}
