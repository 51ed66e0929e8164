// Reads a Corefile into its tree. A problem never stops it: it goes on with the next line, so that all are reported at once.

import type { Environment } from './environment.ts';
import { ConfigError, formatWarning, nearest, type Place } from './error.ts';
import { lex } from './lexer.ts';
import { type Directive, hashTree, type Line, type Parsed, type ServerBlock, type Tree, type Word } from './tree.ts';
import { type Item, type RawWord, type Reading, readingOf, WordStream, warnOfOpenQuote } from './words.ts';

export interface ParseOptions {
  /** The variables for {$NAME} and {%NAME%}, by default those of the process; 'keep' leaves references as they stand. */
  readonly env?: Environment | 'keep';
  /** The directives there are; others are reported, with the nearest known one. Not given: all are taken. */
  readonly directives?: Iterable<string>;
  /** Told of what the tree does not keep: snippets and imports are in it as if they had been written out. */
  readonly inlined?: ((note: string) => void) | undefined;
}

/** Reads the text of a Corefile. `file` is its name in messages, and imports are relative to its folder. */
export function parseCorefile(text: string, file: string, options: ParseOptions = {}): Parsed {
  const reading = readingOf(text, file, options);
  const { tokens } = lex(text, file);
  warnOfOpenQuote(tokens, reading);
  return parseWords(tokens, reading, options);
}

/** Reads words that are already split, whatever form they were written in. */
export function parseWords(words: readonly RawWord[], reading: Reading, options: ParseOptions = {}): Parsed {
  const tree = new Parser(words, reading, options).file();
  const { problems, warnings, sources } = reading;
  return { tree, problems, warnings, sources, hash: hashTree(tree) };
}

const noOpeningBrace = `Unexpected '}' because no matching opening brace`;

class Parser {
  private readonly stream: WordStream;
  private readonly reading: Reading;
  private readonly known: ReadonlySet<string> | undefined;
  private readonly blocks: ServerBlock[] = [];
  private global: ServerBlock | undefined;
  /** Whether the file ended inside the block of a directive: the brace that the server block lacks too is no news. */
  private cutOff = false;
  /** The last word that was read, for messages about the end of the file. */
  private last: Item | undefined;

  constructor(words: readonly RawWord[], reading: Reading, options: ParseOptions) {
    this.stream = new WordStream(words, reading);
    this.reading = reading;
    this.known = options.directives === undefined ? undefined : new Set(options.directives);
  }

  file(): Tree {
    for (let first = this.stream.peek(); first !== undefined; first = this.stream.peek()) {
      if (first.raw === '}') this.strayBrace(first.word.place);
      else this.block(first);
    }
    return this.global === undefined ? { blocks: this.blocks } : { blocks: this.blocks, global: this.global };
  }

  /** One at the very end does no harm, and CoreDNS starts with it. */
  private strayBrace(place: Place): void {
    this.next();
    if (this.stream.peek() === undefined && this.blocks.length > 0) this.warn(place, noOpeningBrace);
    else this.report(noOpeningBrace, place);
  }

  private block(first: Item): void {
    const keys = this.keys();
    const name = /^\((.*)\)$/s.exec(keys?.length === 1 ? (keys[0]?.text ?? '') : '')?.[1];
    if (name === undefined) this.serverBlock(keys, first);
    else this.snippet(name, first.word.place);
  }

  private serverBlock(keys: Word[] | undefined, first: Item): void {
    const isGlobal = keys === undefined && this.blocks.length === 0 && this.global === undefined;
    if (keys === undefined && !isGlobal) this.report('server block without a zone', first.word.place, "a zone before '{'");
    const block = { keys: keys ?? [], directives: this.body(!isGlobal), place: first.word.place };
    if (isGlobal) this.global = block;
    else if (block.keys.length > 0) this.blocks.push(block);
    else if (keys !== undefined) {
      this.warn(block.place, 'the keys of this server block are empty: it is left out');
    }
  }

  /** The keys up to the brace or the end of the line; undefined when there is not one word. Empty ones do not count. */
  private keys(): Word[] | undefined {
    const keys: Word[] = [];
    let read: Item | undefined;
    for (let item = this.stream.peek(); item !== undefined && !isOpening(item); item = this.stream.peek()) {
      if (read !== undefined && item.startsLine && !announcesKey(read)) return keys;
      this.next();
      if (item.raw === '}') {
        this.report(noOpeningBrace, item.word.place);
        return keys;
      }
      read = item;
      const text = item.word.text.replace(/,+$/, '');
      if (text !== '') keys.push({ ...item.word, text });
    }
    if (read !== undefined && announcesKey(read)) this.keyMissing(this.stream.peek());
    return read === undefined ? undefined : keys;
  }

  private keyMissing(found: Item | undefined): void {
    if (found === undefined) this.report('Unexpected EOF', this.lastPlace(), "another key after ','");
    else this.report(`Expected another address but had '${found.raw}' - check for extra comma`, found.word.place);
  }

