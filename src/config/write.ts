// Writes a tree as a Corefile: the words of the tree, one directive a line, nothing of imports and variables it came from.

import { ConfigError } from './error.ts';
import type { Directive, ServerBlock, Tree, Word } from './tree.ts';

/** The text of a Corefile that reads as the same tree. Throws a ConfigError at a word that no Corefile can hold. */
export function toCorefile(tree: Tree): string {
  const blocks = tree.global === undefined ? tree.blocks : [tree.global, ...tree.blocks];
  return blocks.map(writeBlock).join('\n');
}

function writeBlock(block: ServerBlock): string {
  const lines = [[...block.keys.map(writeWord), '{'].join(' ')];
  for (const directive of block.directives) lines.push(...writeDirective(directive));
  return `${[...lines, '}'].join('\n')}\n`;
}

function writeDirective({ name, args, lines }: Directive): string[] {
  const head = `    ${[name, ...args].map(writeWord).join(' ')}`;
  if (lines === undefined) return [head];
  return [`${head} {`, ...lines.map((line) => `        ${line.words.map(writeWord).join(' ')}`), '    }'];
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
