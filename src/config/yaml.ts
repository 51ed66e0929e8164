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
//             disable: [[success, a.example], [denial, b.example]]   # two lines of one option
//         - hosts:
//             lines: [[192.0.2.1, a.example], [192.0.2.2, b.example]]   # lines as they stand
//         - import: custom/*.override   # Corefile text, as `import` in a Corefile
//     - import: custom/*.server
//
// Variables ({$NAME}) are put in as in a Corefile. The order of keys means nothing.

import { Lexer, LineCounter } from 'yaml';

import { type ParseOptions, parseWords } from './corefile.ts';
import type { ConfigError } from './error.ts';
import { placeRemarks, type Remark, type Remarks } from './remarks.ts';
import type { Line, Parsed, Tree, Word } from './tree.ts';
import { readingOf } from './words.ts';
import { type OptionsForm, YamlReader } from './yaml-reader.ts';

/** Reads the YAML form. Places, problems and options are those of a Corefile. */
export function parseYaml(text: string, file: string, options: ParseOptions = {}): Parsed {
  const reading = readingOf(text, file, options);
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
  const reading = readingOf(text, file, { env: {} });
  const reader = new YamlReader({ file, text, reading, lineCounter: new LineCounter() });
  reader.options(form);
  const lines: { words: Word[] }[] = [];
  for (const word of reader.words) {
    if (word.startsLine) lines.push({ words: [] });
    lines.at(-1)?.words.push(word);
  }
  return { lines, problems: reading.problems };
}

/** The comments of a file in the YAML form. */
export function yamlRemarks(text: string, file: string, tree: Tree): Remarks {
  const comments: Remark[] = [];
  let firstLine: number | undefined;
  let line = 1;
  let startsLine = true;
  let isContent = false;
  for (const source of new Lexer().lex(text)) {
    const isComment = source.startsWith('#') && !isContent;
    if (isComment) comments.push({ text: source.trimEnd(), line, startsLine });
    else if (!isMark(source) && source.trim() !== '') firstLine ??= line;
    isContent = source === contentMark;
    const breaks = source.split('\n').length - 1;
    line += breaks;
    if (breaks > 0) startsLine = source.trim() === '' || source.endsWith('\n');
    else if (!isMark(source) && source.trim() !== '') startsLine = false;
  }
  return placeRemarks(comments, { file, tree, firstLine });
}

/** What the lexer says before the content of a word. */
const contentMark = '\u001f';

/** The lexer's own marks stand for nothing in the text. */
function isMark(source: string): boolean {
  return source === contentMark || source === '\u0002' || source === '\u0018';
}
