// The language of expressions: what parts mean, what is refused before they are evaluated and where, and what fails when they are.
import { expect, test } from 'vitest';
import type { Environment } from '../../src/expression/environment.ts';
import { compileExpression } from '../../src/expression/expression.ts';
import { ExpressionError } from '../../src/expression/expression-error.ts';
import { any, int, string } from '../../src/expression/types.ts';

/** What expressions are asked about here. */
interface Ship {
  readonly name: string;
  readonly decks: number;
  readonly cargo: unknown;
}

const environment: Environment<Ship> = {
  name: { parameters: [], result: string, call: ({ name }) => name },
  decks: { parameters: [], result: int, call: ({ decks }) => decks },
  cargo: { parameters: [], result: any, call: ({ cargo }) => cargo },
};
const ship: Ship = { name: 'Île de Ré', decks: 7, cargo: null };

function evaluate(text: string, about: Partial<Ship> = {}): unknown {
  return compileExpression(text, environment).evaluate({ ...ship, ...about });
}

function problem(text: string): string {
  try {
    compileExpression(text, environment);
  } catch (error) {
    if (error instanceof ExpressionError) return `${error.message} | ${text.slice(0, error.start)}»${text.slice(error.start, error.end)}«`;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

test.each<[string, unknown]>([
  ['1 + 2 * 3 - 4 / 2', 5],
  ['-2 ** 2', -4],
  ['2 ** 3 ** 2', 512],
  ['2 ^ 3', 8],
  ['(1 + 2) * 3', 9],
  ['7 % 4', 3],
  ['0x1f + 0b11 + 0o7 + 1_000', 1041],
  ['.5 + 1e2', 100.5],
  ['1..3', [1, 2, 3]],
  ['3..1', []],
  ['decks() in 1..7', true],
  ['decks() not in [1, 2]', true],
  ['1 < decks() < 8 <= 8', true],
  ['1 < decks() < 7', false],
  ['true or false and false', true],
  ['not false and !false', true],
  ['not (decks() == 7)', false],
  ["name() == 'Île de Ré'", true],
  ["'a' < 'b' && 'b' > 'a' and 'a' <= 'a'", true],
  ["name() startsWith 'Île' && name() endsWith 'Ré' && name() contains 'de'", true],
  ["name() matches '^\\\\S+ de'", true],
  ["name() not matches 'x'", true],
  ["'\\x41\\u00e9\\t\\101' == `Aé\tA`", true],
  ["decks() > 5 ? 'big' : 'small'", 'big'],
  ['cargo() ? 1 : 2', 'throws'],
  ["cargo() ?? 'none'", 'none'],
  ["if decks() > 9 { 'a' } else if decks() > 5 { 'b' } else { 'c' }", 'b'],
  ['let d = decks(); let e = d + 1; d * e', 56],
  ['any([1, 2, decks()], # > 6)', true],
  ['all([1, 2], {# < 3})', true],
  ['none([1, 2], # == 3) and one([1, 2], # == 2)', true],
  ['filter(1..9, # % 2 == 0)', [2, 4, 6, 8]],
  ['map([10, 20], # + #index)', [10, 21]],
  ['count(1..9, # > 5) + count([true, false])', 5],
  ['find([1, 5, 9], # > 4)', 5],
  ['find([1], # > 4)', null],
  ['findIndex([1, 5, 9], # > 4)', 1],
  ['sum([1, 2.5]) + sum([1, 2], # * 10)', 33.5],
  ['map([[1, 2], [3]], any(#, # == 2))', [true, false]],
  ["split('a.b.c', '.', 2)", ['a', 'b.c']],
  ["join(reverse(split('a.b', '.')), '-')", 'b-a'],
  ["'a,b' | split(',') | len()", 2],
  ["upper(lower(trim('  Ab ')))", 'AB'],
  ["trim('__a_', '_') + trimPrefix('ab', 'a') + trimSuffix('ab', 'b')", 'aba'],
  ["replace('aXbX', 'X', '$&') + repeat('z', 2)", 'a$&b$&zz'],
  ['len(name())', 9],
  ['[1, 2, 3][-1] + [1, 2][0]', 4],
  ["'abcd'[1:-1] + 'x'", 'bcx'],
  ["{a: 1, 'b': 2}['b'] + {a: 3}.a", 5],
  ["'a' in {a: 1} and 'b' not in {a: 1}", true],
  ['cargo()?.weight', null],
  ['[1, [2]] == [1, [2]] and {a: [1]} == {a: [1]}', true],
  ["int('42') + int(2.9) + float('.5')", 44.5],
  ['string(12) + string(nil)', '12nil'],
  ['max(1, [2, 9]) - min(3, 2) + abs(-1)', 8],
  ['[round(2.5), round(-2.5), ceil(1.2), floor(1.8)]', [3, -3, 2, 1]],
  ['median([3, 1, 2]) + mean([1, 2])', 3.5],
  ["sort([3, 1, 2], 'desc')", [3, 2, 1]],
  ['uniq([1, 2, 1]) == [1, 2] and flatten([1, [2, [3]]]) == 1..3 and concat([1], [2]) == 1..2', true],
  ['first([]) ?? take([1, 2, 3], 2)', [1, 2]],
  ['decks() // what follows does not count', 7],
  ['decks() /* nor this */ + 1', 8],
])('%s', (text, expected) => {
  if (expected === 'throws') expect(() => evaluate(text)).toThrow('found nil, expected bool');
  else expect(evaluate(text)).toEqual(expected);
});

test.each<[string, string]>([
  ['', 'found the end of the expression, expected a value | »«'],
  ['1 +', 'found the end of the expression, expected a value | 1 +»«'],
  ['(1', 'found the end of the expression, expected ) | (1»«'],
  ['1 2', 'found 2, expected an operator, or the end of the expression | 1 »2«'],
  ['1 @ 2', 'found @, which no expression has at this place | 1 »@«'],
  ["'a", "this string does not end, expected ' | »'a«"],
  ["'\\q'", "found \\q, expected an escape such as \\\\, \\' or \\n | '»\\q«"],
  ['12ab', 'found 12ab, expected a number | »12ab«'],
  ['99999999999999999999', 'the number 99999999999999999999 is too large | »99999999999999999999«'],
  ['harbour', "there is no harbour here; a text stands in quotes: 'harbour' | »harbour«"],
  ['decks == 1', 'decks is a function, expected decks() | »decks«'],
  ['deks() == 1', 'there is no function deks, did you mean decks? | »deks«'],
  ['1 + decks(2)', 'decks is called with 1 arguments, expected 0 | 1 + »decks«'],
  ["len('a', 'b')", 'len is called with 2 arguments, expected 1 | »len«'],
  ['lower(decks())', 'found int, expected string as argument 1 of lower | lower(»decks()«'],
  ["decks() == '7'", "found int == string, which do not go together; a string is written '53', and int(…) makes an int of one | »decks() == '7'«"],
  ['name() in [1, 2]', 'found string in array of int, which do not go together | »name() in [1, 2]«'],
  ['name() and true', 'found string, expected a bool beside and | »name()«'],
  ["not name() == 'x'", 'found not string, expected a bool; not binds tighter than == and in: parentheses help | »not name()«'],
  ['decks() not 7', 'found 7, expected in, matches, contains, startsWith or endsWith | decks() not »7«'],
  ['-name()', 'found -string, expected a number | »-name()«'],
  ["name() matches '['", "the pattern is malformed: error parsing regexp: missing closing ]: `[` | name() matches »'['«"],
  ['decks() ? 1 : 2', 'found int, expected a bool before ? | »decks()«'],
  ['any(decks(), # > 1)', 'found int, expected an array | any(»decks()«'],
  ['any([1], #)', 'found int, expected a bool | any([1], »#«'],
  ['any([1])', 'any is for an array and an expression about its elements, as in any(list, # > 3) | »any«'],
  ['all([1], #other)', 'found #other, expected # or #index in an expression about the elements of an array | all([1], »#other«'],
  ['decks()[0]', 'found int, which has no items | »decks()«'],
  ["[1]['a']", "found string, expected int | [1][»'a'«"],
  ['1.5..3', 'found float .. int, which do not go together | »1.5..3«'],
  ['cargo() ?? 1 + 2', 'found +, expected parentheses around what ?? joins, where another operator follows | cargo() ?? 1 »+«'],
  ['let name = 1; name', 'name stands for something else already | »let name = 1; name«'],
])('is refused: %s', (text, expected) => {
  expect(problem(text)).toBe(expected);
});

test.each([
  ['7 % (decks() - 7)', 'integer divide by zero'],
  ['[1][decks()]', 'there is no item 7: the length is 1'],
  ["'a' + cargo()", 'found nil, expected string'],
  ['lower(cargo())', 'found nil, expected string'],
  ['1..decks() * 1000000', 'more than 1000000 elements'],
  ["repeat('a', decks() * 1000000)", 'more than 1000000 elements'],
  ['any(1..3, cargo())', 'found nil, expected bool'],
])('cannot be evaluated: %s', (text, message) => {
  const { evaluate: run } = compileExpression(text, environment);
  expect(() => run(ship)).toThrow(message);
});

test('names that every object has are no functions', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    expect(problem(`${name}()`)).toContain(`there is no function ${name}`);
    expect(problem(name)).toContain(`there is no ${name} here`);
  }
  expect(evaluate("{a: 1}['constructor'] ?? 'nothing'")).toBe('nothing');
});

