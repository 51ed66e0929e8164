// The YAML form of the configuration: the same tree as a Corefile's, read by the same parser.
//
//   global:                             # optional: directives for the whole program
//     - plugin: [example, ./example.ts]
//   servers:
//     - zones: [".:53"]                 # one key or a list
//       plugins:
//         - errors                      # no arguments
//         - forward: [., 1.1.1.1]       # arguments alone: one word or a list
//         - cache:                      # arguments and options
//             args: 30
//             success: [9984, 30]       # one line: success 9984 30
//             keepttl: true             # a line without arguments; false leaves it out
//             disable: [[success, a.example], [denial, b.example]]   # two lines
//         - hosts:
//             lines: [[192.0.2.1, a.example], [192.0.2.2, b.example]]   # lines as they stand
//         - import: custom/*.override   # Corefile text, as `import` in a Corefile
//     - import: custom/*.server
//
// Variables ({$NAME}) are put in as in a Corefile.

import { env as processEnvironment } from 'node:process';

import { Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type Scalar, type YAMLMap } from 'yaml';

import { type ParseOptions, parseWords } from './corefile.ts';
import { ConfigError, nearest, type Place } from './error.ts';
import type { Directive, Line, Parsed, Tree, Word } from './tree.ts';
import type { RawWord, Reading } from './words.ts';

/** Reads the YAML form. Places, problems and options are those of a Corefile. */
export function parseYaml(text: string, file: string, options: ParseOptions = {}): Parsed {
  const reading: Reading = { env: options.env ?? processEnvironment, problems: [], warnings: [], sources: new Map([[file, text]]) };
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const reader = new YamlReader(document, { file, reading, lineCounter });
  reader.refuse(text);
  if (document.errors.length === 0) reader.root(document.contents);
  return parseWords(reader.words, reading, options);
}

/**
 * Reads a map of options to their words, as it stands for one directive: each entry becomes the lines that it would be in a block. An entry
 * `several` (a list, or a map of a name to its options) becomes one line `one` for each of its items.
 */
export function parseYamlOptions(
  text: string,
  file: string,
  { several, one }: { readonly several: string; readonly one: string },
): { readonly lines: readonly Line[]; readonly problems: readonly ConfigError[] } {
  const reading: Reading = { env: {}, problems: [], warnings: [], sources: new Map([[file, text]]) };
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const reader = new YamlReader(document, { file, reading, lineCounter });
  reader.refuse(text);
  if (document.errors.length === 0) reader.optionLines(document.contents, { several, one });
  const lines: { words: Word[] }[] = [];
  for (const word of reader.words) {
    if (word.startsLine) lines.push({ words: [] });
    lines.at(-1)?.words.push(word);
  }
  return { lines, problems: reading.problems };
}

