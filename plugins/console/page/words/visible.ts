// Text from strangers: names of queries are what clients chose, so nothing in them may steer the page or the eye.

/**
 * What cannot be seen, or moves what is around it: control and format characters (the marks that turn the direction of writing, those of no width),
 * separators of lines, blanks other than the usual one, what has no meaning, and half characters.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]|(?! )\p{Zs}|^\p{M}/gu;

/** The text with each such character as its number, "\u{202e}"; no longer than `most` characters. */
export function visible(text: string, most = 1024): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replace(unseen, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** The same for text of several lines: line ends and tabs stay. */
export function visibleLines(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      line
        .split('\t')
        .map((part) => visible(part, 20_000))
        .join('\t'),
    )
    .join('\n');
}
