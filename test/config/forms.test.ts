// The same configuration in other forms: formatted, as YAML and back, and as JSON Schema.

import { describe, expect, test } from 'vitest';

import { parseCorefile } from '../../src/config/corefile.ts';
import { formatProblem } from '../../src/config/error.ts';
import { formatCorefile } from '../../src/config/format.ts';
import { flag, many, property, repeated, setting, zoneList } from '../../src/config/grammar.ts';
import { jsonSchema } from '../../src/config/schema.ts';
import { duration, integer, text, zones } from '../../src/config/values.ts';
import { quoteWord, toCorefile } from '../../src/config/write.ts';
import { parseYaml, toYaml } from '../../src/config/yaml.ts';

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
    expect(toYaml(parseCorefile(kubernetes, 'Corefile').tree)).toBe(`servers:
  - zones: [.:53]
    plugins:
      - errors
      - health:
          lameduck: 5s
      - kubernetes:
          args: [cluster.local, in-addr.arpa, ip6.arpa]
          pods: insecure
          fallthrough: [in-addr.arpa, ip6.arpa]
          ttl: 30
      - prometheus: :9153
      - forward:
          args: [., /etc/resolv.conf]
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
    expect(problem && formatProblem(problem, parsed.sources.get('x.yaml'))).toBe(
      "x.yaml:4 - Error during parsing: Unknown directive 'cahe'\n    4 |       - cahe: 30\n      |         ^^^^\n      did you mean 'cache'?",
    );
  });

  test('a word that no Corefile can hold is refused at its place', () => {
    const { tree } = parseYaml(`servers:\n  - zones: .\n    plugins: [log: 'x \\']`, 'x.yaml');
    expect(() => toCorefile(tree)).toThrow("the word 'x \\' cannot be written in a Corefile");
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
    expect(Object.keys(definitions)).toEqual(['forward', 'reload', 'whoami']);
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
