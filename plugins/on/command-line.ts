// Splits a command line into words as a shell does: quotes and backslashes, and nothing else of what shells do.

/** Throws an Error in CoreDNS's words where a quote is left open or there is no word. */
export function splitCommand(line: string): readonly [command: string, ...args: string[]] {
  const words: string[] = [];
  const piece = /(\s+)|#[^\n]*|((?:[^\s"'\\#]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')*)/y;
  for (let at = 0; at < line.length; at = piece.lastIndex) {
    const found = piece.exec(line);
    if (found === null)
      throw new Error(`error parsing command: EOF found ${line.at(-1) === '\\' ? 'after escape character' : 'when expecting closing quote'}.`);
    if (found[2] !== undefined) words.push(unquoted(found[2]));
  }
  const [command, ...args] = words;
  if (command === undefined) throw new Error(`no command contained in '${line}'`);
  return [command, ...args];
}

function unquoted(word: string): string {
  return word.replaceAll(/\\([\s\S])|"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g, (_, escaped?: string, double?: string, single?: string) => {
    return escaped ?? double?.replaceAll(/\\(["\\])/g, '$1') ?? single ?? '';
  });
}
