// Texts in quotes as Go has them: read, and written.

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
};
const written = new Map(Object.entries(escapes).map(([letter, char]) => [char, letter]));

/** What stands between the quotes, its escapes read. Throws an Error at an escape that there is none of. */
export function unquote(text: string): string {
  const inner = text.slice(1, -1);
  if (text[0] === '`') return inner.replaceAll('\r', '');
  if (!inner.includes('\\')) return inner;
  return inner.replaceAll(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.)/gs, (_, sequence: string) => {
    const known = escapes[sequence];
    if (known !== undefined) return known;
    if (/^[xuU]./.test(sequence)) return String.fromCodePoint(Number.parseInt(sequence.slice(1), 16));
    if (/^[0-7]{3}$/.test(sequence)) return String.fromCharCode(Number.parseInt(sequence, 8));
    throw new Error('invalid syntax');
  });
}

/** The text as Go's %q writes it. */
export function quoted(text: string): string {
  let out = '"';
  for (const char of text) {
    const letter = char === "'" ? undefined : written.get(char);
    const code = char.codePointAt(0) as number;
    if (letter !== undefined) out += `\\${letter}`;
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else out += char;
  }
  return `${out}"`;
}
