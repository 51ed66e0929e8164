// The tree that every form of the configuration is read into: server blocks, directives, lines and words, each word with its place.

import { createHash } from 'node:crypto';

import type { ConfigError, Place } from './error.ts';

/** One word, after quotes are taken off and environment variables are put in. */
export interface Word {
  readonly text: string;
  readonly place: Place;
  readonly quoted: boolean;
  /** Whether it was the key of a map in the YAML form, where the order of lines means nothing. */
  readonly isKey?: boolean;
}

/** One line inside the block of a directive. It has at least one word. */
export interface Line {
  readonly words: readonly Word[];
}

/** One use of a plugin: its name, the words after it, and the lines of its block, absent when there are none. */
export interface Directive {
  readonly name: Word;
  readonly args: readonly Word[];
  readonly lines?: readonly Line[];
}

/** The directives that serve the zones named by its keys. */
export interface ServerBlock {
  readonly keys: readonly Word[];
  readonly directives: readonly Directive[];
  /** Of the first key; of the opening brace in the global block. */
  readonly place: Place;
}

/** A whole configuration, with snippets, imports and variables already put in. */
export interface Tree {
  readonly blocks: readonly ServerBlock[];
  /** The first block, if it has no key: directives for the whole program. */
  readonly global?: ServerBlock;
}

/** What reading a configuration gives. The tree holds what could be read even where there are problems. */
export interface Parsed {
  readonly tree: Tree;
  readonly problems: ConfigError[];
  readonly warnings: string[];
  /** The text of every file that was read, by the name that places use, to show lines in messages. */
  readonly sources: ReadonlyMap<string, string>;
  /** SHA-512 (hex) of the words of the tree: changes with imported content, not with comments or layout. */
  readonly hash: string;
}

/** SHA-512 (hex) over the words of a tree. Equal hashes mean equal configurations, whatever form they are written in. */
export function hashTree(tree: Tree): string {
  const shape = (block: ServerBlock) => [
    block.keys.map(textOf),
    block.directives.map((directive) => [
      textOf(directive.name),
      directive.args.map(textOf),
      (directive.lines ?? []).map((line) => line.words.map(textOf)),
    ]),
  ];
  const content = JSON.stringify([tree.global === undefined ? null : shape(tree.global), tree.blocks.map(shape)]);
  return createHash('sha512').update(content).digest('hex');
}

function textOf(word: Word): string {
  return word.text;
}

/** The stretch from one word to another, when both are on one line; else the first word's own place. */
export function span(words: readonly Word[]): Place | undefined {
  const first = words[0]?.place;
  const last = words.at(-1)?.place;
  if (first === undefined || last === undefined) return undefined;
  if (first.file !== last.file || first.line !== last.line || last.column < first.column) return first;
  return { ...first, length: last.column + last.length - first.column };
}
