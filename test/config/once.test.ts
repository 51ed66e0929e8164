// An option that may stand but once, and the places of its words.
import { expect, test } from 'vitest';
import { parseCorefile } from '../../src/config/corefile.ts';
import { decode } from '../../src/config/decode.ts';
import { type ConfigSpec, flag, many, property, repeated, setting } from '../../src/config/grammar.ts';
import { integer, text } from '../../src/config/values.ts';

const spec = {
  block: {
    ttl: setting(integer({ min: 1 }), 'TTL'),
    from: property({ targets: many(text, 1) }, 'sides'),
    check: repeated({ words: many(text, 1) }, 'checks'),
    quick: flag('quick'),
  },
} as const satisfies ConfigSpec;

function run(block: string, once: boolean) {
  const { tree } = parseCorefile(`. {\n move {\n${block} }\n}\n`, 'Corefile', { env: {} });
  return decode(tree.blocks[0]?.directives ?? [], { ...spec, once }, 'move');
}

const written = '  ttl 1\n  from a b\n  check x\n  quick\n  check y\n  ttl 2\n  from c\n  quick\n';

test('a second one is refused where the grammar says so', () => {
  const { options, problems } = run(written, true);
  expect(options).toBeUndefined();
  expect(problems.map(({ place, message, expected }) => `${place.line}:${place.column} ${message}, expected ${expected}`)).toEqual([
    "8:3 'ttl' stands twice, first in line 3, expected one of them",
    "9:3 'from' stands twice, first in line 4, expected one line with all of them",
    "10:3 'quick' stands twice, first in line 6, expected one of them",
  ]);
});

test('the last one wins elsewhere, as with CoreDNS', () => {
  expect(run(written, false).options).toMatchObject({ ttl: 2, from: { targets: ['c'] }, check: [{ words: ['x'] }, { words: ['y'] }] });
});

test('each word of an option has its place, and each line of one that may stand several times', () => {
  const { placeOf } = run('  from a b\n  check x\n  check y z\n', true);
  expect(placeOf('from[1]')).toMatchObject({ line: 3, column: 10, length: 1 });
  expect(placeOf('check[1]')).toMatchObject({ line: 5, column: 3, length: 9 });
  expect(placeOf('from[2]')).toEqual(placeOf('from'));
  expect(placeOf('ttl[0]')).toEqual(placeOf());
});
