// The same configuration in other forms: formatted, as YAML and back, and as JSON Schema.

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { parseCorefile } from '../../src/config/corefile.ts';
import { ConfigErrors } from '../../src/config/error.ts';
import { formatCorefile } from '../../src/config/format.ts';
import { type ConfigSpec, flag, many, property, repeated, setting, zoneList } from '../../src/config/grammar.ts';
import { jsonSchema } from '../../src/config/schema.ts';
import { duration, integer, text, zones } from '../../src/config/values.ts';
import { quoteWord, toCorefile } from '../../src/config/write.ts';
import { parseYaml } from '../../src/config/yaml.ts';
import { writeYamlWord } from '../../src/config/yaml-word.ts';
import { toYaml } from '../../src/config/yaml-writer.ts';
import { randomFrom } from '../../src/migration/simulator/population.ts';

const kubernetes = `# cluster
.:53 {
  errors
    health {
       lameduck 5s
    }
\tkubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    fallthrough in-addr.arpa ip6.arpa   # reverse zones
    ttl 30 # seconds
  }
  prometheus :9153


  forward . /etc/resolv.conf { max_concurrent 1000 }
  cache 30 {
     disable success cluster.local
     disable denial cluster.local
  }
}
`;

const samples: Record<string, string> = {
  kubernetes,
  'CRLF, byte order mark': `\uFEFF${kubernetes.replaceAll('\n', '\r\n')}`,
  'no braces': 'example.org\nlog\n\n\nerrors # why\n',
  'one line': '. { health { lameduck 5s } } a.org,\nb.org { log }',
  'quotes and comments': '. {\n rewrite name regex "(.*) \\" #\\.x" {1}\n template "a\nb" c#d e\n log "" "x"#y\n # last\n}\n# end',
  'open quote': '. {\n log\n}\n(s) {\n}\nb "c d\n',
  'open quote with backslash': '. {\n log\n}\nb "c \\\\',
  snippets: '(s) {\n errors\n}\n. {\n import s\n hosts {\n  192.0.2.1 a.org\n  ttl 5\n  192.0.2.2 b.org\n  fallthrough\n }\n}\n',
  global: '{\n plugin example ./example.ts\n}\ntls://. {\n example {\n  args 1\n }\n}\n',
  'a byte order mark that is a word': '\n\uFEFF {\n log\n}\n',
  empty: '',
};

describe('formatting', () => {
  test.each(Object.entries(samples))('keeps the meaning and is done after once: %s', (_, source) => {
    const formatted = formatCorefile(source);
    expect(parseCorefile(formatted, 'Corefile').hash).toBe(parseCorefile(source, 'Corefile').hash);
    expect(formatCorefile(formatted)).toBe(formatted);
  });

  test('indents, spaces out and aligns remarks', () => {
    expect(formatCorefile(`${kubernetes}\n\n\na.org {  # stub\r\n log\n# none\n}\nb.org { errors }`)).toBe(`# cluster
.:53 {
    errors
    health {
        lameduck 5s
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa # reverse zones
        ttl 30                            # seconds
    }
    prometheus :9153

    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30 {
        disable success cluster.local
        disable denial cluster.local
    }
}

a.org { # stub
    log
    # none
}

b.org {
    errors
}
`);
  });

  test('comments are kept', () => {
    expect(formatCorefile('# a\n\n\n# b\nx { # c\n # d\n y#e z\n} # f\n# g')).toBe('# a\n\n# b\nx { # c\n    # d\n    y z #e\n} # f\n\n# g\n');
  });
});

