// Lays a Corefile out anew: indentation, spacing and blank lines change, words and comments stay, and so does the meaning.

import { type Comment, lex, type Token } from './lexer.ts';
import { afterStart, quoteWord } from './write.ts';

/** One line of the result. */
interface Row {
  readonly depth: number;
  readonly words: string[];
  readonly comments: string[];
  readonly blankBefore: boolean;
  readonly closes: boolean;
}

/** Formats the text of a Corefile: four blanks a level, one directive a line, remarks at line ends aligned. Formatting twice changes nothing. */
export function formatCorefile(text: string): string {
  const { tokens, comments } = lex(text, '');
  const layout = new Layout(text);
  for (const item of [...tokens, ...comments].sort((a, b) => a.start - b.start)) {
    if ('place' in item) layout.word(item);
    else layout.comment(item);
  }
  return print(layout.rows);
}

class Layout {
  readonly rows: Row[] = [];
  private readonly text: string;
  private depth = 0;
  /** Whether the next word goes to a new row whatever the source says: after a brace. */
  private fresh = true;
  private lastLine = 0;

  constructor(text: string) {
    this.text = text;
  }

  word(token: Token): void {
    const closes = token.text === '}';
    const raw = this.rawOf(token);
    if (closes) this.depth = Math.max(0, this.depth - 1);
    if (this.fresh || closes || token.startsLine) this.open(token.place.line, closes);
    this.rows.at(-1)?.words.push(raw);
    if (token.text === '{') this.depth++;
    this.fresh = closes || token.text === '{';
    this.lastLine = token.place.line + raw.split('\n').length - 1;
  }

  comment(comment: Comment): void {
    if (comment.startsLine || this.rows.length === 0) {
      this.open(comment.line, false);
      this.fresh = true;
    }
    this.rows.at(-1)?.comments.push(comment.text);
    this.lastLine = comment.line;
  }

  private open(line: number, closes: boolean): void {
    const last = this.rows.at(-1);
    const afterBlock = last?.closes === true && last.depth === 0 && this.depth === 0;
    const afterBrace = last === undefined || last.words.at(-1) === '{';
    const blankBefore = !afterBrace && !closes && (afterBlock || line > this.lastLine + 1);
    this.rows.push({ depth: this.depth, words: [], comments: [], blankBefore, closes });
  }

  /** Carriage returns outside quotes mean nothing; a quote that the file never closes is closed. */
  private rawOf(token: Token): string {
    const raw = this.text.slice(token.start, token.end);
    if (!token.quoted) return raw.replaceAll('\r', '');
    return token.unterminated ? (quoteWord(`${token.text} `)?.replace(/ "$/, '"') ?? raw) : raw;
  }
}

function print(rows: readonly Row[]): string {
  const texts = rows.map((row) => '    '.repeat(row.depth) + row.words.join(' '));
  let result = '';
  for (const [i, row] of rows.entries()) {
    const text = texts[i] ?? '';
    const remark = row.comments.join(' ');
    const gap = row.words.length === 0 || remark === '' ? '' : ' '.repeat(remarkColumn(rows, texts, i) - text.length);
    result += `${row.blankBefore ? '\n' : ''}${text}${gap}${remark}\n`;
  }
  return afterStart(result);
}

/** Remarks of neighbouring rows stand in one column, one blank after the longest of them. */
function remarkColumn(rows: readonly Row[], texts: readonly string[], index: number): number {
  const joins = (i: number) => {
    const row = rows[i];
    return row !== undefined && row.depth === rows[index]?.depth && row.words.length > 0 && row.comments.length > 0 && !texts[i]?.includes('\n');
  };
  if (!joins(index)) return (texts[index] ?? '').length + 1;
  let first = index;
  while (!rows[first]?.blankBefore && joins(first - 1)) first--;
  let last = index;
  while (!rows[last + 1]?.blankBefore && joins(last + 1)) last++;
  return Math.max(...texts.slice(first, last + 1).map((text) => text.length)) + 1;
}
