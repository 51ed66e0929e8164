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

import { Document, isMap, isScalar, isSeq, LineCounter } from 'yaml';

import { type ParseOptions, parseWords } from './corefile.ts';
import type { ConfigError } from './error.ts';
import type { Directive, Line, Parsed, Tree, Word } from './tree.ts';
import type { Reading } from './words.ts';
import { type OptionsForm, YamlReader } from './yaml-reader.ts';

/** Reads the YAML form. Places, problems and options are those of a Corefile. */
export function parseYaml(text: string, file: string, options: ParseOptions = {}): Parsed {
  const reading: Reading = { env: options.env ?? processEnvironment, problems: [], warnings: [], sources: new Map([[file, text]]) };
  const reader = new YamlReader({ file, text, reading, lineCounter: new LineCounter() });
  reader.configuration();
  return parseWords(reader.words, reading, options);
}

/** Reads a map of options to their words, as it stands for one directive: each entry becomes the lines that it would be in a block. */
export function parseYamlOptions(
  text: string,
  file: string,
  form: OptionsForm,
): { readonly lines: readonly Line[]; readonly problems: readonly ConfigError[] } {
  const reading: Reading = { env: {}, problems: [], warnings: [], sources: new Map([[file, text]]) };
  const reader = new YamlReader({ file, text, reading, lineCounter: new LineCounter() });
  reader.options(form);
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
