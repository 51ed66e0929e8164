// The JSON Schema of the YAML form and `ferrydns check` hold the same configurations for right: tried on configurations made from the grammars.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { prefixWord } from '../../plugins/dns64/prefix.ts';
import { registry } from '../../plugins/index.ts';
import { ConfigErrors } from '../../src/config/error.ts';
import { type ArgSpec, type ConfigSpec, isValue, type Property } from '../../src/config/grammar.ts';
import { jsonSchema } from '../../src/config/schema.ts';
import { cidr, hostPort, ipAddress, type Value } from '../../src/config/values.ts';
import { randomFrom } from '../../src/migration/simulator/population.ts';
import { textSource } from '../../src/server/configuration.ts';
import { loadPlugins } from '../../src/server/registry.ts';
import { Server } from '../../src/server/server.ts';

type Random = () => number;

const folder = mkdtempSync(join(tmpdir(), 'ferrydns-schema-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plugins = await loadPlugins(registry);
const validate = new Ajv2020({ strict: false }).compile(jsonSchema(plugins));

/** What `check` refuses, by its messages. */
async function problemsOf(text: string): Promise<string[]> {
  const server = new Server({ source: textSource(text, join(folder, 'x.yaml')), registry, output: () => {}, directory: folder });
  try {
    await server.check();
    return [];
  } catch (error) {
    if (error instanceof ConfigErrors) return error.problems.map(({ message }) => message);
    throw error;
  }
}

async function judged(text: string): Promise<{ schema: boolean; check: boolean }> {
  return { schema: validate(parse(text)), check: (await problemsOf(text)).length === 0 };
}

const using = (plugin: string) => `servers: [{ zones: a.example, plugins: [${plugin}] }]`;

/** Words of many kinds, right and wrong ones at the edges of what grammars ask for. */
const words = [
  '-1',
  '0',
  '1',
  '2',
  '5',
  '10',
  '30',
  '1024',
  '1025',
  '65535',
  '65536',
  '86400',
  '86401',
  '604801',
  '"30"',
  '"-5"',
  '"0"',
  '"007"',
  '0s',
  '1ms',
  '999ms',
  '1s',
  '1500ms',
  '1.5s',
  '2s',
  '1s500ms',
  '90s',
  '5m',
  '5m1s',
  '4m59s',
  '1h',
  '24h',
  '24h1s',
  '25h',
  '0.5h',
  '-1s',
  '1',
  '5x',
  '""',
  'a.example',
  '.',
  '192.0.2.1',
  '192.0.2.53',
  '"::1"',
  '"2001:db8::1"',
  '10.0.0.0/8',
  '"127.0.0.1:8080"',
  '":8080"',
  '5%',
  '10%',
  '90%',
  '91%',
  'word',
  'true',
  'false',
];

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** A word for a value: most often one that it takes. */
function wordFor(random: Random, value: Value<unknown> | undefined): string {
  if (value?.words !== undefined && random() < 0.8) return pick(random, value.words);
  if (value === undefined || random() < 0.2) return pick(random, words);
  const right = words.filter((word) => {
    try {
      value.parse(String(parse(word)));
      return parse(word) !== null;
    } catch {
      return false;
    }
  });
  return right.length === 0 ? pick(random, words) : pick(random, right);
}

function lineOf(random: Random, spec: ArgSpec): string[] {
  const line = Object.values(spec).flatMap((arg) => {
    if (isValue(arg)) return [wordFor(random, arg)];
    const least = random() < 0.05 ? 0 : arg.atLeast;
    const more = arg.kind === 'optional' ? Math.floor(random() * 2) : Math.floor(random() * 2.4);
    return Array.from({ length: Math.max(least, more) }, () => wordFor(random, arg.value));
  });
  if (random() < 0.05) line.push(pick(random, words));
  if (random() < 0.03) line.pop();
  return line;
}

function written(random: Random, line: readonly string[]): string {
  if (line.length === 0) return pick(random, ['true', '[]', '']);
  if (line.length === 1 && random() < 0.5 && !['true', 'false'].includes(line[0] ?? '')) return line[0] ?? '';
  return `[${line.join(', ')}]`;
}

function optionOf(random: Random, { args }: Property<unknown>): string {
  if (random() < 0.05) return 'false';
  if (random() < 0.15) return `[${Array.from({ length: 1 + Math.floor(random() * 2) }, () => `[${lineOf(random, args).join(', ')}]`).join(', ')}]`;
  return written(random, lineOf(random, args));
}

/** One use of a plugin in one of its forms. */
function useOf(random: Random, name: string, { args = {}, block = {} }: ConfigSpec): string {
  const options = Object.entries(block).filter(() => random() < 1.5 / Object.keys(block).length);
  const line = lineOf(random, args);
  if (options.length === 0) return line.length === 0 && random() < 0.5 ? name : `${name}: ${written(random, line)}`;
  const entries = options.map(([option, property]) => `${option}: ${optionOf(random, property)}`);
  if (line.length > 0 || random() < 0.3) entries.push(`args: ${written(random, line)}`);
  if (random() < 0.03) entries.push('nonsense: 1');
  return `{ ${name}: { ${entries.sort(() => random() - 0.5).join(', ')} } }`;
}

/** What no schema can say: what depends on another option, on files, on the machine, or on a language inside of words. */
const beyondSchema = [
  / requires /,
  /recheck cannot exceed/,
  /unable to normalize|not an IP address, file, or valid domain|not a valid domain name/,
  /no timeouts specified/,
  /metrics over TLS/,
  /weight file|unknown property '(reload|prefer)'/,
  /for round_robin/,
  /invalid address: ""/,
  /max_age .* must not be less than expire/,
  /could not load TLS|webconfig/,
  /unexpected line ending after '(domain|serve_stale|header)'/,
  /kubernetes plugin not loaded/,
  /guard needs to know what was asked/,
  /no file behind 'hash'/,
  /must specify an IP address/,
  // A word that could be a later argument by its shape.
  /unexpected line ending after '\d[^']*'/,
  /^hosts: the word is empty/,
];

const rounds = Number(process.env['ROUNDS'] ?? 300);

/** Whether words have a language of their own, which a schema knows nothing of. */
function hasLanguage({ args = {}, block = {} }: ConfigSpec): boolean {
  return [args, ...Object.values(block).map((property) => property.args)].some((spec) =>
    Object.values(spec).some((arg) => !isValue(arg) && arg.kind === 'words'),
  );
}

/** Pieces of addresses, right and wrong ones. */
const pieces = [
  ':',
  ':',
  ':',
  '::',
  '1',
  '0',
  'ffff',
  'A',
  '12345',
  'g',
  '1.2.3.4',
  '10.0.0.0',
  '256',
  '.',
  '/8',
  '/64',
  '/129',
  '[',
  ']',
  ':53',
  '::1',
];

test.each([
  ['an address', ipAddress],
  ['a network', cidr],
  ['an address with a port', hostPort({ port: 53 })],
  ['a prefix of dns64', prefixWord],
])('the schema of %s takes the words that are read', (_, value) => {
  const takes = new Ajv2020({ strict: false }).compile(value.schema as object);
  const random = randomFrom(Number(process.env['SEED'] ?? 1));
  const made = Array.from({ length: 20_000 }, () => Array.from({ length: 1 + Math.floor(random() * 16) }, () => pick(random, pieces)).join(''));
  const whole = [1, 2, 5, 6, 7, 8, 9].flatMap((count) => [Array(count).fill('1').join(':'), `${'1:'.repeat(count)}:`, `:${':1'.repeat(count)}`]);
  const mixed = [0, 1, 4, 5, 6, 7].flatMap((count) => [
    `::${'1:'.repeat(count)}1.2.3.4`,
    `${'1:'.repeat(count)}1.2.3.4`,
    `${'1:'.repeat(count)}:1.2.3.4`,
  ]);
  const words = [
    ...made,
    ...whole,
    ...mixed,
    ...[...whole, ...mixed].map((word) => `${word}/64`),
    ':8080',
    '1::2::3',
    '2001:db8::/32',
    '[::1]:53',
    'fe80::1%eth0',
  ];
  const isRead = (word: string) => {
    try {
      value.parse(word);
      return true;
    } catch {
      return false;
    }
  };
  expect(words.filter(isRead).length).toBeGreaterThan(20);
  expect(words.filter((word) => takes(word) !== isRead(word))).toEqual([]);
});

test('schema and check agree on configurations made at random', async () => {
  const random = randomFrom(Number(process.env['SEED'] ?? 1));
  const differ: string[] = [];
  let right = 0;
  for (let i = 0; i < rounds; i++) {
    const plugin = pick(random, plugins);
    const text = using(useOf(random, plugin.name, plugin.config));
    const schema = validate(parse(text));
    const excused = (problem: string) => schema && (hasLanguage(plugin.config) || beyondSchema.some((beyond) => beyond.test(problem)));
    const problems = (await problemsOf(text)).filter((problem) => !excused(problem));
    if (schema) right++;
    if (schema !== (problems.length === 0))
      differ.push(`${text}\n${problems.join('\n')}${schema ? '' : JSON.stringify(validate.errors?.slice(0, 2))}`);
  }
  expect(differ).toEqual([]);
  expect(right).toBeGreaterThan(rounds / 6);
});

describe('right to both:', () => {
  test.each([
    using('hosts: { fallthrough: true, lines: [[192.0.2.1, a.example]], args: [/etc/hosts] }'),
    using('cache: [30, a.example]'),
    using('cache: "30"'),
    using('cache: { success: [[100], [200, 60]] }'),
    using('reload: [2s, 0s]'),
    using('reload: [1m30s, 1s]'),
    using(`forward: [., ${Array.from({ length: 15 }, (_, i) => `192.0.2.${i}`).join(', ')}]`),
    using('forward: [., 192.0.2.1], forward: [a.example, 192.0.2.2]'.replace(', forward', ' }, { forward').replace(/^/, '{ ').concat(' }')),
    using('log, log, cache: false, cache'),
    using('timeouts: { read: 5, idle: 1h }'),
    'servers: [{ plugins: [log], zones: 10 }]',
    'servers: [{ zones: a.example, plugins: }]',
    'global: []\nservers:',
  ])('%s', async (text) => {
    expect(await judged(text), JSON.stringify(validate.errors)).toEqual({ schema: true, check: true });
  });
});

describe('wrong to both:', () => {
  test.each([
    using('cache: -5'),
    using('cache: "-5"'),
    using('cache: { success: [100, -1] }'),
    using('cache: { success: [100, "0"] }'),
    using('hosts: { ttl: -1 }'),
    using('hosts: { ttl: "65536" }'),
    using('hosts: { 192.0.2.1: a.example }'),
    using('rewrite: { name: [exact, a.example, b.example] }'),
    using(`forward: [., ${Array.from({ length: 16 }, (_, i) => `192.0.2.${i}`).join(', ')}]`),
    using('forward: { args: [., 192.0.2.1], read_timeout: 0s }'),
    using('forward: { args: [., 192.0.2.1], expire: -1s }'),
    using('reload: 1s'),
    using('reload: 1999ms'),
    using('reload: [1s500ms]'),
    using('reload: [10s, 999ms]'),
    using('timeouts: { read: 25h }'),
    using('timeouts: { read: 24h1s }'),
    using('timeouts: { read: 0 }'),
    using('multisocket: "1025"'),
    using('cache, cache: 30'),
    using('loop, { loop: true }'),
    using('pool: { args: a.example, ttl: [[1], [2]], member: 192.0.2.1 }'),
    using('pool: a.example'),
    using('{ log: , errors: }'),
    using('{}'),
    using('cache: { args: false }'),
    using('cahe: 30'),
    'servers: [{ zones: a.example, import: x, plugins: [log] }]',
    'servers: [{ zones: true }]',
    'servers: [{ zones: [] }]',
    'servers: {}',
    'servers: word',
    'servers: [{ zones: a.example, plugins: log }]',
    'servers: [{ zones: a.example, plugins: [[log]] }]',
    'global: word',
  ])('%s', async (text) => {
    expect(await judged(text)).toEqual({ schema: false, check: false });
  });
});
