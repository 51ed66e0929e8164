// How what an API server sends is cut into objects, wherever the pieces end that it comes in.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonObjects, type Shape } from '../../plugins/kubernetes/api/json-objects.ts';
import { ProtobufEvents } from '../../plugins/kubernetes/api/protobuf-events.ts';
import { ProtobufList } from '../../plugins/kubernetes/api/protobuf-list.ts';
import { readSelector } from '../../plugins/kubernetes/selector.ts';
import { namespace, pod } from '../support/cluster-objects.ts';
import { listEnvelope, watchFrame } from '../support/protobuf.ts';
import { objectsIn, type RecordedAnswers, resources } from '../support/recorded-answers.ts';
import recorded from './recorded-answers.json' with { type: 'json' };

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

describe('Protocol Buffers that stream in', () => {
  const answers: Readonly<Record<string, RecordedAnswers>> = recorded;
  const nobody = { take() {}, unreadable() {} };

  test.each(resources.flatMap((resource) => (['list', 'watch'] as const).map((kind) => [kind, resource.kind, resource] as const)))(
    'as a real API server sends them, tell the same as its JSON: %s of %s',
    (kind, name, resource) => {
      const { json, protobuf } = answers[`${kind} ${name}`] as RecordedAnswers;
      const told = objectsIn(resource, kind, { json });
      expect(told.objects.length).toBeGreaterThan(2);
      for (const piece of [1, 2, 3, 5, 100, 4096, protobuf.length]) expect(objectsIn(resource, kind, { protobuf }, piece)).toEqual(told);
    },
  );

  test('an event larger than any can be is refused before it has come', () => {
    const events = new ProtobufEvents([], nobody);
    expect(() => events.push(Buffer.from([0x7f, 0, 0, 0, 1]))).toThrow('an object of more than 16777216 octets');
  });

  test('an item larger than any can be is refused before it has come', () => {
    const list = listEnvelope('Namespace', { metadata: {}, items: [namespace('default')] });
    const huge = Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x12, 0xff, 0xff, 0xff, 0x7f, 0x12, 0xff, 0xff, 0xff, 0x3f])]);
    expect(() => new ProtobufList([], nobody).push(list)).not.toThrow();
    expect(() => new ProtobufList([], nobody).push(huge)).toThrow('an object of more than 16777216 octets');
  });

  test('what is cut off is not taken for whole, nor for more than it is', () => {
    const whole = listEnvelope('Namespace', { metadata: { resourceVersion: '7' }, items: [namespace('a'), namespace('b')] });
    for (let length = 0; length < whole.length; length++) {
      const list = new ProtobufList([], nobody);
      list.push(whole.subarray(0, length));
      expect(list.isComplete).toBe(false);
    }
  });

  test('what is no list is refused', () => {
    expect(() => new ProtobufList([], nobody).push(Buffer.from('{"items":[]}'))).toThrow('no object of the API, expected one that begins with "k8s"');
  });

  test('an object that comes in many pieces is put together once', () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`label-${i}`, 'x'.repeat(500)]));
    const frame = watchFrame('ADDED', pod('default/web', '172.16.0.1', { labels: many }));
    const seen: unknown[] = [];
    const type = resources.find(({ kind }) => kind === 'pods')?.message ?? [];
    const events = new ProtobufEvents(type, { take: ({ object }) => seen.push(object?.['metadata']), unreadable: (reason) => seen.push(reason) });
    for (let at = 0; at < frame.length; at += 1000) events.push(frame.subarray(at, at + 1000));
    expect(seen).toEqual([{ namespace: 'default', name: 'web', labels: many }]);
  });
});