/** Writes a tree in the YAML form. Options keep their order; where a map could not, all lines of a block stand under `lines`. */
export function toYaml(tree: Tree): string {
  const document = new Document();
  const servers = tree.blocks.map((block) => ({
    zones: block.keys.map(scalarOf),
    plugins: block.directives.map(pluginOf),
  }));
  const global = tree.global === undefined ? {} : { global: tree.global.directives.map(pluginOf) };
  document.contents = document.createNode({ ...global, servers });
  setFlow(document.contents);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

interface Source {
  readonly file: string;
  readonly reading: Reading;
  readonly lineCounter: LineCounter;
}

type YamlNode = Node | null | undefined;

/** Walks the document and writes the words of the Corefile that it stands for. */
class YamlReader {
  readonly words: RawWord[] = [];
  private readonly document: Document.Parsed;
  private readonly source: Source;

  constructor(document: Document.Parsed, source: Source) {
    this.document = document;
    this.source = source;
  }

  root(contents: YamlNode): void {
    if (contents === null || contents === undefined || (isScalar(contents) && contents.value === null)) return;
    const entries = this.entries(contents, 'a map with global and servers');
    // In a Corefile the global block is the first one; in a map the order of keys means nothing.
    for (const [key, value] of entries) if (key.text === 'global') this.block([], value, key);
    for (const [key, value] of entries) {
      if (key.text === 'servers') for (const item of this.items(value)) this.server(item);
      else if (key.text !== 'global') this.unknown(key, ['global', 'servers']);
    }
  }

  optionLines(contents: YamlNode, { several, one }: { readonly several: string; readonly one: string }): void {
    for (const [key, value] of this.entries(contents, 'a map of options')) {
      if (key.text !== several) this.option(key, value);
      else if (!isMap(value)) for (const word of this.wordsOf(value)) this.line([{ ...word, text: one }, word]);
      else for (const [name, more] of this.entries(value, 'a map')) this.line([{ ...name, text: one }, name, ...this.optionWords(more)]);
    }
  }

  /** A map of options inside of a line: each name with its words, one after the other. */
  private optionWords(node: YamlNode): RawWord[] {
    const plain = this.resolve(node);
    if (!isMap(plain)) return this.wordsOf(plain);
    return this.entries(plain, 'a map').flatMap(([name, value]) => [name, ...this.wordsOf(value)]);
  }

  /** Reports what is no YAML. What is missing at the end is missed behind the last word, not in an empty line. */
  refuse(text: string): void {
    const end = text.trimEnd().length;
    for (const { message, pos } of this.document.errors) {
      this.report(message.split(' at line', 1)[0] ?? message, pos[0] > end ? [end, end + 1] : pos);
    }
  }

  report(message: string, range: readonly [number, number, ...number[]] | null | undefined, expected?: string, suggestion?: string): void {
    this.source.reading.problems.push(new ConfigError(message, { place: this.place(range), expected, suggestion }));
  }

  private server(node: YamlNode): void {
    const entries = this.entries(node, 'a map with zones and plugins, or with import');
    const find = (name: string) => entries.find(([key]) => key.text === name);
    const [directive, pattern] = find('import') ?? [];
    const [zones, value] = find('zones') ?? [];
    const keys = this.wordsOf(value);
    if (directive !== undefined) this.line([directive, ...this.wordsOf(pattern)]);
    else if (zones === undefined || keys.length === 0) this.report('server without zones', node?.range, "'zones: [ZONE...]'");
    else this.block(keys, find('plugins')?.[1], zones);
    for (const [key] of entries) {
      if (!['import', 'zones', 'plugins'].includes(key.text)) this.unknown(key, ['zones', 'plugins', 'import']);
    }
  }

  private block(keys: readonly RawWord[], plugins: YamlNode, at: RawWord): void {
    this.line([...keys, { ...at, text: '{' }]);
    for (const item of this.items(plugins)) this.plugin(item);
    this.line([{ ...at, text: '}' }]);
  }

  private plugin(node: YamlNode): void {
    const plain = this.resolve(node);
    if (isScalar(plain)) {
      this.line(this.wordsOf(plain));
      return;
    }
    for (const [name, value] of this.entries(plain, 'the name of a plugin, or a map of its name to its options')) {
      if (isMap(value)) this.options(name, value);
      else if (!isFalse(value)) this.line([name, ...this.wordsOf(value)]);
    }
  }

  private options(name: RawWord, map: YAMLMap): void {
    const entries = this.entries(map, 'options');
    const args = entries.filter(([key]) => key.text === 'args').flatMap(([, value]) => this.wordsOf(value));
    this.line([name, ...args, { ...name, text: '{' }]);
    for (const [key, value] of entries) {
      if (key.text === 'lines') for (const item of this.items(value)) this.line(this.wordsOf(item));
      else if (key.text !== 'args') this.option(key, value);
    }
    this.line([{ ...name, text: '}' }]);
  }

  /** A list of lists is a list of lines; any other list is the words of one. */
  private option(name: RawWord, value: YamlNode): void {
    if (isFalse(value)) return;
    const items = isSeq(value) ? this.items(value) : [];
    const several = items.length > 0 && items.every((item) => isSeq(item));
    for (const line of several ? items : [value]) this.line([name, ...this.wordsOf(line)]);
  }

  private line(words: readonly RawWord[]): void {
    this.words.push(...words.map((word, i) => ({ ...word, startsLine: i === 0 })));
  }

  private wordsOf(node: YamlNode): RawWord[] {
    const plain = this.resolve(node);
    if (isSeq(plain)) return this.items(plain).flatMap((item) => this.wordsOf(item));
    if (plain === null || plain === undefined || (isScalar(plain) && (plain.value === null || plain.value === true))) return [];
    if (isScalar(plain)) return [this.word(plain)];
    this.report('unexpected map', plain.range, 'a word or a list of words');
    return [];
  }

  private word(scalar: Scalar): RawWord {
    // A number keeps the form it was written in: 010, 1e3.
    const text = typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
    if (text === '{' || text === '}') this.report(`'${text}' cannot be a word of the configuration`, scalar.range);
    return { text: text === '{' || text === '}' ? '' : text, place: this.place(scalar.range), quoted: true, startsLine: false };
  }

  private items(node: YamlNode): YamlNode[] {
    const plain = this.resolve(node);
    if (isSeq(plain)) return plain.items.map((item) => this.resolve(item as YamlNode));
    if (plain === null || plain === undefined || (isScalar(plain) && plain.value === null)) return [];
    if (isScalar(plain)) return [plain];
    this.report('unexpected map', plain.range, 'a list');
    return [];
  }

  private entries(node: YamlNode, expected: string): [RawWord, YamlNode][] {
    const plain = this.resolve(node);
    if (!isMap(plain)) {
      this.report('unexpected content', plain?.range, expected);
      return [];
    }
    return plain.items.map((pair: Pair) => {
      const key = this.resolve(pair.key as YamlNode);
      if (!isScalar(key)) this.report('unexpected content', key?.range, 'a word as key');
      const name = isScalar(key) ? this.word(key) : { text: '', place: this.place(key?.range), quoted: true, startsLine: true };
      return [name, this.resolve(pair.value as YamlNode)];
    });
  }

  private resolve(node: YamlNode): YamlNode {
    return isAlias(node) ? node.resolve(this.document) : node;
  }

  private unknown(key: RawWord, known: readonly string[]): void {
    const details = { place: key.place, expected: `one of ${known.join(', ')}`, suggestion: nearest(key.text, known) };
    this.source.reading.problems.push(new ConfigError(`unknown key '${key.text}'`, details));
  }

  private place(range: readonly [number, number, ...number[]] | null | undefined): Place {
    const [start, end] = range ?? [0, 1];
    const { line, col } = this.source.lineCounter.linePos(start);
    return { file: this.source.file, line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, end - start) };
  }
}

