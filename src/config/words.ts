// The stream of words that the parser reads: lines from a file, with imports and snippets spliced in and variables replaced.

import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { env as processEnvironment } from 'node:process';
import { type Environment, substitute } from './environment.ts';
import { ConfigError, formatWarning, messageOf, type Place } from './error.ts';
import { glob, hasWildcard } from './glob.ts';
import { lex } from './lexer.ts';
import type { Word } from './tree.ts';

/** A word before variables are put in, and whether it begins a line. */
export interface RawWord extends Word {
  readonly startsLine: boolean;
  readonly unterminated?: boolean;
}

/** A word as the parser sees it. Only `raw` decides about braces: a variable never opens a block. */
export interface Item {
  readonly word: Word;
  readonly raw: string;
  readonly startsLine: boolean;
}

/** Where problems and warnings go, and which variables there are; 'keep' leaves references as they stand. */
export interface Reading {
  readonly env: Environment | 'keep';
  readonly problems: ConfigError[];
  readonly warnings: string[];
  readonly sources: Map<string, string>;
  readonly inlined?: ((note: string) => void) | undefined;
}

/** The reading of a text that begins. Variables are those of the process unless given. */
export function readingOf(text: string, file: string, { env = processEnvironment, inlined }: Partial<Reading>): Reading {
  return { env, problems: [], warnings: [], sources: new Map([[file, text]]), inlined };
}

/** One piece of text being read, and through which imports it came. */
interface Frame {
  readonly words: readonly RawWord[];
  readonly chain: readonly string[];
  at: number;
}

/** CoreDNS's limits on imports in one configuration. */
const mostSnippetImports = 10_000;
const mostFileImports = 100_000;

export class WordStream {
  readonly snippets = new Map<string, readonly RawWord[]>();
  private readonly reading: Reading;
  private readonly frames: Frame[];
  private readonly files = new Map<string, readonly RawWord[]>();
  private snippetImports = 0;
  private fileImports = 0;
  /** A brace begins a new line, wherever it stands. */
  private afterBrace = true;
  private ahead: Item | undefined;

  constructor(words: readonly RawWord[], reading: Reading) {
    this.reading = reading;
    this.frames = [{ words, at: 0, chain: [] }];
  }

  /** The next word, left in place; undefined at the end. */
  peek(): Item | undefined {
    this.ahead ??= this.expanded();
    return this.ahead;
  }

  next(): Item | undefined {
    const item = this.peek();
    this.ahead = undefined;
    if (item !== undefined) this.afterBrace = item.raw === '{' || item.raw === '}';
    return item;
  }

  /** The words up to the brace that closes the one just read, imports not followed, and whether there is such a brace. */
  rawBody(): { body: readonly RawWord[]; closed: boolean } {
    const body: RawWord[] = [];
    for (let depth = 1, word = this.shift(); word !== undefined; word = this.shift()) {
      if (word.text === '{') depth++;
      if (word.text === '}' && --depth === 0) return { body, closed: true };
      body.push(word);
    }
    return { body, closed: false };
  }

  private expanded(): Item | undefined {
    for (;;) {
      const word = this.shift();
      if (word === undefined) return undefined;
      if (word.text !== 'import' || !(word.startsLine || this.afterBrace)) return this.toItem(word);
      this.followImport(word);
    }
  }

