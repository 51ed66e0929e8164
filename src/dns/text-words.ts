// Words of the text form of zone files: comments, quotes, parentheses and escapes (RFC 1035 section 5.1).

/** A word, its escapes as they stand. */
export interface TextWord {
  readonly text: string;
  readonly quoted: boolean;
}

/** A line's end, a parenthesis, a quoted word, or a word; blanks and comments are none of these. */
const pieces = /(\n)|([()])|"((?:[^"\\]|\\[\s\S])*)"|((?:[^\s;"()\\]|\\[\s\S])+)|[ \t\r]+|;[^\n]*/y;

/** The words of the first line that has any; inside parentheses a line goes on. Throws an Error where a quote or parenthesis is left open. */
export function wordsOf(text: string): TextWord[] {
  const words: TextWord[] = [];
  let depth = 0;
  pieces.lastIndex = 0;
  for (let at = 0; at < text.length; at = pieces.lastIndex) {
    const found = pieces.exec(text);
    if (found === null) throw new Error(text[at] === '"' ? 'a quote is not closed' : 'a backslash stands at the end');
    const [, end, parenthesis, quoted, plain] = found;
    if (end !== undefined && depth === 0 && words.length > 0) break;
    depth += depthOf(parenthesis);
    if (depth < 0) throw new Error('found ")" without "("');
    const word = quoted ?? plain;
    if (word !== undefined) words.push({ text: word, quoted: plain === undefined });
  }
  if (depth > 0) throw new Error('a parenthesis is not closed');
  return words;
}

function depthOf(parenthesis: string | undefined): number {
  if (parenthesis === undefined) return 0;
  return parenthesis === '(' ? 1 : -1;
}

/** The octets that a word stands for, its escapes read. */
export function octetsOf(word: string): Buffer {
  if (!word.includes('\\')) return Buffer.from(word);
  const parts = word.split(/\\(\d{3}|[\s\S])/);
  return Buffer.concat(
    parts.map((piece, i) => {
      if (i % 2 === 0 || piece.length !== 3) return Buffer.from(piece);
      if (Number(piece) > 255) throw new Error(`found the escape \\${piece}, expected \\000 to \\255`);
      return Buffer.of(Number(piece));
    }),
  );
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds as a number, or as in "1h30m"; undefined for every other word. */
export function readTtl(word: string): number | undefined {
  const first = word.charCodeAt(0);
  if (first < 0x30 || first > 0x39) return undefined;
  if (/^\d+$/.test(word)) return Number(word);
  if (!/^(?:\d+[smhdw])+$/i.test(word)) return undefined;
  return [...word.matchAll(/(\d+)([smhdw])/gi)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (unitSeconds[unit.toLowerCase()] ?? 0),
    0,
  );
}
