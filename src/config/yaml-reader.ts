// Walks a YAML document and writes the words of the Corefile that it stands for. `yaml.ts` says which form it has.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { ConfigError, nearest, type Place, type ProblemDetails } from './error.ts';
import type { RawWord, Reading } from './words.ts';
import { aliasesOf, type Range, type YamlNode } from './yaml-aliases.ts';

interface Source {
  readonly file: string;
  readonly text: string;
  readonly reading: Reading;
  readonly lineCounter: LineCounter;
}

/** A map of options that stands for one directive. */
export interface OptionsForm {
  /** The keys there are. */
  readonly known: readonly string[];
  /** The key (`several`) that holds a list, or a map of a name to its parts, of which each item becomes a line `one`. */
  readonly several: string;
  readonly one: string;
  /** The words that part the words of such a line. */
  readonly parts: readonly string[];
}

/** What it cannot read it reports, at its place. */
export class YamlReader {
  readonly words: RawWord[] = [];
  private readonly source: Source;
  private aliases: ReadonlyMap<Alias, Node> = new Map();

  constructor(source: Source) {
    this.source = source;
  }

  /** Reads a whole configuration. */
  configuration(): void {
    const contents = this.contents();
    if (contents !== undefined) this.root(contents);
  }

  /** Reads the options of one directive. */
  options(form: OptionsForm): void {
    const contents = this.contents();
    if (contents !== undefined) this.optionLines(contents, form);
  }

  /** The document; undefined where it is no YAML that can be read, which is reported. */
  private contents(): YamlNode {
    const { text, reading, lineCounter } = this.source;
    const document = parseDocument(text, { lineCounter });
    this.aliases = aliasesOf(document.contents, (...problem) => this.report(...problem));
    this.refuse(document);
    return reading.problems.length === 0 ? document.contents : undefined;
  }

  /** Reports what is no YAML. What is missing at the end is missed behind the last word, not in an empty line. */
  private refuse({ errors, warnings }: Document.Parsed): void {
    const end = this.source.text.trimEnd().length;
    // An alias as a key takes the colon for its own, and nothing after it is what it looks like.
    if (this.source.reading.problems.length > 0 && warnings.some(({ code }) => code === 'BAD_ALIAS')) return;
    for (const { message, pos } of errors) {
      this.report(message.split(' at line', 1)[0] ?? message, pos[0] > end ? [end, end + 1] : pos);
    }
  }

  private root(contents: YamlNode): void {
    if (isNothing(contents)) return;
    const entries = this.entries(contents, 'a map with global and servers');
    // In a Corefile the global block is the first one; in a map the order of keys means nothing.
    for (const [key, value] of entries) if (key.text === 'global') this.block([], value, key);
    for (const [key, value] of entries) {
      if (key.text === 'servers') for (const item of this.items(value)) this.server(item);
      else if (key.text !== 'global') this.unknown(key, ['global', 'servers']);
    }
  }

  private optionLines(contents: YamlNode, form: OptionsForm): void {
    const { known, several, one } = form;
    for (const [key, value] of this.entries(contents, 'a map of options')) {
      if (!known.includes(key.text)) this.unknown(key, known);
      else if (isFalse(value)) this.report("unexpected 'false'", value.range, `what '${key.text}' is, or no '${key.text}' at all`);
      else if (key.text !== several) this.option(key, value);
      else for (const [name, ...words] of this.eachOf(value, form)) this.line([{ ...name, text: one }, name, ...words]);
    }
  }

  private eachOf(node: YamlNode, form: OptionsForm): readonly [RawWord, ...RawWord[]][] {
    if (!isMap(node)) return this.wordsOf(node).map((word) => [word]);
    return this.entries(node, 'a map').map(([name, parts]) => [name, ...this.partsOf(parts, form)]);
  }

  /** The parts of a line, each behind the word that begins it. */
  private partsOf(node: YamlNode, { parts }: OptionsForm): RawWord[] {
    if (isNothing(node)) return [];
    return this.entries(node, `a map of ${parts.join(' and ')}`).flatMap(([part, value]) => {
      const words = this.wordsOf(value);
      if (!parts.includes(part.text)) this.unknown(part, parts);
      else if (words.length === 0) this.problem(`nothing after '${part.text}'`, { place: part.place, expected: 'at least one word' });
      for (const { text, place } of words) {
        if (parts.includes(text)) this.problem(`unexpected '${text}'`, { place, expected: `'${text}' as a key of its own` });
      }
      return [part, ...words];
    });
  }

