// Go's fmt: print, println and printf.
import { Float } from './number.ts';
import { quoted } from './quote.ts';
import { display, isWhole, typeOf } from './values.ts';

/** The values one behind the other, with a blank between two of which neither is a text. */
export function sprint(values: readonly unknown[]): string {
  let out = '';
  for (const [i, value] of values.entries()) {
    if (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string') out += ' ';
    out += display(value);
  }
  return out;
}

export function sprintln(values: readonly unknown[]): string {
  return `${values.map(display).join(' ')}\n`;
}

/** Columns and digits at most that a text can ask for. */
const widest = 1000;

interface Flags {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
}

interface Directive {
  readonly flags: Flags;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  readonly verb: string;
}

const directive = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(?:\[(\d+)\])?(.)?/gsu;

/** Go's Sprintf. Mistakes are told in the text, as `%!d(string=x)`. */
export function sprintf(form: string, args: readonly unknown[]): string {
  const given = new Arguments(args);
  const text = form.replaceAll(directive, (_, written: string, width?: string, precision?: string, index?: string, verb?: string) => {
    if (verb === undefined) return '%!(NOVERB)';
    const columns = given.number(width);
    const digits = precision === '' ? 0 : given.number(precision);
    if (verb === '%') return '%';
    const problem = given.seek(index);
    if (problem !== undefined) return `%!${verb}(${problem})`;
    const wide = columns === undefined ? undefined : Math.abs(columns);
    return formatted({ flags: flagsOf(written, columns), width: wide, precision: digits, verb }, given.take());
  });
  return text + given.extra();
}

/** The arguments of a format, and how far they are used. */
class Arguments {
  private readonly values: readonly unknown[];
  private used = 0;
  private reordered = false;

  constructor(values: readonly unknown[]) {
    this.values = values;
  }

  take(): unknown {
    return this.values[this.used++];
  }

  /** A width or precision: digits, or an argument for `*`. */
  number(written: string | undefined): number | undefined {
    if (written !== '*') return numberOf(written);
    const value = this.take();
    return isWhole(value) ? Math.max(-widest, Math.min(Number(value), widest)) : undefined;
  }

  /** Goes to the argument with this number, counted from 1; says what is wrong when there is none. */
  seek(index: string | undefined): string | undefined {
    if (index !== undefined) {
      this.reordered = true;
      this.used = Number(index) - 1;
    }
    if (this.used >= 0 && this.used < this.values.length) return undefined;
    return index === undefined ? 'MISSING' : 'BADINDEX';
  }

  /** What is said of arguments that were not used. */
  extra(): string {
    if (this.reordered || this.used >= this.values.length) return '';
    const left = this.values.slice(this.used).map((value) => (value === null ? '<nil>' : `${typeOf(value)}=${display(value)}`));
    return `%!(EXTRA ${left.join(', ')})`;
  }
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Math.min(Number(digits), widest);
}

function flagsOf(written: string, columns = 0): Flags {
  const minus = written.includes('-') || columns < 0;
  return { minus, plus: written.includes('+'), sharp: written.includes('#'), space: written.includes(' '), zero: written.includes('0') && !minus };
}

function formatted(how: Directive, value: unknown): string {
  const { verb } = how;
  if (verb === 'T') return padded(how, typeOf(value));
  if (verb === 'v') return padded(how, isWhole(value) ? wholeNumber(how, value, 10) : display(value));
  if (value === null || value === undefined) return `%!${verb}(<nil>)`;
  if (Array.isArray(value)) return `[${value.map((each) => formatted(how, each)).join(' ')}]`;
  const text = texts[verb]?.(how, value) ?? wrongVerb(verb, value);
  return padded(how, text);
}

function wrongVerb(verb: string, value: unknown): string {
  return `%!${verb}(${typeOf(value)}=${display(value)})`;
}

type Formatter = (how: Directive, value: unknown) => string | undefined;

const inBase =
  (base: number): Formatter =>
  (how, value) =>
    isWhole(value) ? wholeNumber(how, value, base) : undefined;
const hexadecimal =
  (write: (digits: string) => string): Formatter =>
  (how, value) => {
    if (typeof value === 'string') return write(Buffer.from(value).toString('hex'));
    const digits = inBase(16)(how, value);
    return digits === undefined ? undefined : write(digits);
  };
const asFloat =
  (write: (value: number, digits: number | undefined) => string): Formatter =>
  ({ precision, flags }, value) => {
    if (!(value instanceof Float)) return undefined;
    const text = write(value.value, precision);
    return flags.plus && value.value >= 0 ? `+${text}` : text;
  };
const exponent = (text: string) => text.replace(/e([+-])(\d)$/, 'e$10$2');

const texts: Readonly<Record<string, Formatter>> = {
  s: ({ precision }, value) => (isNumeric(value) || typeof value === 'boolean' ? undefined : cut(display(value), precision)),
  q: ({ precision }, value) => {
    if (isWhole(value)) return `'${String.fromCodePoint(Number(value))}'`;
    return typeof value === 'string' ? quoted(cut(value, precision)) : undefined;
  },
  t: (_, value) => (typeof value === 'boolean' ? String(value) : undefined),
  d: inBase(10),
  b: inBase(2),
  o: inBase(8),
  x: hexadecimal((digits) => digits),
  X: hexadecimal((digits) => digits.toUpperCase()),
  c: (_, value) => (isWhole(value) ? String.fromCodePoint(Number(value)) : undefined),
  U: (_, value) => (isWhole(value) ? `U+${value.toString(16).toUpperCase().padStart(4, '0')}` : undefined),
  f: asFloat((value, digits = 6) => value.toFixed(Math.min(digits, 100))),
  e: asFloat((value, digits = 6) => exponent(value.toExponential(Math.min(digits, 100)))),
  g: asFloat((value, digits) =>
    digits === undefined ? display(new Float(value)) : String(Number(value.toPrecision(Math.min(Math.max(digits, 1), 100)))),
  ),
};
const prefixes: Readonly<Record<number, string>> = { 2: '0b', 8: '0', 16: '0x' };

function isNumeric(value: unknown): boolean {
  return isWhole(value) || value instanceof Float;
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : [...text].slice(0, precision).join('');
}

function wholeNumber({ flags, width = 0, precision, verb }: Directive, value: number | bigint, base: number): string {
  const sign = value < 0 ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const prefix = flags.sharp && verb !== 'v' ? (prefixes[base] ?? '') : '';
  const size = value < 0 ? -value : value;
  const least = precision ?? (flags.zero ? width - sign.length - prefix.length : 0);
  return sign + prefix + size.toString(base).padStart(least, '0');
}

function padded({ flags, width = 0, verb }: Directive, text: string): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  return (flags.zero && verb !== 'd' ? '0' : ' ').repeat(missing) + text;
}