describe('writing', () => {
  test.each(Object.entries(samples))('a tree reads back the same: %s', (_, source) => {
    const { tree, hash } = parseCorefile(source, 'Corefile');
    expect(parseCorefile(toCorefile(tree), 'Corefile').hash).toBe(hash);
  });

  test('a zone may be called import', () => {
    const { tree, hash } = parseCorefile('"" import s {\n log\n}\n', 'Corefile');
    expect(parseCorefile(toCorefile(tree), 'Corefile').hash).toBe(hash);
  });

  test.each<[string, string | undefined]>([
    ['plain', 'plain'],
    ['a"b', 'a"b'],
    ['a\\"b', 'a\\"b'],
    ['', '""'],
    ['"a', '"\\"a"'],
    ['a b', '"a b"'],
    ['a#b', '"a#b"'],
    ['{}', '"{}"'],
    ['\\. x', '"\\. x"'],
    ['x \\\\', '"x \\\\"'],
    ['x \\', undefined],
    ['x \\"', undefined],
    ['{', undefined],
    ['}', undefined],
  ])('the word <%s>', (word, written) => {
    expect(quoteWord(word)).toBe(written);
    if (written !== undefined) {
      expect(parseCorefile(`. {\n log ${written} end\n}`, 'Corefile').tree.blocks[0]?.directives[0]?.args.map((arg) => arg.text)).toEqual([
        word,
        'end',
      ]);
    }
  });
});