  private report(message: string, range: Range, expected?: string): void {
    this.problem(message, { place: this.place(range), expected });
  }

  private problem(message: string, details: ProblemDetails): void {
    this.source.reading.problems.push(new ConfigError(message, details));
  }

  private server(node: YamlNode): void {
    const entries = this.entries(node, 'a map with zones and plugins, or with import');
    const find = (name: string) => entries.find(([key]) => key.text === name);
    const [directive, pattern] = find('import') ?? [];
    const [zones, value] = find('zones') ?? [];
    const keys = this.wordsOf(value);
    if (directive !== undefined && zones !== undefined) this.report('import and zones in one item', node?.range, 'an item for each');
    else if (directive !== undefined) this.line([directive, ...this.wordsOf(pattern)]);
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
      this.line(this.wordOf(plain));
      return;
    }
    const [first, second] = this.entries(plain, 'the name of a plugin, or a map of its name to its options');
    if (second !== undefined)
      this.problem(`unexpected '${second[0].text}'`, { place: second[0].place, expected: 'an item of its own for each plugin' });
    else if (first === undefined && isMap(plain)) this.report('unexpected empty map', plain.range, 'the name of a plugin');
    if (first === undefined) return;
    const [name, value] = first;
    if (isMap(value)) this.directive(name, value);
    else if (!isFalse(value)) this.line([name, ...this.wordsOf(value)]);
  }

  /** The order of keys in a map means nothing, and not all writers of YAML keep it: the words come out in the same order whatever it is. */
  private directive(name: RawWord, map: YAMLMap): void {
    const entries = this.entries(map, 'options');
    const find = (wanted: string) => entries.find(([key]) => key.text === wanted)?.[1];
    this.line([name, ...this.argsOf(find('args')), { ...name, text: '{' }]);
    for (const item of this.items(find('lines'))) this.line(this.wordsOf(item));
    const options = entries.filter(([key]) => key.text !== 'args' && key.text !== 'lines');
    for (const [key, value] of options.sort(([a], [b]) => (a.text < b.text ? -1 : 1))) this.option({ ...key, isKey: true }, value);
    this.line([{ ...name, text: '}' }]);
  }

  private argsOf(value: YamlNode): RawWord[] {
    if (!isFalse(value)) return this.wordsOf(value);
    this.report("unexpected 'false'", value.range, "the arguments, or no 'args' at all");
    return [];
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

  /** The words of a line: a word alone, or those of a list. `true` and nothing are a line without words. */
  private wordsOf(node: YamlNode): RawWord[] {
    const plain = this.resolve(node);
    if (isSeq(plain)) return this.items(plain).flatMap((item) => this.wordOf(item));
    return isNothing(plain) || (isScalar(plain) && plain.value === true) ? [] : this.wordOf(plain);
  }

  /** An item of a list is a word as it is written: `true` is no flag there. */
  private wordOf(node: YamlNode): RawWord[] {
    if (isScalar(node) && node.value !== null) return [this.word(node)];
    if (isScalar(node))
      this.report(`unexpected ${node.source ? `'${node.source}'` : 'end of an item'}`, node.range, 'a word; in quotes if this is the word');
    else this.report(`unexpected ${isMap(node) ? 'map' : 'list'}`, node?.range, 'a word');
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
    if (isNothing(plain)) return [];
    this.report(`unexpected ${isMap(plain) ? 'map' : 'word'}`, plain?.range, 'a list');
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
    return isAlias(node) ? this.aliases.get(node) : node;
  }

  private unknown(key: RawWord, known: readonly string[]): void {
    const expected = `one of ${known.join(', ')}`;
    this.problem(`unknown key '${key.text}'`, { place: key.place, expected, suggestion: nearest(key.text, known) });
  }

  private place(range: Range): Place {
    const [start, end] = range ?? [0, 1];
    const { line, col } = this.source.lineCounter.linePos(start);
    return { file: this.source.file, line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, end - start) };
  }
}

function isFalse(node: YamlNode): node is Scalar<false> {
  return isScalar(node) && node.value === false;
}

function isNothing(node: YamlNode): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}
