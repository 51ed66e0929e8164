// The grammar of the Corefile: what is accepted as which tree, and what is refused, all of it at once.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type ParseOptions, parseCorefile } from '../../src/config/corefile.ts';
import { ConfigErrors } from '../../src/config/error.ts';
import type { Directive, Parsed } from '../../src/config/tree.ts';

const parse = (text: string, options: ParseOptions = {}) => parseCorefile(text, 'Corefile', { env: {}, ...options });

/** `key key: name arg (line word; line word), name` */
function shape({ tree, problems }: Parsed): string[] {
  expect(problems.map((problem) => problem.message)).toEqual([]);
  const directive = ({ name, args, lines }: Directive) => {
    const block = lines === undefined ? '' : ` (${lines.map((line) => line.words.map((word) => word.text).join(' ')).join('; ')})`;
    return [name, ...args].map((word) => word.text).join(' ') + block;
  };
  return tree.blocks.map((block) => `${block.keys.map((key) => key.text).join(' ')}: ${block.directives.map(directive).join(', ')}`);
}

const messages = (parsed: Parsed) => parsed.problems.map(({ place, message }) => `${place.line}: ${message}`);

describe('accepted', () => {
  test.each<[string, string, string[]]>([
    ['an empty file', '', []],
    ['comments alone', '# nothing\n', []],
    ['a key alone', 'example.org', ['example.org: ']],
    ['a block', '. {\n errors\n cache 30\n}', ['.: errors, cache 30']],
    [
      'a block without final newline, with CRLF and tabs',
      '.:53 {\r\n\terrors\r\n\thealth {\r\n\t\tlameduck 5s\r\n\t}\r\n}',
      ['.:53: errors, health (lameduck 5s)'],
    ],
    ['several keys', 'a b, c {\n log\n}', ['a b c: log']],
    ['keys that go on after a comma', 'a,\nb {\n log\n}', ['a b: log']],
    ['an opening brace on the line after the key', '.\n{\n log\n}', ['.: log']],
    ['a file without braces', 'example.org\nlog\nerrors\n', ['example.org: log, errors']],
    ['a block without braces closed by a stray one', 'a\nlog\n}\nb {\n log\n}', ['a: log', 'b: log']],
    ['two blocks that share a line', 'a {\n log\n} b {\n log\n}', ['a: log', 'b: log']],
    ['a directive on the line of the brace', '. { log\n}', ['.: log']],
    ['a block on one line', '. { log }', ['.: log']],
    ['a nested block on one line', '. { health { lameduck 5s } }', ['.: health (lameduck 5s)']],
    ['an empty block as one word', '. {\n errors {}\n log\n}', ['.: errors, log']],
    ['an empty block as two words', '. {\n errors { }\n}', ['.: errors']],
    ['a server block of one word', '. {}', ['.: ']],
    ['a quoted {} is an argument', '. {\n log "{}"\n}', ['.: log {}']],
    ['comments between and after lines', '. { # a\n # b\n log # c\n health { # d\n  lameduck 1s\n }\n}', ['.: log, health (lameduck 1s)']],
    ['a word that spans lines', '. {\n template "a\nb" c\n log\n}', ['.: template a\nb c, log']],
    ['a snippet', '(s) {\n errors\n log\n}\n. {\n import s\n cache\n}', ['.: errors, log, cache']],
    ['a snippet on one line', '(s) { errors }\n. {\n import s\n}', ['.: errors']],
    ['a snippet inside a snippet, defined later', '(a) {\n import b\n log\n}\n(b) {\n errors\n}\n. {\n import a\n}', ['.: errors, log']],
    [
      'a snippet in the block of a directive',
      '(s) {\n reload 1s\n}\n. {\n hosts {\n  ttl 5\n  import s\n  no_reverse\n }\n}',
      ['.: hosts (ttl 5; reload 1s; no_reverse)'],
    ],
    ['an import as an argument', '. {\n log import\n}', ['.: log import']],
    ['a brace from a variable stays a word', '. {\n log {$BRACE}\n}', ['.: log {']],
  ])('%s', (_, text, expected) => {
    expect(shape(parse(text, { env: { BRACE: '{' } }))).toEqual(expected);
  });

  test('blocks whose keys are empty are left out with a warning', () => {
    const parsed = parse('{$NONE} {\n log\n}\n"" a {\n log\n}');
    expect(shape(parsed)).toEqual(['a: log']);
    expect(parsed.warnings).toEqual([
      "Corefile:1 - the environment variable 'NONE' is not set, and stands for nothing",
      'Corefile:1 - the keys of this server block are empty: it is left out',
    ]);
  });

  test('the first block without a key is the global one', () => {
    const { tree, problems } = parse('# for all\n{\n plugin example ./example.ts before cache\n}\n. {\n example\n}');
    expect(problems).toEqual([]);
    expect(tree.global?.directives[0]?.args.map((word) => word.text)).toEqual(['example', './example.ts', 'before', 'cache']);
    expect(tree.blocks).toHaveLength(1);
  });

  test.each([
    ['a brace too many at the end', '. {\n log\n}\n}\n', "Corefile:4 - Unexpected '}' because no matching opening brace"],
    ['a last brace that closes two blocks', '. {\n health {\n  lameduck 5s\n }\n', "Corefile:1 - the '{' on this line is never closed"],
    ['a brace that closes a file without braces', '.\nlog\n}\n', "Corefile:3 - '}' without a '{' before it"],
  ])('what CoreDNS starts with is only warned of: %s', (_, text, warning) => {
    const parsed = parse(text);
    expect(parsed.problems).toEqual([]);
    expect(parsed.tree.blocks).toHaveLength(1);
    expect(parsed.warnings).toEqual([warning]);
  });

  test('a quote that is never closed is warned of', () => {
    expect(parse('. {\n log\n}\na "b').warnings).toEqual(['Corefile:4 - the quote that starts here is never closed']);
  });
});