  private shift(): RawWord | undefined {
    for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
      const word = frame.words[frame.at];
      if (word !== undefined) {
        frame.at++;
        return word;
      }
      if (this.frames.length === 1) return undefined;
      this.frames.pop();
    }
    return undefined;
  }

  private toItem(word: RawWord): Item {
    const { place, quoted, startsLine, isKey } = word;
    const text = this.textOf(word);
    return { word: isKey === true ? { text, place, quoted, isKey } : { text, place, quoted }, raw: word.text, startsLine };
  }

  /** References stay where they are kept, except in what must be looked up now. */
  private textOf(word: RawWord, needed?: Environment): string {
    const env = this.reading.env === 'keep' ? needed : this.reading.env;
    if (env === undefined) return word.text;
    try {
      return substitute(word.text, env, (name) => this.warnOfUnset(name, word.place));
    } catch (error) {
      this.report(messageOf(error), word.place);
      return word.text;
    }
  }

  /** Its word may be read several times, and stand in several places through a snippet: that is told once. */
  private warnOfUnset(name: string, place: Place): void {
    const warning = formatWarning(place, `the environment variable '${name}' is not set, and stands for nothing`);
    if (!this.reading.warnings.includes(warning)) this.reading.warnings.push(warning);
  }

  private followImport(directive: RawWord): void {
    const args: RawWord[] = [];
    const frame = this.frames.at(-1);
    for (let word = frame?.words[frame.at]; frame !== undefined && word !== undefined; word = frame.words[frame.at]) {
      if (word.startsLine || word.text === '}') break;
      args.push(word);
      frame.at++;
    }
    const [target, extra] = args;
    if (target === undefined || frame === undefined) {
      this.report(`Wrong argument count or unexpected line ending after 'import'`, directive.place, "'import FILE|GLOB|SNIPPET'");
    } else if (extra !== undefined) {
      this.report('Import takes only one argument (glob pattern or file)', extra.place);
    } else {
      this.reading.inlined?.(formatWarning(directive.place, `'import ${target.text}' is not kept: what it imports stands in its place`));
      this.importTarget({ ...target, text: this.textOf(target, processEnvironment) }, frame.chain);
    }
  }

  private importTarget(target: RawWord, chain: readonly string[]): void {
    const snippet = this.snippets.get(target.text);
    const id = `(${target.text})`;
    if (target.text === '') this.report('Import requires a non-empty filepath', target.place);
    else if (snippet === undefined) this.importFiles(target, chain);
    else if (chain.includes(id) || ++this.snippetImports > mostSnippetImports) {
      this.report(`maximum snippet import depth (${mostSnippetImports}) exceeded`, target.place, cycleHelp(chain, id));
    } else this.splice(snippet, [...chain, id]);
  }

  private importFiles(target: RawWord, chain: readonly string[]): void {
    const from = dirname(resolve(target.place.file));
    const pattern = isAbsolute(target.text) ? target.text : resolve(from, target.text);
    try {
      const paths = glob(pattern);
      if (paths.length === 0 && !hasWildcard(pattern)) throw new Error(`File to import not found: ${target.text}`);
      if (paths.length === 0) this.reading.warnings.push(`No files matching import glob pattern: ${target.text}`);
      const words = paths.map((path) => this.importFile(path, [...chain, resolve(target.place.file)]));
      // The last frame is read first.
      for (const [i, path] of [...paths.entries()].reverse()) this.splice(words[i] ?? [], [...chain, resolve(target.place.file), path]);
    } catch (error) {
      this.report(messageOf(error), target.place);
    }
  }

  private importFile(path: string, chain: readonly string[]): readonly RawWord[] {
    if (chain.includes(path) || ++this.fileImports > mostFileImports) {
      throw new Error(`maximum file import depth (${mostSnippetImports}) exceeded: ${cycleHelp(chain, path) ?? path}`);
    }
    const known = this.files.get(path);
    if (known !== undefined) return known;
    const text = readText(path);
    const { tokens } = lex(text, path);
    this.reading.sources.set(path, text);
    warnOfOpenQuote(tokens, this.reading);
    this.files.set(path, tokens);
    return tokens;
  }

  /** The first word of what is imported begins a line, also where a snippet was written on one line. */
  private splice(words: readonly RawWord[], chain: readonly string[]): void {
    const [first, ...rest] = words;
    if (first !== undefined) this.frames.push({ words: [{ ...first, startsLine: true }, ...rest], at: 0, chain });
  }

  private report(message: string, place: Place, expected?: string): void {
    this.reading.problems.push(new ConfigError(message, { place, expected }));
  }
}

/** A quote that the file never closes swallows the rest of it: allowed, but never meant. */
export function warnOfOpenQuote(words: readonly RawWord[], reading: Reading): void {
  const last = words.at(-1);
  if (last?.unterminated) reading.warnings.push(formatWarning(last.place, 'the quote that starts here is never closed'));
}

function readText(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`Could not import ${path}: is a directory`);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`Could not import ${path}: ${messageOf(error)}`);
  }
}

function cycleHelp(chain: readonly string[], id: string): string | undefined {
  const start = chain.indexOf(id);
  return start === -1 ? undefined : `no import that leads back to itself: ${[...chain.slice(start), id].join(' → ')}`;
}
