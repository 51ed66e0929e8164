// Writes a tree as a Corefile: the words of the tree, one directive a line, nothing of imports and variables it came from.

import { ConfigError } from './error.ts';
import { noRemarks, type Remarks } from './remarks.ts';
import type { Directive, ServerBlock, Tree, Word } from './tree.ts';

/** The text of a Corefile that reads as the same tree. Throws a ConfigError at a word that no Corefile can hold. */
export function toCorefile(tree: Tree, remarks: Remarks = noRemarks): string {
  const blocks = tree.global === undefined ? tree.blocks : [tree.global, ...tree.blocks];
  const text = blocks.map((block) => `${writeBlock(block, remarks).join('\n')}\n`).join('\n');
  return afterStart(
    [remarks.head.join('\n'), text, remarks.rest().join('\n')]
      .filter((part) => part !== '')
      .join('\n')
      .trimEnd()
      .concat('\n'),
  );
}

/** The text of a file. At its start U+FEFF is a byte order mark, behind a line break it is part of a word. */
export function afterStart(text: string): string {
  return text.startsWith('\ufeff') ? `\n${text}` : text;
}

function writeBlock(block: ServerBlock, remarks: Remarks): string[] {
  // As the first word it would import; an empty key in front does not count.
  const before = block.keys[0]?.text === 'import' ? ['""'] : [];
  const head = row([...before, ...block.keys.map(writeWord), '{'].join(' '), block.keys[0], { depth: 0, remarks });
  return [...head, ...block.directives.flatMap((directive) => writeDirective(directive, remarks)), '}'];
}

function writeDirective({ name, args, lines }: Directive, remarks: Remarks): string[] {
  const head = [name, ...args].map(writeWord).join(' ');
  if (lines === undefined) return row(head, name, { depth: 1, remarks });
  const inside = lines.flatMap(({ words }) => row(words.map(writeWord).join(' '), words[0], { depth: 2, remarks }));
  return [...row(`${head} {`, name, { depth: 1, remarks }), ...inside, '    }'];
}

/** A line with its comments. */
function row(text: string, word: Word | undefined, { depth, remarks }: { depth: number; remarks: Remarks }): string[] {
  const indent = '    '.repeat(depth);
  const before = remarks.before(word).map((remark) => indent + remark);
  const behind = remarks.behind(word);
  return [...before, `${indent}${text}${behind === '' ? '' : ` ${behind}`}`];
}

function writeWord(word: Word): string {
  const written = quoteWord(word.text);
  if (written === undefined) throw new ConfigError(`the word '${word.text}' cannot be written in a Corefile`, { place: word.place });
  return written;
}

/**
 * A word as a Corefile holds it, in quotes where it needs them. Undefined for braces, and for a backslash before a
 * quote inside a word that needs quotes: there is no escape for a backslash.
 */
export function quoteWord(text: string): string | undefined {
  if (text === '{' || text === '}') return undefined;
  if (/^[^"#\s\u0085][^#\s\u0085]*$/.test(text) && text !== '{}') return text;
  if (/(?<!\\)(\\\\)*\\("|$)/.test(text)) return undefined;
  return `"${text.replaceAll('"', '\\"')}"`;
}