describe('variables', () => {
  const env = { A: 'one two', B: '{$A}', PORT: '5353', QUOTE: '"', SELF: '{$SELF}' };
  test.each<[string, string]>([
    ['log {$A}', 'log one two'],
    ['log {%A%}', 'log one two'],
    ['log x{$PORT}y{%PORT%}{$PORT}', 'log x5353y53535353'],
    ['log "{$PORT} {$NONE}."', 'log 5353 .'],
    ['log {$NONE}', 'log '],
    ['log {$B}', 'log one two'],
    ['log {$A', 'log {$A'],
    ['log {%A}', 'log {%A}'],
    ['log {$}', 'log {$}'],
    ['l{$NONE}og', 'log'],
  ])('%s', (line, expected) => {
    const parsed = parse(`.:{$PORT} {\n ${line}\n}`, { env });
    expect(shape(parsed)).toEqual([`.:5353: ${expected}`]);
    expect(parsed.tree.blocks[0]?.directives).toHaveLength(1);
  });

  test('one that refers to itself is a problem, not an endless loop', () => {
    expect(messages(parse('. {\n log {$SELF}\n}', { env }))).toEqual(["2: environment variable 'SELF' refers to itself"]);
  });
  test("'keep' leaves references as they stand", () => {
    expect(shape(parse('.:{$PORT} {\n log {%A%}\n}', { env: 'keep' }))).toEqual(['.:{$PORT}: log {%A%}']);
  });
});