test('what lies too deep is refused, and a long row is not', () => {
  expect(problem(`${'('.repeat(300)}1${')'.repeat(300)}`)).toContain('more than 200 parts lie in one another here');
  expect(problem(`${'!'.repeat(300)}true`)).toContain('more than 200 parts lie in one another here');
  expect(problem(Array(300).fill('1').join(' + '))).toContain('more than 200 operators follow each other here');
  expect(evaluate(Array(5000).fill('decks() == 1').join(' or '))).toBe(false);
});

test('and, or, ?: and ?? evaluate no more than they need', () => {
  const asked: string[] = [];
  const ask = (_: null, name: string) => {
    asked.push(name);
    return name === 'yes';
  };
  const counting: Environment<null> = { ask: { parameters: [string], result: any, call: ask } };
  const run = (text: string) => compileExpression(text, counting).evaluate(null);
  run("ask('yes') or ask('b')");
  run("ask('no') and ask('b')");
  run("ask('yes') ? 1 : ask('b')");
  expect(asked).toEqual(['yes', 'no', 'yes']);
});

test('a pattern takes linear time, whatever it meets', () => {
  const { evaluate: run } = compileExpression("name() matches '^(a+)+$'", environment);
  expect(run({ ...ship, name: `${'a'.repeat(50_000)}b` })).toBe(false);
});

test('what is asked twice at a time does not mix', () => {
  const text = 'all([1, 2], cargo() > #)';
  const inner = compileExpression('any([5], # == 5)', environment);
  const nested = {
    ...ship,
    get cargo() {
      return inner.evaluate(ship) === true ? 3 : 0;
    },
  };
  expect(compileExpression(text, environment).evaluate(nested)).toBe(true);
});
