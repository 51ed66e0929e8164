// Splits the text of a template into text and the tokens of its actions, as Go's text/template does.
import { TemplateError } from './template-error.ts';

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'identifier'
  | 'field'
  | 'variable'
  | 'dot'
  | 'number'
  | 'char'
  | 'string'
  | 'raw'
  | 'bool'
  | 'nil'
  | 'keyword'
  | 'space'
  | 'pipe'
  | 'left'
  | 'right'
  | 'declare'
  | 'assign'
  | 'comma'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Where it begins. */
  readonly at: number;
}

const keywords: ReadonlySet<string> = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);
const blank = /[ \t\r\n]/;
/** The end of an action; the blank in front of a minus belongs to it. */
const closing = /(?:[ \t\r\n]-)?\}\}/y;

/** What a token may look like inside an action; the first that fits is taken. */
const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /[ \t\r\n](?!-\}\})(?:[ \t\r\n](?!-\}\}))*/y],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['left', /\(/y],
  ['right', /\)/y],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"/y],
  ['raw', /`[^`]*`/y],
  ['char', /'(?:[^'\\\n]|\\[^\n])+'/y],
  ['number', /[+-]?(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)/y],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['dot', /\./y],
  ['identifier', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
];

/** Kinds that must not be followed by the beginning of another word. */
const words: ReadonlySet<TokenKind> = new Set(['identifier', 'field', 'variable', 'number', 'dot']);

/** All tokens, the last one of kind `end`. Throws a TemplateError with Go's words. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trims = false;
  for (;;) {
    const open = source.indexOf('{{', at);
    const hasTrim = open !== -1 && source[open + 2] === '-' && blank.test(source[open + 3] ?? '');
    let text = source.slice(at, open === -1 ? source.length : open);
    if (trims) text = text.replace(/^[ \t\r\n]+/, '');
    if (hasTrim) text = text.replace(/[ \t\r\n]+$/, '');
    if (text !== '') tokens.push({ kind: 'text', text, at });
    if (open === -1) break;
    ({ at, trims } = readAction(source, open, hasTrim ? open + 3 : open + 2, tokens));
  }
  tokens.push({ kind: 'end', text: '', at: source.length });
  return tokens;
}

interface Rest {
  readonly at: number;
  /** Whether blanks behind the action go. */
  readonly trims: boolean;
}

function readAction(source: string, open: number, start: number, tokens: Token[]): Rest {
  // A comment follows at once; behind "{{-" that is behind the one blank that belongs to it.
  if (source.startsWith('/*', source[start - 1] === '-' ? start + 1 : start)) return endOfComment(source, open);
  tokens.push({ kind: 'open', text: '{{', at: open });
  let depth = 0;
  for (let at = start; ; ) {
    const close = closingAt(source, at);
    if (close !== undefined) {
      if (depth > 0) throw new TemplateError('unclosed left paren', at);
      tokens.push({ kind: 'close', text: close, at });
      return { at: at + close.length, trims: close !== '}}' };
    }
    const token = readToken(source, at, open);
    depth += depthOf(token);
    if (depth < 0) throw new TemplateError('unexpected right paren', at);
    if (token.text !== '') tokens.push(token);
    at += token.text.length;
  }
}

function closingAt(source: string, at: number): string | undefined {
  closing.lastIndex = at;
  return closing.exec(source)?.[0];
}

function depthOf({ kind }: Token): number {
  if (kind === 'left') return 1;
  return kind === 'right' ? -1 : 0;
}

function endOfComment(source: string, open: number): Rest {
  const end = source.indexOf('*/', open);
  if (end === -1) throw new TemplateError('unclosed comment', open);
  const found = closingAt(source, end + 2);
  if (found === undefined) throw new TemplateError('comment ends before closing delimiter', open);
  return { at: end + 2 + found.length, trims: found !== '}}' };
}

function readToken(source: string, at: number, open: number): Token {
  if (at >= source.length) throw new TemplateError('unclosed action', open);
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text === undefined) continue;
    if (words.has(kind)) endsWell(source, at + text.length, text);
    return { kind: kind === 'identifier' ? kindOfWord(text) : kind, text, at };
  }
  throw new TemplateError(problemAt(source, at), at);
}

function kindOfWord(text: string): TokenKind {
  if (keywords.has(text)) return 'keyword';
  if (text === 'true' || text === 'false') return 'bool';
  return text === 'nil' ? 'nil' : 'identifier';
}

function endsWell(source: string, end: number, text: string): void {
  const next = source[end];
  if (next === undefined || /[ \t\r\n.,|:)(=]/.test(next) || source.startsWith('}}', end)) return;
  if (/^[+-]?[\d.]/.test(text) && text !== '.') throw new TemplateError(`bad number syntax: "${text}${next}"`, end);
  throw new TemplateError(`bad character ${unicode(next)}`, end);
}

function problemAt(source: string, at: number): string {
  const char = source[at] as string;
  if (char === '"') return 'unterminated quoted string';
  if (char === '`') return 'unterminated raw quoted string';
  if (char === "'") return 'unterminated character constant';
  if (char === ':') return 'expected :=';
  return `unexpected ${JSON.stringify(char)} in command`;
}

function unicode(char: string): string {
  return `U+${(char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')} '${char}'`;
}
