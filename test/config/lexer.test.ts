// How a Corefile's text splits into words, by the rules of CoreDNS.

import { describe, expect, test } from 'vitest';

import { lex } from '../../src/config/lexer.ts';

const words = (text: string) => lex(text, 'Corefile').tokens.map((token) => token.text);

describe('words', () => {
  test.each<[string, string, string[]]>([
    ['blanks of any kind separate words', 'a\tb  c\u00a0d\u3000e\u0085f', ['a', 'b', 'c', 'd', 'e', 'f']],
    ['a leading byte order mark is dropped', '\uFEFFa b', ['a', 'b']],
    ['a later byte order mark is part of a word', 'a\uFEFF', ['a\uFEFF']],
    ['carriage returns vanish, also inside a word', 'a\r\nb\rc\r\n', ['a', 'bc']],
    ['a carriage return inside quotes stays', '"a\r\nb"', ['a\r\nb']],
    ['a comment ends a word', 'foo#bar', ['foo']],
    ['a comment that is glued to a word ends at the next blank', 'foo#bar baz', ['foo', 'baz']],
    ['a comment on its own ends with the line', 'foo # bar baz\nqux', ['foo', 'qux']],
    ['a comment directly after a quote ends with the line', '"foo"#bar baz\nqux', ['foo', 'qux']],
    ['no comment inside quotes', '"foo # bar"', ['foo # bar']],
    ['a quote inside a word is literal', 'a"b c"', ['a"b', 'c"']],
    ['the closing quote ends the word', '"a"b', ['a', 'b']],
    ['only a quote can be escaped', String.raw`"a\"b\\.c\n"`, [String.raw`a"b\\.c\n`]],
    ['a quoted word may be empty', '""', ['']],
    ['a quoted word may span lines', '"a\nb" c', ['a\nb', 'c']],
    ['a quote that is never closed gives what was read', 'x "a b', ['x', 'a b']],
    ['a lone quote at the end gives no word', 'x "', ['x']],
    ['a backslash at the very end of a quote is lost', '"a\\', ['a']],
    ['braces are words of their own only when they stand alone', '.:53{ } {} {$A}', ['.:53{', '}', '{}', '{$A}']],
    ['no backslash continuation', 'a \\\nb', ['a', '\\', 'b']],
  ])('%s', (_, text, expected) => {
    expect(words(text)).toEqual(expected);
  });
});

describe('places', () => {
  const place = (text: string, index: number) => {
    const token = lex(text, 'Corefile').tokens[index];
    return [token?.place.line, token?.place.column, token?.place.length, token?.startsLine];
  };

  test('count from 1 and cover the quotes', () => {
    expect(place('\n\ta "b c" d', 1)).toEqual([2, 4, 5, false]);
  });
  test('the byte order mark has no column', () => {
    expect(place('\uFEFFabc', 0)).toEqual([1, 1, 3, true]);
  });
  test('a word after a quoted word of two lines is on the line where that one ends', () => {
    expect(place('a "b\nc" d\ne', 2)).toEqual([2, 4, 1, false]);
    expect(place('a "b\nc" d\ne', 3)).toEqual([3, 1, 1, true]);
  });
});
