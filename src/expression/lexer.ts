// Splits an expression into tokens, as expr-lang does: names, numbers, strings, operators and brackets, each with its place.
import { ExpressionError, type Span } from './expression-error.ts';

/** The smallest piece of an expression. */
export interface Token extends Span {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'end';
  /** As it is written; of a string, what it stands for. */
  readonly text: string;
}

/** Operators that are words. */
const wordOperators: ReadonlySet<string> = new Set(['not', 'in', 'or', 'and', 'matches', 'contains', 'startsWith', 'endsWith', 'let', 'if', 'else']);

/** The longest first. A number ends before "..", which makes a range of it. */
const patterns = {
  blank: /(?:\s+|\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)+/y,
  number: /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?/y,
  name: /[\p{L}_$][\p{L}\p{Nd}_$]*/uy,
  raw: /`[^`]*`/y,
  operator: /\?\.|\?\?|\|\||&&|==|!=|<=|>=|\*\*|\.\.|[?|:;,+\-*/%^!<>=.#()[\]{}]/y,
} as const;

/** The tokens of an expression, the last one of kind "end". Throws an {@link ExpressionError} at what is no token. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = match(patterns.blank, text, 0)?.length ?? 0;
  while (at < text.length) {
    const { token, end } = readToken(text, at);
    tokens.push(token);
    at = end + (match(patterns.blank, text, end)?.length ?? 0);
  }
  return [...tokens, { kind: 'end', text: '', start: text.length, end: text.length }];
}

function readToken(text: string, start: number): { token: Token; end: number } {
  const quote = text[start];
  if (quote === '"' || quote === "'") return readString(text, start, quote);
  const raw = match(patterns.raw, text, start);
  if (raw !== undefined) return made('string', start, start + raw.length, raw.slice(1, -1));
  const number = match(patterns.number, text, start);
  if (number !== undefined) return made('number', start, endOfNumber(text, start, number), number);
  const name = match(patterns.name, text, start);
  if (name !== undefined) return made(wordOperators.has(name) ? 'operator' : 'name', start, start + name.length, name);
  const operator = match(patterns.operator, text, start);
  if (operator !== undefined) return made('operator', start, start + operator.length, operator);
  const found = String.fromCodePoint(text.codePointAt(start) ?? 0);
  throw new ExpressionError(`found ${found}, which no expression has at this place`, { start, end: start + found.length });
}

function made(kind: Token['kind'], start: number, end: number, text: string): { token: Token; end: number } {
  return { token: { kind, text, start, end }, end };
}

function endOfNumber(text: string, start: number, number: string): number {
  const end = start + number.length;
  const letters = match(patterns.name, text, end);
  if (letters === undefined) return end;
  throw new ExpressionError(`found ${number}${letters}, expected a number`, { start, end: end + letters.length });
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};
const coded = /x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-3][0-7]{2})/y;

function readString(text: string, start: number, quote: string): { token: Token; end: number } {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] as string;
    if (char === quote) return made('string', start, at + 1, value);
    if (char !== '\\') {
      value += char;
      continue;
    }
    const { value: meant, last } = readEscape(text, at);
    value += meant;
    at = last;
  }
  throw new ExpressionError(`this string does not end, expected ${quote}`, { start, end: text.length });
}

/** What the escape at a backslash stands for, and the index of its last character. */
function readEscape(text: string, at: number): { value: string; last: number } {
  const known = escapes[text[at + 1] ?? ''];
  if (known !== undefined) return { value: known, last: at + 1 };
  coded.lastIndex = at + 1;
  const [whole, two, four, eight, octal] = coded.exec(text) ?? [];
  const code = octal === undefined ? Number.parseInt(two ?? four ?? eight ?? '', 16) : Number.parseInt(octal, 8);
  if (whole === undefined || code > 0x10_ffff) {
    const found = text.slice(at, at + 2);
    throw new ExpressionError(`found ${found}, expected an escape such as \\\\, \\' or \\n`, { start: at, end: at + found.length });
  }
  return { value: String.fromCodePoint(code), last: at + whole.length };
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
