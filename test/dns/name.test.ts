import { describe, expect, test } from 'vitest';
import { isSubdomain, labelsOf, longestMatch, nameFromWire, nameToWire, parentOf, parseName } from '../../src/dns/name.ts';

describe('parseName', () => {
  test.each([
    ['www.Example.ORG', 'www.example.org.'],
    ['www.example.org.', 'www.example.org.'],
    ['.', '.'],
    ['a\\.b.test', 'a\\.b.test.'],
    ['a\\046b.test', 'a\\.b.test.'],
    ['end\\.', 'end\\..'],
    ['sp\\032ace', 'sp\\032ace.'],
    ['\\255', '\\255.'],
    ['_sip._TCP.example', '_sip._tcp.example.'],
    ['*.example', '*.example.'],
  ])('reads %j as %j', (text, name) => {
    expect(parseName(text)).toBe(name);
  });

  test.each([
    ['', 'empty name'],
    ['a..b', 'empty label'],
    ['.a', 'empty label'],
    [`${'x'.repeat(64)}.test`, 'label of 64 octets, expected at most 63'],
    [`${'abcdefg.'.repeat(32)}`, 'name of 257 octets, expected at most 255'],
    ['a\\256', 'escape \\256'],
    ['a\\', 'ends in a backslash'],
  ])('refuses %j: %s', (text, message) => {
    expect(() => parseName(text)).toThrow(message);
  });

  test('takes a name of 255 octets (RFC 1035 section 2.3.4)', () => {
    const name = `${'x'.repeat(63)}.`.repeat(3) + 'y'.repeat(61);
    expect(nameToWire(name)).toHaveLength(255);
    expect(parseName(name)).toHaveLength(254);
  });
});

test('every byte of a label survives the way to presentation form and back (RFC 2181 section 11)', () => {
  for (let byte = 0; byte < 256; byte++) {
    const wire = Buffer.from([2, byte, 0x61, 4, 0x74, 0x65, 0x73, 0x74, 0]);
    expect(nameToWire(nameFromWire(wire, 0))).toEqual(wire);
  }
});

describe('isSubdomain', () => {
  test.each([
    ['www.example.org.', 'example.org.', true],
    ['example.org.', 'example.org.', true],
    ['myexample.org.', 'example.org.', false],
    ['org.', 'example.org.', false],
    ['anything.', '.', true],
    ['.', '.', true],
    ['a\\.example.org.', 'example.org.', false],
    ['a\\\\.example.org.', 'example.org.', true],
  ])('%s below %s: %s', (child, parent, below) => {
    expect(isSubdomain(child, parent)).toBe(below);
  });
});

test('longestMatch takes the zone with the most labels in common', () => {
  expect(longestMatch('a.b.example.org.', ['.', 'example.org.', 'b.example.org.', 'xb.example.org.'])).toBe('b.example.org.');
  expect(longestMatch('example.com.', ['example.org.'])).toBeUndefined();
});

test('labelsOf and parentOf do not split at an escaped dot', () => {
  expect(labelsOf('a\\.b.c.')).toEqual(['a\\.b', 'c']);
  expect(parentOf('a\\.b.c.')).toBe('c.');
  expect(parentOf('c.')).toBe('.');
  expect(parentOf('.')).toBeUndefined();
});