describe('refused', () => {
  test.each<[string, string, string[]]>([
    ['an extra comma', 'a, {\n log\n}', ["1: Expected another address but had '{' - check for extra comma"]],
    ['a comma at the end', 'a,', ['1: Unexpected EOF']],
    ['a block that is not closed', '.:53 {\n whoami\n', ["2: Syntax error: Unexpected token 'whoami', expecting '}'"]],
    ['the block of a directive that is not closed', '.:53 {\n health {\n', ['2: Unexpected EOF']],
    ['a brace too many', '. {\n log\n}\n}\na {\n log\n}', ["4: Unexpected '}' because no matching opening brace"]],
    ['a brace after a key', 'a }\nlog', ["1: Unexpected '}' because no matching opening brace"]],
    ['a brace for a directive', '. {\n {\n  a\n }\n log\n}', ["2: Unexpected token '{', expecting directive"]],
    ['a brace alone', '}', ["1: Unexpected '}' because no matching opening brace"]],
    ['a snippet that is not closed', '(s) {\n log', ["2: Syntax error: Unexpected token 'log', expecting '}'"]],
    ['a brace on the line after a directive', '. {\n health\n {\n  lameduck 5s\n }\n}', ["3: Unexpected token '{', expecting directive"]],
    ['a block inside the block of a directive', '. {\n a {\n  b {\n   c\n  }\n }\n}', ["3: Unexpected token '{', expecting argument"]],
    ['a block without a zone that is not the first', '. {\n log\n}\n{\n log\n}', ['4: server block without a zone']],
    ['an unknown directive', '. {\n cahe 30\n}', ["2: Unknown directive 'cahe'"]],
    ['an import of nothing', '. {\n import\n log\n}', ["2: Wrong argument count or unexpected line ending after 'import'"]],
    ['an import of an empty word', '. {\n import ""\n}', ['2: Import requires a non-empty filepath']],
    ['an import of two', '. {\n import a b\n log\n}', ['2: Import takes only one argument (glob pattern or file)']],
    ['an import of a missing file', '. {\n import nope\n}', ['2: File to import not found: nope']],
    ['a snippet declared twice', '(s) {\n log\n}\n(s) {\n log\n}', ['4: redeclaration of previously declared snippet s']],
    ['a snippet without braces', '(s)\nlog\n', ["2: Syntax error: Unexpected token 'log', expecting '{'"]],
    ['a snippet that imports itself', '(s) {\n import s\n}', ['2: maximum snippet import depth (10000) exceeded']],
    [
      'snippets that import each other',
      '(a) {\n import b\n}\n(b) {\n import a\n}\n. {\n import a\n}',
      ['5: maximum snippet import depth (10000) exceeded'],
    ],
  ])('%s', (_, text, expected) => {
    expect(messages(parse(text, { directives: ['log', 'cache', 'health', 'whoami', 'a', 'plugin'] }))).toEqual(expected);
  });

  test('snippets that multiply stop at the limit', () => {
    const levels = Array.from({ length: 20 }, (_, i) => `(s${i}) {\n import s${i + 1}\n import s${i + 1}\n}`);
    const parsed = parse(`${levels.join('\n')}\n(s20) {\n log\n}\n. {\n import s0\n}`);
    expect(parsed.problems[0]?.message).toBe('maximum snippet import depth (10000) exceeded');
  });

  test('all problems of a file are reported, each with its line, a caret and help', () => {
    const parsed = parse('.:53 {\n  cahe 30\n  import nope\n\thealth\n}\n}\na {\n}', { directives: ['cache', 'health'] });
    expect(new ConfigErrors(parsed.problems, parsed.sources).message).toBe(
      [
        "Corefile:2 - Error during parsing: Unknown directive 'cahe'",
        '    2 |   cahe 30',
        '      |   ^^^^',
        "      did you mean 'cache'?",
        'Corefile:3 - Error during parsing: File to import not found: nope',
        '    3 |   import nope',
        '      |          ^^^^',
        "Corefile:6 - Error during parsing: Unexpected '}' because no matching opening brace",
        '    6 | }',
        '      | ^',
      ].join('\n'),
    );
  });

  test('a syntax error has the shape of its own that CoreDNS gives it', () => {
    const [problem] = parse('. {\n').problems;
    expect(problem && new ConfigErrors([problem]).message).toBe(
      "Corefile:1 - Syntax error: Unexpected token '{', expecting '}'\n      expected '}' for the '{' on line 1",
    );
  });
});

