// Splits the text of a Corefile into words and comments, by the rules of CoreDNS, each with its place.

import type { Place } from './error.ts';
import type { Word } from './tree.ts';

/** A word as it stands in a file. */
export interface Token extends Word {
  /** Whether it is the first word of its line; the line of a quoted word with line breaks is the one it ends on. */
  readonly startsLine: boolean;
  /** Offsets into the text, quotes included. */
  readonly start: number;
  readonly end: number;
  /** Whether the file ended before the closing quote. */
  readonly unterminated?: boolean;
}

/** `# …`: from the mark to the end of the line, or to the next blank when the mark is glued to a word. */
export interface Comment {
  readonly text: string;
  readonly line: number;
  readonly startsLine: boolean;
  readonly start: number;
}

export interface Lexed {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

/** What Unicode calls white space. U+FEFF is not among it: it is dropped at the start of a file only. */
const blank = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Reads a whole text. Nothing is an error here: a quote that is never closed ends with the file. */
export function lex(text: string, file: string): Lexed {
  const scan = new Scan(text, file);
  while (!scan.done()) {
    const char = scan.peek();
    if (blank.test(char)) scan.skip();
    else if (char === '#') scan.comment(false);
    else if (char === '"') scan.quoted();
    else scan.plain();
  }
  return { tokens: scan.tokens, comments: scan.comments };
}

class Scan {
  readonly tokens: Token[] = [];
  readonly comments: Comment[] = [];
  private readonly text: string;
  private readonly file: string;
  private at = 0;
  private line = 1;
  private lineStart = 0;
  /** The line on which the last word or comment ended. */
  private lastLine = 0;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
    if (text.startsWith('\uFEFF')) this.at = 1;
    this.lineStart = this.at;
  }

  done(): boolean {
    return this.at >= this.text.length;
  }

  peek(): string {
    return this.text.charAt(this.at);
  }

  skip(): void {
    if (this.text.charAt(this.at++) === '\n') {
      this.line++;
      this.lineStart = this.at;
    }
  }

  comment(glued: boolean): void {
    const start = this.at;
    while (!this.done() && this.peek() !== '\n' && !(glued && this.endsGluedComment())) this.at++;
    const text = this.text.slice(start, this.at).trimEnd();
    this.comments.push({ text, line: this.line, startsLine: this.line !== this.lastLine, start });
    this.lastLine = this.line;
  }

  /** The closing quote ends the word at once; `\"` is the only escape. */
  quoted(): void {
    const begin = this.begin();
    let text = '';
    this.at++;
    while (!this.done()) {
      const char = this.peek();
      if (char === '"') break;
      const escaped = char === '\\' && this.at + 1 < this.text.length;
      if (escaped) {
        this.skip();
        text += this.peek() === '"' ? '"' : `\\${this.peek()}`;
      } else if (char !== '\\') text += char;
      this.skip();
    }
    const unterminated = this.done();
    this.at++;
    if (!unterminated) this.end(begin, text, true);
    else if (text !== '') this.tokens.push({ ...begin, text, quoted: true, end: this.text.length, unterminated });
  }

  plain(): void {
    const begin = this.begin();
    let text = '';
    while (!this.done() && this.peek() !== '#') {
      const char = this.peek();
      if (char !== '\r' && blank.test(char)) break;
      if (char !== '\r') text += char;
      this.at++;
    }
    this.end(begin, text, false);
    if (this.peek() === '#') this.comment(true);
  }

  private begin(): { place: Place; startsLine: boolean; start: number } {
    const place = { file: this.file, line: this.line, column: this.at - this.lineStart + 1, length: 1 };
    return { place, startsLine: this.line !== this.lastLine, start: this.at };
  }

  private end(begin: { place: Place; startsLine: boolean; start: number }, text: string, quoted: boolean): void {
    const raw = this.text.slice(begin.start, this.at);
    const length = Math.max(1, (raw.split('\n', 1)[0] ?? '').trimEnd().length);
    this.tokens.push({ ...begin, place: { ...begin.place, length }, text, quoted, end: this.at });
    this.lastLine = this.line;
  }

  /** CoreDNS ends a comment that is glued to a word at the next blank (a carriage return aside): what follows is words again. */
  private endsGluedComment(): boolean {
    return this.peek() !== '\r' && blank.test(this.peek());
  }
}