describe('YAML', () => {
  test.each(Object.entries(samples))('a tree survives the way there and back: %s', (_, source) => {
    const { tree, hash } = parseCorefile(source, 'Corefile', { env: 'keep' });
    const there = parseYaml(toYaml(tree), 'ferrydns.yaml', { env: 'keep' });
    expect(there.problems).toEqual([]);
    expect(there.hash).toBe(hash);
    expect(parseCorefile(toCorefile(there.tree), 'Corefile', { env: 'keep' }).hash).toBe(hash);
  });

  test('looks as a person would write it', () => {
    const grammars: Record<string, ConfigSpec> = {
      kubernetes: { block: { pods: setting(text, ''), fallthrough: flag(''), ttl: setting(text, '') } },
      cache: { block: { disable: repeated({ what: many(text) }, '') } },
    };
    expect(toYaml(parseCorefile(kubernetes, 'Corefile').tree, { grammarOf: (name) => grammars[name] })).toBe(`servers:
  - zones: ['.:53']
    plugins:
      - errors
      - health:
          lameduck: 5s
      - kubernetes:
          args: [cluster.local, in-addr.arpa, ip6.arpa]
          pods: insecure
          fallthrough: [in-addr.arpa, ip6.arpa]
          ttl: 30
      - prometheus: ':9153'
      - forward:
          args: ['.', /etc/resolv.conf]
          max_concurrent: 1000
      - cache:
          args: 30
          disable:
            - [success, cluster.local]
            - [denial, cluster.local]
`);
  });

  test('short and long forms mean the same', () => {
    const corefile = '. {\n log\n cache 30 {\n  keepttl\n  prefetch 10 1m\n }\n forward . 1.1.1.1\n}';
    const yaml = `
ttl: &ttl 30
servers:
  - zones: .
    plugins:
      - log:
      - { debug: false }
      - cache: { args: [*ttl], keepttl: true, serve_stale: false, prefetch: [10, 1m] }
      - forward: [., 1.1.1.1]
`
      .replace('ttl: &ttl 30\n', '')
      .replace('*ttl', '30');
    expect(parseYaml(yaml, 'x.yaml').hash).toBe(parseCorefile(corefile, 'Corefile').hash);
  });

  test('numbers keep the form they were written in, quoted true is a word, aliases are followed', () => {
    const { tree } = parseYaml('servers: [{ zones: &z [a], plugins: [{ x: [010, 1e3, "true", 1.10] }, { y: *z }] }]', 'x.yaml');
    expect(tree.blocks[0]?.directives.map(({ args }) => args.map((arg) => arg.text))).toEqual([['010', '1e3', 'true', '1.10'], ['a']]);
  });

  test('variables are put in, imports bring Corefile text', () => {
    const parsed = parseYaml('servers:\n  - zones: ["{$Z}:53"]\n    plugins: [import: "none/*.override"]\n  - import: "none/*.server"', 'x.yaml', {
      env: { Z: 'a.org' },
    });
    expect(parsed.tree.blocks[0]?.keys.map((key) => key.text)).toEqual(['a.org:53']);
    expect(parsed.warnings).toHaveLength(2);
  });

  test.each<[string, string, string[]]>([
    ['broken YAML', 'servers: [', ['1:11 ']],
    ['an unknown key', 'server: []', ["1:1 unknown key 'server'"]],
    ['a server without zones', 'servers:\n  - plugins: [log]', ['2:5 server without zones']],
    ['an empty list of zones', 'servers:\n  - zones: []', ['2:5 server without zones']],
    ['an unknown key of a server', 'servers:\n  - zones: .\n    plugin: [log]', ["3:5 unknown key 'plugin'"]],
    ['an unknown directive', 'servers:\n  - zones: .\n    plugins:\n      - cahe: 30', ["4:9 Unknown directive 'cahe'"]],
    ['a map for a word', 'servers:\n  - zones: .\n    plugins:\n      - log: [{ a: b }]', ['4:15 unexpected map']],
    ['a brace', 'servers:\n  - zones: .\n    plugins:\n      - log: "{"', ["4:14 '{' cannot be a word of the configuration"]],
    ['a list at the top', '- a', ['1:1 unexpected content']],
  ])('refused: %s', (_, source, expected) => {
    const { problems } = parseYaml(source, 'x.yaml', { directives: ['log', 'cache'] });
    const found = problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`);
    expect(found).toHaveLength(expected.length);
    for (const [i, start] of expected.entries()) expect(found[i]).toSatisfy((text: string) => text.startsWith(start));
  });

  test('problems show the line of the YAML file', () => {
    const parsed = parseYaml('servers:\n  - zones: .\n    plugins:\n      - cahe: 30\n', 'x.yaml', { directives: ['cache'] });
    const [problem] = parsed.problems;
    expect(problem && new ConfigErrors([problem], parsed.sources).message).toBe(
      "x.yaml:4 - Error during parsing: Unknown directive 'cahe'\n    4 |       - cahe: 30\n      |         ^^^^\n      did you mean 'cache'?",
    );
  });

  test('a word that no Corefile can hold is refused at its place', () => {
    const { tree } = parseYaml(`servers:\n  - zones: .\n    plugins: [log: 'x \\']`, 'x.yaml');
    expect(() => toCorefile(tree)).toThrow("the word 'x \\' cannot be written in a Corefile");
  });
});

/** Numbers from 0 to 1 that are the same in every run. */
const random = randomFrom(10);
const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
const shuffled = <T>(list: readonly T[]) =>
  list
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);

describe('the order of keys in YAML means nothing', () => {
  const lines = ['[192.0.2.1, a.example]', '[192.0.2.2, a.example]', '["::1", b.example]', '[off]'];
  const values = ['true', '', '30', '[a, b]', '[[a], [b, c]]', 'false', "'{$X}'"];

  test.each(Array.from({ length: 60 }, (_, i) => i))('tree %i', () => {
    const options = shuffled(['ttl', 'reload', 'fallthrough', 'no_reverse', 'zz', 'a']).slice(0, 1 + Math.floor(random() * 5));
    const entries = options.map((option) => `${option}: ${pick(values)}`);
    entries.push(`lines: [${lines.slice(Math.floor(random() * 4)).join(', ')}]`, 'args: [x, y]');
    const server = [`zones: [a, b]`, `plugins: [log, { hosts: { ENTRIES } }]`];
    const write = (own: readonly string[], ofServer: readonly string[], top: readonly string[]) =>
      `{ ${top.join(', ')} }`.replace('SERVER', ofServer.join(', ')).replace('ENTRIES', own.join(', '));
    const top = ['global: [{ plugin: [p, ./p.ts] }]', 'servers: [{ SERVER }]'];
    const first = parseYaml(write(entries, server, top), 'x.yaml', { env: {} });
    const second = parseYaml(write(shuffled(entries), shuffled(server), shuffled(top)), 'x.yaml', { env: {} });
    expect([first.problems, second.problems]).toEqual([[], []]);
    expect(second.hash).toBe(first.hash);
  });
});

describe('words in YAML are in quotes where some reader would see something else', () => {
  test.each([
    '::1',
    ':53',
    '.:53',
    'off',
    'on',
    'Yes',
    'no',
    'y',
    'N',
    '~',
    'null',
    'NULL',
    'true',
    '1e3',
    '1E3',
    '0123',
    '0x1f',
    '0o17',
    '0b1',
    '1_000',
    '2001-01-01',
    '2001-12-14t21:59:43.10-05:00',
    '.inf',
    '-.INF',
    '.nan',
    '1:30',
    '12:30:45',
    '1.1',
    '-5',
    '+5',
    '=',
    '<<',
    '',
    ' a',
    'a ',
    'a: b',
    'a #b',
    '- a',
    '*x',
    '&x',
    '!x',
    '%x',
    '@x',
    '`x',
    '{$UP}',
    '[x]',
    "it's",
    '"x"',
    'a\nb',
    '\t',
    '\u0085',
    '\u2028x',
    '\u00a0',
    '1234567890123456789',
    '?',
    '|',
    '>',
    '.',
    '---',
    '\ud800',
  ])('<%s>', (word) => {
    const written = writeYamlWord(word);
    for (const version of ['1.1', '1.2'] as const) {
      expect(parse(`a: [${written}, x]`, { version }), version).toEqual({ a: [word, 'x'] });
      if (!/[\n\ud800]/.test(word)) expect(parse(`${written}: x`, { version }), version).toEqual({ [word]: 'x' });
    }
    expect(written).toMatch(/^['"]/);
  });

  test.each(['30', '0', '5s', '1h30m', 'a.example', '/etc/hosts', '192.0.2.1', 'max_fails', 'fallthrough'])('<%s> stands bare', (word) => {
    expect(writeYamlWord(word)).toBe(word);
    for (const version of ['1.1', '1.2'] as const) expect(String(parse(word, { version }))).toBe(word);
  });

  test('words at random are the same for readers of 1.1 and 1.2', () => {
    for (let i = 0; i < 3000; i++) {
      const word = Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick([...'0123459eEx_:.-+~yno tfTNYaF/#{}[],&*!|>%@`"\'\\'])).join('');
      for (const version of ['1.1', '1.2'] as const) expect(String(parse(writeYamlWord(word), { version })), writeYamlWord(word)).toBe(word);
    }
  });
});

describe('JSON Schema', () => {
  const schema = jsonSchema([
    {
      name: 'forward',
      summary: 'asks upstreams',
      config: {
        args: { from: zones, to: many(text, 1) },
        block: {
          except: property({ zones: zoneList(1) }, 'not these'),
          force_tcp: flag('TCP alone'),
          expire: setting(duration(), 'idle time'),
          next: repeated({ rcodes: many(text, 1) }, 'try the next'),
        },
        repeat: 'chain',
      },
    },
    { name: 'reload', summary: 'reloads', config: { args: { n: integer({ min: 2 }) } } },
    { name: 'whoami', summary: 'who', config: {} },
  ]);

  test('has a definition for each plugin and each option', () => {
    const definitions = schema['$defs'] as Record<string, { description: string; anyOf: { const?: string }[] }>;
    expect(Object.keys(definitions)).toEqual(['server', 'server-with-custom-plugins', 'forward', 'reload', 'whoami']);
    expect(definitions['whoami']?.anyOf[0]).toEqual({ const: 'whoami' });
    expect(definitions['forward']?.anyOf).toHaveLength(1);
    expect(JSON.stringify(definitions['forward'])).toContain('"except"');
    expect(JSON.stringify(definitions['reload'])).toContain('"minimum":2');
  });
  test('lists at least one schema wherever 2020-12 asks for a list of them', () => {
    expect(JSON.stringify(schema)).not.toMatch(/"(prefixItems|anyOf|enum)":\[\]/);
  });
  test('is plain data', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
