// How what an API server sends is cut into objects, wherever the pieces end that it comes in.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonObjects, type Shape } from '../../plugins/kubernetes/api/json-objects.ts';
import { readSelector } from '../../plugins/kubernetes/selector.ts';

function read(shape: Shape, text: string, lengths: readonly number[]): { readonly found: unknown[]; readonly objects: JsonObjects } {
  const found: unknown[] = [];
  const objects = new JsonObjects(shape, (each) => found.push(JSON.parse(each)));
  const bytes = Buffer.from(text);
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    objects.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { found, objects };
}

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());

describe('JSON that streams in', () => {
  test('as events, is cut into each of them', () => {
    fc.assert(
      fc.property(fc.array(object), pieces, fc.constantFrom('\n', '', ' \n'), (events, lengths, between) => {
        const { found, objects } = read('events', events.map((each) => JSON.stringify(each)).join(between), lengths);
        expect(found).toEqual(JSON.parse(JSON.stringify(events)));
        expect(objects.isComplete).toBe(true);
      }),
    );
  });

  test('as a list, is cut into its items, and the rest is what stands around them', () => {
    fc.assert(
      fc.property(fc.array(object), pieces, fc.boolean(), fc.boolean(), (items, lengths, first, indented) => {
        const metadata = { resourceVersion: '7', continue: 'a"]}\\' };
        const list = first ? { kind: 'List', metadata, items } : { kind: 'List', items, metadata };
        const { found, objects } = read('items', JSON.stringify(list, undefined, indented ? 2 : 0), lengths);
        expect(found).toEqual(JSON.parse(JSON.stringify(items)));
        expect(JSON.parse(objects.frame)).toEqual({ kind: 'List', metadata, items: [] });
      }),
    );
  });

  test('what is cut off is not taken for whole', () => {
    expect(read('items', '{"items":[{"a":1},{"b"', [5])).toMatchObject({ found: [{ a: 1 }], objects: { isComplete: false } });
  });

  test('an object larger than any can be is refused', () => {
    const objects = new JsonObjects('events', () => {});
    objects.push(Buffer.from('{"a":"'));
    const mebibyte = Buffer.alloc(1 << 20, 'x');
    expect(() => {
      for (let i = 0; i < 20; i++) objects.push(mebibyte);
    }).toThrow('an object of more than 16777216 octets');
  });

  test('more around the items than there can be is refused', () => {
    const objects = new JsonObjects('items', () => {});
    objects.push(Buffer.from('{"metadata":"'));
    const mebibyte = Buffer.alloc(1 << 20, 'x');
    expect(() => {
      for (let i = 0; i < 20; i++) objects.push(mebibyte);
    }).toThrow('more than 16777216 octets around the items of a list');
  });

  test.each<[Shape, string]>([
    ['events', '{"a":1}}{"b":2}'],
    ['items', ']{"items":[{"a":1}]}'],
  ])('as %s, what ends without having begun is refused: what follows would not be seen', (shape, text) => {
    expect(() => read(shape, text, [3])).toThrow('an object or array ends that has not begun');
  });
});

describe('a label selector', () => {
  test.each(['app', '!app', 'app=web', 'app == web', 'example.org/app=web', 'a in (b, c)', 'a notin (b),c=d,!e', 'a='])('%s is one', (text) => {
    expect(readSelector(text.split(' '))).toBe(text);
  });

  test.each(['app web', 'app!=web', 'a in b', '=web', 'a=b,', 'a>1', '-a', 'a in (b'])('%s is none', (text) => {
    expect(() => readSelector(text.split(' '))).toThrow(/expected KEY/);
  });
});
