// Which words a YAML file gives: none is dropped without a word, and what is made to be long or endless is refused at its place.
import { describe, expect, test } from 'vitest';
import { parseYaml, parseYamlOptions } from '../../src/config/yaml.ts';

const form = { known: ['names', 'name', 'from', 'fence', 'check'], several: 'names', one: 'name', parts: ['from', 'to'] };

function read(text: string) {
  const { lines, problems } = parseYamlOptions(text, 'plan.yaml', form);
  return {
    lines: lines.map(({ words }) => words.map((word) => word.text).join(' ')),
    problems: problems.map(({ place, message, expected }) => `${place.line}:${place.column}+${place.length} ${message}; expected ${expected}`),
  };
}

describe('an alias', () => {
  test.each([
    ['names: [s.example, *.t.example]', "1:20+11 '*.t.example' is an alias without an anchor; expected the word in quotes"],
    ['names:\n  - *.t.example\n', "2:5+11 '*.t.example' is an alias without an anchor; expected the word in quotes"],
    ['from: [192.0.2.1, *x]', "1:19+2 '*x' is an alias without an anchor; expected the word in quotes"],
    ['from: [*x, &x 192.0.2.1]', "1:8+2 '*x' is an alias without an anchor; expected the word in quotes"],
    ['names:\n  *.t.example: { from: 192.0.2.1 }\n', "2:3+12 '*.t.example' is an alias without an anchor; expected the word in quotes"],
    ['from: &a [*a]', "1:11+2 '*a' stands inside of what it is an alias of; expected no alias that leads back to itself"],
    ['from: &a { b: { c: *a } }', "1:20+2 '*a' stands inside of what it is an alias of; expected no alias that leads back to itself"],
  ])('is refused at its place: %s', (text, problem) => {
    expect(read(text)).toEqual({ lines: [], problems: [problem] });
  });

  test('is refused among zones as well', () => {
    const { problems } = parseYaml('servers:\n  - zones: [a.example, *.b.example]\n    plugins: [log]\n', 'x.yaml');
    expect(problems.map(({ message, place }) => `${place.line}:${place.column} ${message}`)).toEqual([
      "2:24 '*.b.example' is an alias without an anchor",
    ]);
  });

  test('stands for the last anchor before it', () => {
    expect(read('from: [&x 192.0.2.1, *x, &x 192.0.2.2, *x]').lines).toEqual(['from 192.0.2.1 192.0.2.1 192.0.2.2 192.0.2.2']);
  });

  test('of aliases of aliases ends at once', () => {
    const levels = Array.from({ length: 10 }, (_, i) => `  - &l${i + 1} [${Array.from({ length: 10 }, () => `*l${i}`).join(', ')}]`);
    const { problems } = read(`names:\n  - &l0 word\n${levels.join('\n')}\n`);
    expect(problems[0]).toMatch(/^7:\d+\+3 more than 100000 words with '\*l4' put in; expected fewer aliases of aliases$/);
  });

  test('that leads on and on is not followed', () => {
    const chain = Array.from({ length: 5000 }, (_, i) => `  - &l${i + 1} [*l${i}]`);
    expect(read(`names:\n  - &l0 word\n${chain.join('\n')}\n`).problems[0]).toMatch(
      /^51:\d+\+4 too many lists and maps inside of one another with '\*l48' put in/,
    );
  });
});

test('lists in lists in lists are refused where they are too many', () => {
  expect(read(`from: ${'['.repeat(60)}a${']'.repeat(60)}`).problems[0]).toMatch(
    /^1:56\+\d+ too many lists and maps inside of one another; expected at most 50$/,
  );
});

describe('in a list', () => {
  test('true and false are words', () => {
    expect(read('fence: [exec, /sbin/fence, --force, true, false]').lines).toEqual(['fence exec /sbin/fence --force true false']);
  });

  test.each([
    ['fence: [exec, null]', "1:15+4 unexpected 'null'; expected a word; in quotes if this is the word"],
    ['fence: [exec, ~]', "1:15+1 unexpected '~'; expected a word; in quotes if this is the word"],
    ['fence:\n  - exec\n  -\n', '3:4+1 unexpected end of an item; expected a word; in quotes if this is the word'],
    ['from: [192.0.2.1, [192.0.2.2]]', '1:19+11 unexpected list; expected a word'],
    ['from: [192.0.2.1, { a: b }]', '1:19+8 unexpected map; expected a word'],
    ['names: [[a.example], [b.example]]', '1:9+11 unexpected list; expected a word'],
  ])('a thing that is no word is refused: %s', (text, problem) => {
    expect(read(text).problems[0]).toBe(problem);
  });

  test('a plugin that is nothing is refused', () => {
    const { problems } = parseYaml('servers:\n  - zones: .\n    plugins: [log, ~]\n', 'x.yaml');
    expect(problems.map(({ message, place }) => `${place.line}:${place.column} ${message}`)).toEqual(["3:20 unexpected '~'"]);
  });
});

describe('of a map of options', () => {
  test('a list of lists is several lines, a map of names a line of each', () => {
    expect(read('check: [[to, tcp, 80], [from, tcp, 81]]\nnames:\n  a.example: { from: 192.0.2.1, to: [pool, b] }\n  b.example:\n').lines).toEqual([
      'check to tcp 80',
      'check from tcp 81',
      'name a.example from 192.0.2.1 to pool b',
      'name b.example',
    ]);
  });

  test.each([
    ['nmes: a', "1:1+4 unknown key 'nmes'; expected one of names, name, from, fence, check"],
    ['fence: false', "1:8+5 unexpected 'false'; expected what 'fence' is, or no 'fence' at all"],
    ['names: { a: [from, 192.0.2.1] }', '1:13+17 unexpected content; expected a map of from and to'],
    ['names: { a: { form: 192.0.2.1 } }', "1:15+4 unknown key 'form'; expected one of from, to"],
    ['names: { a: { from: } }', "1:15+4 nothing after 'from'; expected at least one word"],
    ['names: { a: { from: [192.0.2.1, to, 192.0.2.2] } }', "1:33+2 unexpected 'to'; expected 'to' as a key of its own"],
  ])('what is neither is refused: %s', (text, problem) => {
    expect(read(text).problems).toEqual([problem]);
  });

  test('the key that is meant is said', () => {
    expect(parseYamlOptions('nmes: a', 'plan.yaml', form).problems[0]?.suggestion).toBe('names');
  });
});
