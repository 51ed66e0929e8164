// From directives to options by a plugin's grammar: values, defaults, problems with their places, and inferred types.

import { describe, expect, expectTypeOf, test } from 'vitest';

import { parseCorefile } from '../../src/config/corefile.ts';
import { decode, decodeAll } from '../../src/config/decode.ts';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';
import { ConfigErrors } from '../../src/config/error.ts';
import {
  type ConfigSpec,
  describeSyntax,
  flag,
  many,
  type OptionsOf,
  optional,
  property,
  repeated,
  setting,
  words,
  zoneList,
} from '../../src/config/grammar.ts';
import type { Line, Word } from '../../src/config/tree.ts';
import { choice, cidr, duration, file, hostPort, integer, ipAddress, text, value, zone, zones } from '../../src/config/values.ts';
import type { Name } from '../../src/dns/name.ts';

const cacheSpec = {
  args: { ttl: optional(integer({ min: 1 })), zones: zoneList() },
  block: {
    success: property({ capacity: integer({ min: 1 }), ttl: optional(integer({ min: 1 })), minTtl: optional(integer({ min: 0 })) }, 'size'),
    servfail: setting(duration({ min: '0s', max: '5m' }), 'how long failures are kept', 5000),
    disable: repeated({ kind: choice('success', 'denial'), zones: zoneList() }, 'zones that are not cached'),
    keepttl: flag('the TTL does not count down'),
  },
} satisfies ConfigSpec;

const hostsSpec = {
  args: { path: optional(file), zones: zoneList() },
  block: { ttl: setting(integer({ min: 1, max: 65_535 }), 'TTL'), fallthrough: property({ zones: zoneList() }, 'pass on') },
  lines: { label: 'ADDRESS NAME...', help: 'inline entries', before: 'fallthrough' },
  removed: { upstream: 'it needs no replacement' },
} satisfies ConfigSpec;

const rewriteSpec = { args: { rule: words('RULE...') }, lines: { label: 'RULE...', help: 'rules' }, repeat: 'chain' } satisfies ConfigSpec;
const logSpec = {
  args: { words: words('[NAMES...] [FORMAT]') },
  block: { class: repeated({ of: many(text, 1) }, 'classes') },
  repeat: 'merge',
} satisfies ConfigSpec;

/** Decodes the directives of a block that holds uses of one plugin alone. */
function run<S extends ConfigSpec>(spec: S, body: string) {
  const parsed = parseCorefile(`. {\n${body}\n}`, 'Corefile', { env: {} });
  expect(parsed.problems).toEqual([]);
  const directives = parsed.tree.blocks[0]?.directives ?? [];
  return decode(directives, spec, directives[0]?.name.text ?? '');
}

