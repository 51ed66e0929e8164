// Writes a tree in the YAML form, so that every reader of YAML finds the same words in it.
import type { ConfigSpec } from './grammar.ts';
import { noRemarks, type Remarks } from './remarks.ts';
import type { Directive, Line, ServerBlock, Tree, Word } from './tree.ts';
import { writeYamlWord } from './yaml-word.ts';

export interface WriteOptions {
  /** The grammar of a plugin, to tell its options from lines that have an order; undefined for one that is not known. */
  readonly grammarOf?: (plugin: string) => ConfigSpec | undefined;
  readonly remarks?: Remarks;
}

/** Writes a tree in the YAML form. Lines of one option stand together; what has an order that a map would lose stands under `lines`. */
export function toYaml(tree: Tree, options: WriteOptions = {}): string {
  const writer = new Writer(options);
  writer.tree(tree);
  return `${writer.rows.join('\n')}\n`;
}

class Writer {
  readonly rows: string[] = [];
  private readonly grammarOf: (plugin: string) => ConfigSpec | undefined;
  private readonly remarks: Remarks;

  constructor({ grammarOf = () => undefined, remarks = noRemarks }: WriteOptions) {
    this.grammarOf = grammarOf;
    this.remarks = remarks;
  }

  tree({ global, blocks }: Tree): void {
    this.rows.push(...this.remarks.head);
    if (global !== undefined) this.rows.push(global.directives.length === 0 ? 'global: []' : 'global:');
    for (const directive of global?.directives ?? []) this.directive(directive, 1);
    this.rows.push(blocks.length === 0 ? 'servers: []' : 'servers:');
    for (const block of blocks) this.block(block);
    this.rows.push(...this.remarks.rest());
  }

  private block({ keys, directives }: ServerBlock): void {
    this.row(1, `- zones: ${flow(keys)}`, keys[0]);
    this.rows.push(`    plugins:${directives.length === 0 ? ' []' : ''}`);
    for (const directive of directives) this.directive(directive, 3);
  }

  private directive({ name, args, lines }: Directive, depth: number): void {
    const key = keyOf(name.text);
    if (lines === undefined) {
      this.row(depth, args.length === 0 ? `- ${key}` : `- ${key}: ${listOf(args)}`, name);
      return;
    }
    this.row(depth, `- ${key}:`, name);
    if (args.length > 0) this.rows.push(`${indent(depth + 2)}args: ${listOf(args)}`);
    for (const [option, group] of optionsOf(lines, this.grammarOf(name.text))) this.option(option, group, depth + 2);
  }

  /** One line stands behind its option, several as a list. */
  private option(option: string, lines: readonly Line[], depth: number): void {
    const [first, second] = lines;
    if (option !== 'lines' && first !== undefined && second === undefined) {
      this.row(depth, `${keyOf(option)}: ${optionValue(first.words.slice(1))}`, first.words[0]);
      return;
    }
    this.rows.push(`${indent(depth)}${keyOf(option)}:`);
    for (const { words } of lines) this.row(depth + 1, `- ${flow(option === 'lines' ? words : words.slice(1))}`, words[0]);
  }

  private row(depth: number, text: string, word: Word | undefined): void {
    for (const remark of this.remarks.before(word)) this.rows.push(`${indent(depth)}${remark}`);
    const remark = this.remarks.behind(word);
    this.rows.push(`${indent(depth)}${text}${remark === '' ? '' : ` ${remark}`}`);
  }
}

function indent(depth: number): string {
  return '  '.repeat(depth);
}

/** The lines of a block by their options. Of a plugin whose grammar is not known, only lines that are in the order of their options can be told apart so. */
function optionsOf(lines: readonly Line[], grammar: ConfigSpec | undefined): ReadonlyMap<string, readonly Line[]> {
  const isOption = (name: string) =>
    grammar === undefined ? /^[a-z_][\w-]*$/i.test(name) : Object.hasOwn(grammar.block ?? {}, name) || Object.hasOwn(grammar.removed ?? {}, name);
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const first = line.words[0]?.text ?? '';
    const name = isOption(first) && first !== 'args' ? first : 'lines';
    groups.set(name, [...(groups.get(name) ?? []), line]);
  }
  if (grammar !== undefined) return groups;
  const names = lines.map(({ words }) => words[0]?.text ?? '');
  const keepsOrder = !groups.has('lines') && names.every((name, i) => i === 0 || (names[i - 1] ?? '') <= name);
  return keepsOrder ? groups : new Map([['lines', lines]]);
}

/** One word stands alone, several as a list. */
function listOf(words: readonly Word[]): string {
  const [first, second] = words;
  return first !== undefined && second === undefined ? writeYamlWord(first.text) : flow(words);
}

function optionValue(words: readonly Word[]): string {
  return words.length === 0 ? 'true' : listOf(words);
}

function flow(words: readonly Word[]): string {
  return `[${words.map(({ text }) => writeYamlWord(text)).join(', ')}]`;
}

function keyOf(text: string): string {
  const key = writeYamlWord(text);
  // A number would be a key of another kind.
  return /^\d+$/.test(key) ? `'${key}'` : key;
}