  private snippet(name: string, place: Place): void {
    const open = this.stream.peek();
    if (open === undefined || open.raw !== '{') {
      this.report(`Syntax error: Unexpected token '${open?.word.text ?? ''}', expecting '{'`, open?.word.place ?? place);
      this.body(false);
      return;
    }
    this.next();
    const { body, closed } = this.stream.rawBody();
    const last = body.at(-1) ?? open.word;
    if (!closed) this.notClosed(last, open);
    else if (this.stream.snippets.has(name)) this.report(`redeclaration of previously declared snippet ${name}`, place);
    else {
      const itself = body.find((word, i) => word.text === name && importsAt(body, i - 1));
      if (itself !== undefined) this.report('maximum snippet import depth (10000) exceeded', itself.place, 'no import of itself');
      else this.stream.snippets.set(name, body);
      this.reading.inlined?.(formatWarning(place, `the snippet (${name}) is not kept: its lines stand where it is imported`));
    }
  }

  /** The directives of a server block; without braces, those of the rest of the file. */
  private body(checked: boolean): Directive[] {
    const open = this.stream.peek();
    if (open !== undefined && isOpening(open)) this.next();
    if (open?.raw === '{}') return [];
    const directives: Directive[] = [];
    for (let item = this.stream.peek(); item !== undefined; item = this.stream.peek()) {
      if (item.raw === '}') {
        this.next();
        if (open?.raw !== '{') this.warn(item.word.place, "'}' without a '{' before it");
        return directives;
      }
      if (isOpening(item)) this.blockWithoutName(item);
      else directives.push(this.directive(checked));
    }
    if (open?.raw === '{') this.endInside(open);
    return directives;
  }

  /** CoreDNS takes the brace of the last directive's block for that of the server block too. */
  private endInside(open: Item): void {
    if (this.last?.raw === '}') this.warn(open.word.place, "the '{' on this line is never closed");
    else if (!this.cutOff) this.notClosed(this.last?.word ?? open.word, open);
  }

  private directive(checked: boolean): Directive {
    const name = this.next()?.word ?? { text: '', place: this.lastPlace(), quoted: false };
    if (checked) this.checkName(name);
    const args = this.restOfLine();
    const open = this.stream.peek();
    if (open === undefined || !isOpening(open)) return { name, args };
    if (open.startsLine) return { name, args };
    this.next();
    const lines = open.raw === '{' ? this.lines(open) : [];
    return lines.length === 0 ? { name, args } : { name, args, lines };
  }

  private blockWithoutName(open: Item): void {
    this.report(`Unexpected token '{', expecting directive`, open.word.place, "'{' on the line of its directive");
    this.next();
    if (open.raw === '{') this.lines(open);
  }

  private lines(open: Item): Line[] {
    const lines: Line[] = [];
    for (let item = this.stream.peek(); item !== undefined; item = this.stream.peek()) {
      if (item.raw === '}') {
        this.next();
        return lines;
      }
      if (item.raw === '{') {
        this.report(`Unexpected token '{', expecting argument`, item.word.place, 'no block inside the block of a directive');
        this.next();
        this.lines(item);
      } else lines.push({ words: [this.next()?.word ?? item.word, ...this.restOfLine()] });
    }
    this.cutOff = true;
    this.report('Unexpected EOF', this.lastPlace(), `'}' for the '{' on line ${open.word.place.line}`);
    return lines;
  }

  private restOfLine(): Word[] {
    const words: Word[] = [];
    for (let item = this.stream.peek(); item !== undefined; item = this.stream.peek()) {
      if (item.startsLine || item.raw === '}' || isOpening(item)) break;
      words.push(item.word);
      this.next();
    }
    return words;
  }

  private checkName(name: Word): void {
    if (this.known === undefined || this.known.has(name.text)) return;
    const isKey = /[.:]/.test(name.text);
    this.report(
      `Unknown directive '${name.text}'`,
      name.place,
      isKey ? "a directive; is a '}' missing above" : undefined,
      nearest(name.text, this.known),
    );
  }

  private next(): Item | undefined {
    const item = this.stream.next();
    if (item !== undefined) this.last = item;
    return item;
  }

  private lastPlace(): Place {
    return this.last?.word.place ?? { file: '', line: 1, column: 1, length: 1 };
  }

  private notClosed(last: Word, open: Item): void {
    const expected = `'}' for the '{' on line ${open.word.place.line}`;
    this.report(`Syntax error: Unexpected token '${last.text}', expecting '}'`, last.place, expected);
  }

  private warn(place: Place, message: string): void {
    this.reading.warnings.push(formatWarning(place, message));
  }

  private report(message: string, place: Place, expected?: string, suggestion?: string): void {
    this.reading.problems.push(new ConfigError(message, { place, expected, suggestion }));
  }
}

/** After a comma the list of keys goes on, also on the next line. */
function announcesKey(item: Item): boolean {
  return item.word.text.endsWith(',');
}

/** `{}` in one word is a block without lines. */
function isOpening(item: Item): boolean {
  return item.raw === '{' || (item.raw === '{}' && !item.word.quoted);
}

function importsAt(body: readonly RawWord[], at: number): boolean {
  const word = body[at];
  return word?.text === 'import' && (at === 0 || word.startsLine);
}