function isFalse(node: YamlNode): boolean {
  return isScalar(node) && node.value === false;
}

type Plain = string | number | boolean | readonly Plain[];

function scalarOf(word: Word): string | number {
  return /^(0|[1-9]\d{0,14})$/.test(word.text) ? Number(word.text) : word.text;
}

/** One word stands alone, several as a list. */
function listOf(words: readonly Word[]): Plain {
  const [first, second] = words;
  return first !== undefined && second === undefined ? scalarOf(first) : words.map(scalarOf);
}

function pluginOf({ name, args, lines }: Directive): unknown {
  if (lines !== undefined) return { [name.text]: { ...(args.length === 0 ? {} : { args: listOf(args) }), ...optionsOf(lines) } };
  return args.length === 0 ? name.text : { [name.text]: listOf(args) };
}

/** The lines of a block by their first words, if a map keeps their order; else as they stand. */
function optionsOf(lines: readonly Line[]): Record<string, Plain> {
  const options = new Map<string, Plain[][]>();
  let previous: string | undefined;
  for (const { words } of lines) {
    const first = words[0]?.text ?? '';
    const isOption = /^[a-z_][\w-]*$/i.test(first) && first !== 'args' && first !== 'lines';
    const name = isOption ? first : 'lines';
    if (name !== previous && options.has(name)) return { lines: lines.map((line) => line.words.map(scalarOf)) };
    options.set(name, [...(options.get(name) ?? []), words.slice(isOption ? 1 : 0).map(scalarOf)]);
    previous = name;
  }
  return Object.fromEntries([...options].map(([name, values]) => [name, name === 'lines' ? values : optionOf(values)]));
}

function optionOf(values: readonly Plain[][]): Plain {
  const [words, more] = values;
  if (words === undefined || more !== undefined) return values;
  if (words.length === 0) return true;
  return words.length === 1 ? (words[0] ?? true) : words;
}

/** Lists of words stand on one line. */
function setFlow(node: unknown): void {
  if (isMap(node)) for (const pair of node.items) setFlow(pair.value);
  if (!isSeq(node)) return;
  node.flow = node.items.length > 0 && node.items.every((item) => isScalar(item));
  if (!node.flow) for (const item of node.items) setFlow(item);
}
