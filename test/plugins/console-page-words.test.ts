// How the page of the console says numbers, times, and what strangers have chosen.
import { describe, expect, test } from 'vitest';
import { grouped, octets, percent, rate, short } from '../../plugins/console/page/words/count.ts';
import { dayAndTime, momentWords, spellDuration, spellLength, spellSeconds, timeOfDay } from '../../plugins/console/page/words/length.ts';
import { visible, visibleLines } from '../../plugins/console/page/words/visible.ts';

describe('what strangers have chosen', () => {
  test('markup is text as any other', () => expect(visible('<script>alert(1)</script>')).toBe('<script>alert(1)</script>'));

  test.each([
    ['a control character', 'a\u0000b\u001b[31m', 'a\\u{0}b\\u{1b}[31m'],
    ['a mark that turns the direction of writing', 'gro.\u202eelpmaxe', 'gro.\\u{202e}elpmaxe'],
    ['an isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['a character of no width', 'pay\u200bpal', 'pay\\u{200b}pal'],
    ['a blank that is none', 'a\u00a0b\u3000c', 'a\\u{a0}b\\u{3000}c'],
    ['a line end', 'a\nb\u2028c', 'a\\u{a}b\\u{2028}c'],
    ['half a character', 'a\ud800b', 'a\\u{d800}b'],
    ['a tag', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['a mark without a letter', '\u0301a', '\\u{301}a'],
  ])('%s is shown by its number', (_, text, shown) => expect(visible(text)).toBe(shown));

  test('letters of every script, and blanks, stay', () => expect(visible('bücher 例え مثال')).toBe('bücher 例え مثال'));

  test('what is too long is cut', () => expect(visible('x'.repeat(2000), 10)).toBe('xxxxxxxxxx…'));

  test('in a text of several lines, line ends and tabs stay', () => expect(visibleLines('a\tb\n\u202ec')).toBe('a\tb\n\\u{202e}c'));
});

test('lengths of time', () => {
  expect([0, -5, 3200, 59_001, 125_000, 3_660_000, 180_000_000].map(spellLength)).toEqual([
    '0 s',
    '0 s',
    '4 s',
    '1 min 00 s',
    '2 min 05 s',
    '1 h 01 min',
    '2 d 2 h',
  ]);
  expect([3, 3.25, 90].map(spellSeconds)).toEqual(['3 s', '3.3 s', '1 min 30 s']);
  expect([0, 0.084, 3.21, 41.2, 1204].map(spellDuration)).toEqual(['0 ms', '0.08 ms', '3.2 ms', '41 ms', '1.20 s']);
});

test('moments are told where the reader is', () => {
  const noon = new Date(2026, 5, 1, 12, 3, 9);
  expect(timeOfDay(noon.toISOString())).toBe('12:03:09');
  expect(dayAndTime(noon.getTime())).toBe('2026-06-01 12:03:09');
  expect(timeOfDay('nonsense')).toBe('not known');
  expect(momentWords(noon.toISOString(), new Date(noon.getTime() + 3_600_000))).toBe('12:03:09');
  expect(momentWords(noon.toISOString(), new Date(noon.getTime() + 86_400_000))).toBe('2026-06-01 12:03:09');
  expect(momentWords('nonsense', noon)).toBe('not known');
});

test('numbers', () => {
  expect([0, 999, 1000, 1_234_567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([0, 0.25, 14.4, 3204].map(rate)).toEqual(['0', '0.3', '14', '3,204']);
  expect([0, 0.25, 950, 12_300, 1_500_000].map(short)).toEqual(['0', '0.25', '950', '12.3k', '1.5M']);
  expect([0, 512, 1024, 123_731_968].map(octets)).toEqual(['0 B', '512 B', '1 KiB', '118 MiB']);
  expect([percent(0, 0), percent(1, 3), percent(3, 3)]).toEqual(['–', '33.3%', '100%']);
});