const problemsOf = (spec: ConfigSpec, body: string) =>
  run(spec, body).problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`);

describe('options', () => {
  test('defaults stand where nothing is written', () => {
    expect(run(cacheSpec, 'cache').options).toEqual({
      ttl: undefined,
      zones: [],
      success: undefined,
      servfail: 5000,
      disable: [],
      keepttl: false,
    });
  });

  test('arguments and options become values', () => {
    const body = 'cache 30 Example.org 10.0.0.0/15 {\n success 9984 60\n servfail 1m\n disable denial a.org b.org\n disable success\n keepttl\n}';
    expect(run(cacheSpec, body).options).toEqual({
      ttl: 30,
      zones: ['example.org.', '0.10.in-addr.arpa.', '1.10.in-addr.arpa.'],
      success: { capacity: 9984, ttl: 60, minTtl: undefined },
      servfail: 60_000,
      disable: [
        { kind: 'denial', zones: ['a.org.', 'b.org.'] },
        { kind: 'success', zones: [] },
      ],
      keepttl: true,
    });
  });

  test('a word of another shape is left to a later argument', () => {
    expect(run(cacheSpec, 'cache example.org').options).toMatchObject({ ttl: undefined, zones: ['example.org.'] });
  });
  test('a word of the right shape but out of range is a problem, not a zone', () => {
    expect(problemsOf(cacheSpec, 'cache 0')).toEqual(['2:7 cache: 0 is out of range']);
  });
  test('of several settings the last wins', () => {
    expect(run(cacheSpec, 'cache {\n servfail 1s\n servfail 2s\n}').options?.servfail).toBe(2000);
  });
  test('an argument before a required one leaves it its word', () => {
    const spec = { args: { zones: zoneList(), path: file } } satisfies ConfigSpec;
    expect(run(spec, 'autopath a.org b.org /etc/resolv.conf').options).toEqual({ zones: ['a.org.', 'b.org.'], path: '/etc/resolv.conf' });
    expect(run(spec, 'autopath @kubernetes').options).toEqual({ zones: [], path: '@kubernetes' });
    expect(run({ args: { ttl: optional(integer(), 7), name: text } } satisfies ConfigSpec, 'x 5').options).toEqual({ ttl: 7, name: '5' });
  });
  test('lines that start with no option are handed over as they stand', () => {
    const { options } = run(hostsSpec, 'hosts {\n 192.0.2.1 a.org b.org\n ttl 60\n 192.0.2.2 c.org\n}');
    expect(options?.lines.map((line) => line.words.map((word) => word.text))).toEqual([
      ['192.0.2.1', 'a.org', 'b.org'],
      ['192.0.2.2', 'c.org'],
    ]);
    expect(options?.ttl).toBe(60);
  });
  test('an option of the name of an object member is unknown, not found', () => {
    expect(problemsOf(cacheSpec, 'cache {\n constructor\n toString\n}')).toEqual([
      "3:2 unknown property 'constructor'",
      "4:2 unknown property 'toString'",
    ]);
  });
});

describe('several uses', () => {
  test('are refused by default', () => {
    expect(problemsOf(cacheSpec, 'cache\ncache 30')).toEqual(['3:1 this plugin can only be used once per Server Block']);
  });
  test('make one instance each with chain', () => {
    const { tree } = parseCorefile('. {\n rewrite a b\n rewrite {\n  c d\n }\n}', 'Corefile');
    const uses = decodeAll(tree.blocks[0]?.directives ?? [], rewriteSpec, 'rewrite');
    expect(uses.map(({ options }) => [options?.rule.length, options?.lines.length])).toEqual([
      [2, 0],
      [0, 1],
    ]);
    expect(uses[1]?.placeOf().line).toBe(3);
  });
  test('are a list with merge', () => {
    const decoded = run(logSpec, 'log\nlog a.org {\n class denial error\n}');
    expect(decoded.options?.map((use) => use.words.map((word) => word.text))).toEqual([[], ['a.org']]);
    expect(decoded.options?.[1]?.class).toEqual([{ of: ['denial', 'error'] }]);
    expect(decoded.placeOf('class', 1).line).toBe(4);
  });
});

describe('problems', () => {
  test.each<[string, ConfigSpec, string, string[]]>([
    [
      'too few arguments of a directive',
      { args: { from: zones, to: many(text, 1) } },
      'forward .',
      ["2:9 Wrong argument count or unexpected line ending after '.'"],
    ],
    ['no arguments at all', { args: { path: file } }, 'root', ["2:1 Wrong argument count or unexpected line ending after 'root'"]],
    ['too many arguments', { args: { path: file } }, 'root a b c', ["2:8 Wrong argument count or unexpected line ending after 'b'"]],
    ['arguments of a plugin without any', {}, 'whoami a', ["2:8 Wrong argument count or unexpected line ending after 'a'"]],
    ['an option of a plugin without any', {}, 'whoami {\n a\n}', ["3:2 unknown property 'a'"]],
    ['too few arguments of an option', cacheSpec, 'cache {\n success\n}', ["3:2 Wrong argument count or unexpected line ending after 'success'"]],
    ['too many arguments of an option', cacheSpec, 'cache {\n servfail 1s 2s\n}', ["3:14 Wrong argument count or unexpected line ending after '2s'"]],
    ['an argument of a flag', cacheSpec, 'cache {\n keepttl yes\n}', ["3:10 Wrong argument count or unexpected line ending after 'yes'"]],
    [
      'several at once',
      cacheSpec,
      'cache 0 {\n servfail 1\n succes 1\n disable all\n}',
      [
        '2:7 cache: 0 is out of range',
        "3:11 servfail: missing unit in duration '1', as in '1s'",
        "4:2 unknown property 'succes'",
        "5:10 disable: unexpected 'all'",
      ],
    ],
    ['a raw line after the option that ends them', hostsSpec, 'hosts {\n fallthrough\n 192.0.2.1 a.org\n}', ["4:2 unknown property '192.0.2.1'"]],
  ])('%s', (_, spec, body, expected) => {
    expect(problemsOf(spec, body)).toEqual(expected);
    expect(run(spec, body).options).toBeUndefined();
  });

  test('name the plugin, what was expected and the nearest word', () => {
    const [first, second] = run(cacheSpec, 'cache {\n sucess 1\n disable denail\n}').problems;
    expect(first && new ConfigErrors([first]).message).toBe(
      [
        "plugin/cache: Corefile:3 - Error during parsing: unknown property 'sucess'",
        '      expected one of success, servfail, disable, keepttl',
        "      did you mean 'success'?",
      ].join('\n'),
    );
    expect(second).toMatchObject({ expected: 'one of success, denial', suggestion: 'denial' });
  });
  test('wrong counts show the syntax', () => {
    expect(run({ args: { from: zones, to: many(text, 1) } }, 'forward .').problems[0]?.expected).toBe("'forward FROM TO...'");
  });
  test('removed options are warned of', () => {
    const decoded = run(hostsSpec, 'hosts {\n upstream 8.8.8.8\n}');
    expect(decoded.problems).toEqual([]);
    expect(decoded.warnings).toEqual(["plugin/hosts: Corefile:3 - option 'upstream' is ignored: it needs no replacement"]);
  });
  test('every option can be traced to its place', () => {
    const { placeOf } = run(cacheSpec, ' cache 30 a.org b.org {\n  servfail 1s\n }');
    expect(placeOf()).toMatchObject({ line: 2, column: 2, length: 5 });
    expect(placeOf('ttl')).toMatchObject({ line: 2, column: 8, length: 2 });
    expect(placeOf('zones')).toMatchObject({ line: 2, column: 11, length: 11 });
    expect(placeOf('servfail')).toMatchObject({ line: 3, column: 3, length: 11 });
    expect(placeOf('keepttl')).toMatchObject({ line: 2, column: 2 });
  });
});

describe('values', () => {
  test.each<[string, { parse(word: string): unknown }, string, unknown]>([
    ['text', text, 'Any', 'Any'],
    ['zone', zone, 'Example.ORG', 'example.org.'],
    ['zones', zones, '10.0.0.0/8', ['10.in-addr.arpa.']],
    ['file', file, '/etc/hosts', '/etc/hosts'],
    ['integer', integer({ min: -1 }), '-1', -1],
    ['integer with sign', integer(), '+5', 5],
    ['duration', duration(), '1h30m', 5_400_000],
    ['choice', choice('a', 'b'), 'b', 'b'],
    ['IPv4', ipAddress, '192.0.2.1', '192.0.2.1'],
    ['IPv6', ipAddress, '2001:db8::1', '2001:db8::1'],
    ['network', cidr, '10.1.0.0/8', { address: '10.0.0.0', prefix: 8, family: 4 }],
    ['network of one address', cidr, '::1', { address: '::1', prefix: 128, family: 6 }],
    ['host and port', hostPort({ port: 53 }), '[::1]:5353', { host: '::1', port: 5353 }],
    ['an own one', value('EVEN', (word) => Number(word) * 2), '4', 8],
  ])('%s', (_, kind, word, expected) => {
    expect(kind.parse(word)).toEqual(expected);
  });

  test.each<[string, { parse(word: string): unknown }, string, string]>([
    ['zone', zone, 'a..b', 'empty label in name: a..b'],
    ['file', file, '', 'the word is empty'],
    ['integer', integer(), '1.5', "'1.5' is not a whole number"],
    ['integer below', integer({ min: 2 }), '1', '1 is out of range'],
    ['integer above', integer({ max: 2 }), '99999999999999999999', '99999999999999999999 is out of range'],
    ['duration', duration(), '5x', "invalid duration '5x'"],
    ['duration below', duration({ min: '2s' }), '1s', 'duration 1s is out of range'],
    ['duration above', duration({ max: '5m' }), '1h', 'duration 1h0m0s is out of range'],
    ['choice', choice('a', 'b'), 'A', "unexpected 'A'"],
    ['address', ipAddress, 'fe80::1%eth0', "'fe80::1%eth0' is not an IP address"],
    ['network', cidr, '10.0.0.0/40', "'10.0.0.0/40' is not a network"],
  ])('refused: %s', (_, kind, word, message) => {
    expect(() => kind.parse(word)).toThrow(message);
  });

  test.each<[string, number]>([
    ['0', 0],
    ['-0', 0],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['+5m', 300_000],
    ['-20ms', -20],
    ['1h2m3s4ms5us', 3_723_004.005],
    ['1µs', 0.001],
    ['1ns', 1e-6],
  ])('duration %s', (written, milliseconds) => expect(parseDuration(written)).toBeCloseTo(milliseconds, 9));
  test.each(['', '5', '-5', 's', '1', '1 s', '1s ', '1d', '.s', '0x1s', '9999999h'])('no duration: "%s"', (written) => {
    expect(() => parseDuration(written)).toThrow();
  });
  test.each<[number, string]>([
    [0, '0s'],
    [5000, '5s'],
    [90_000, '1m30s'],
    [5_400_000, '1h30m0s'],
    [1.5, '1.5ms'],
    [0.25, '250µs'],
    [1e-6, '1ns'],
    [-1500, '-1.5s'],
  ])('duration of %d ms', (milliseconds, written) => expect(formatDuration(milliseconds)).toBe(written));
});

test('the syntax for READMEs comes from the grammar', () => {
  expect(describeSyntax('cache', cacheSpec)).toBe(
    [
      'cache [TTL] [ZONES...] {',
      '    success CAPACITY [TTL] [MIN_TTL]',
      '    servfail DURATION',
      '    disable success|denial [ZONES...]',
      '    keepttl',
      '}',
    ].join('\n'),
  );
  expect(describeSyntax('hosts', hostsSpec)).toBe(
    ['hosts [PATH] [ZONES...] {', '    ADDRESS NAME...', '    ttl N', '    fallthrough [ZONES...]', '}'].join('\n'),
  );
  expect(describeSyntax('whoami', {})).toBe('whoami');
});

test('types of options follow the grammar', () => {
  type Cache = OptionsOf<typeof cacheSpec>;
  expectTypeOf<Cache['ttl']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Cache['zones']>().toEqualTypeOf<readonly Name[]>();
  expectTypeOf<Cache['servfail']>().toEqualTypeOf<number>();
  expectTypeOf<Cache['keepttl']>().toEqualTypeOf<boolean>();
  expectTypeOf<Cache['success']>().branded.toEqualTypeOf<
    { readonly capacity: number; readonly ttl: number | undefined; readonly minTtl: number | undefined } | undefined
  >();
  expectTypeOf<Cache['disable'][number]['kind']>().toEqualTypeOf<'success' | 'denial'>();
  expectTypeOf<OptionsOf<typeof hostsSpec>['ttl']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<OptionsOf<typeof hostsSpec>['lines']>().toEqualTypeOf<readonly Line[]>();
  expectTypeOf<OptionsOf<typeof rewriteSpec>['rule']>().toEqualTypeOf<readonly Word[]>();
  expectTypeOf<OptionsOf<typeof logSpec>>().toExtend<readonly { readonly words: readonly Word[] }[]>();
  // @ts-expect-error: a plugin without raw lines has no `lines`
  expectTypeOf<Cache['lines']>();
  expectTypeOf<Pick<Cache, 'keepttl'>>().toEqualTypeOf<{ readonly keepttl: boolean }>();
});