describe('imports', () => {
  let folder = '';
  const at = (name: string) => join(folder, name);
  const parseIn = (text: string) => parseCorefile(text, at('Corefile'), { env: { DIR: 'custom' } });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ferrydns-'));
    mkdirSync(at('custom/deep'), { recursive: true });
    mkdirSync(at('empty'));
    const files = {
      'custom/b.override': 'log\n',
      'custom/a.override': 'errors',
      'custom/.hidden.override': 'any',
      'custom/x.server': 'x.org {\n import deep/inner.conf\n}\n',
      'custom/deep/inner.conf': 'whoami\ncahe\n',
      'options.conf': '# options\nttl 5\nno_reverse\n',
      'snippets.conf': '(s) {\n cache 30\n}\n',
      'self.conf': 'errors\nimport self.conf\n',
      'keys.conf': 'a.org, b.org',
      'nothing.conf': '# only a comment\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each<[string, string, string[]]>([
    ['a file, at the place of the import', '. {\n any\n import custom/b.override\n cache\n}', ['.: any, log, cache']],
    ['a glob, in order, with hidden files', '. {\n import custom/*.override\n}', ['.: any, errors, log']],
    ['a question mark', '. {\n import custom/?.override\n}', ['.: errors, log']],
    ['a wildcard in the folder', '. {\n import */b.override\n}', ['.: log']],
    ['a path from a variable', '. {\n import {$DIR}/a.override\n}', ['.: errors']],
    ['whole blocks; paths inside are relative to the imported file', 'import custom/*.server\n', ['x.org: whoami, cahe']],
    ['lines of a block', '. {\n hosts {\n  import options.conf\n  reload 1s\n }\n}', ['.: hosts (ttl 5; no_reverse; reload 1s)']],
    ['snippets for the files after it', 'import snippets.conf\n. {\n import s\n}', ['.: cache 30']],
    ['keys', 'import keys.conf\n{\n log\n}', ['a.org b.org: log']],
    ['the same file twice', '. {\n import custom/a.override\n import custom/a.override\n}', ['.: errors, errors']],
    ['a file without words', '. {\n import nothing.conf\n log\n}', ['.: log']],
    ['on one line', '. { import custom/a.override }', ['.: errors']],
  ])('%s', (_, text, expected) => {
    expect(shape(parseIn(text))).toEqual(expected);
  });

  test('a glob without matches is a warning, each time', () => {
    const parsed = parseIn('. {\n import empty/*.override\n log\n}\nimport empty/*.server\n');
    expect(shape(parsed)).toEqual(['.: log']);
    expect(parsed.warnings).toEqual([
      'No files matching import glob pattern: empty/*.override',
      'No files matching import glob pattern: empty/*.server',
    ]);
  });

  test.each<[string, string, string]>([
    ['a folder', 'import custom', 'Could not import DIR/custom: is a directory'],
    ['a folder that a glob matches', 'import custom/*', 'Could not import DIR/custom/deep: is a directory'],
    ['two stars', 'import */*', 'Glob pattern may only contain one wildcard (*), but has others: DIR/*/*'],
    ['a character class', 'import [a]', 'Glob pattern may only contain one wildcard (*), but has others: DIR/[a]'],
  ])('refused: %s', (_, text, expected) => {
    expect(parseIn(text).problems.map((problem) => problem.message)).toEqual([expected.replaceAll('DIR', folder)]);
  });

  test('a file that imports itself is refused once, without reading it again and again', () => {
    const parsed = parseIn('. {\n import self.conf\n}');
    expect(parsed.problems.map((problem) => problem.place.file)).toEqual([at('self.conf')]);
    expect(parsed.problems[0]?.message).toMatch(/^maximum file import depth/);
  });

  test('problems in an imported file name it by its absolute path and show its line', () => {
    const parsed = parseCorefile('import custom/*.server', at('Corefile'), { directives: ['whoami', 'cache'] });
    expect(new ConfigErrors(parsed.problems, parsed.sources).message).toContain(
      `${at('custom/deep/inner.conf')}:2 - Error during parsing: Unknown directive 'cahe'\n    2 | cahe\n`,
    );
  });

  test('the hash follows imported words, not comments, quotes or layout', () => {
    const before = parseIn('. {\n import options.conf\n}').hash;
    expect(before).toMatch(/^[0-9a-f]{128}$/);
    expect(parseIn('.    { # remark\n\n import "options.conf" }').hash).toBe(before);
    writeFileSync(at('options.conf'), 'ttl 5 # other remark\n\nno_reverse\n');
    expect(parseIn('. {\n import options.conf\n}').hash).toBe(before);
    writeFileSync(at('options.conf'), 'ttl 6\nno_reverse\n');
    expect(parseIn('. {\n import options.conf\n}').hash).not.toBe(before);
  });
});
