// Corefiles of any words: read, or refused with every problem at its place; written in another form they mean the same.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { parseCorefile } from '../../src/config/corefile.ts';
import { ConfigError, ConfigErrors } from '../../src/config/error.ts';
import { formatCorefile } from '../../src/config/format.ts';
import { toCorefile } from '../../src/config/write.ts';
import { parseYaml } from '../../src/config/yaml.ts';
import { toYaml } from '../../src/config/yaml-writer.ts';
import { textSource } from '../../src/server/configuration.ts';
import { Server } from '../../src/server/server.ts';
import { expectPlaces } from './problems.ts';
import { manyRuns, patience } from './runs.ts';

const names = registry.plugins.map(({ name }) => name);
const separators = ['\n', '\n', ' ', '  ', '\t', '\r\n'];
const marks = ['{', '}', '{', '}', '{\n', '\n}\n', '"', '\\', '#', ',', '(s)', 'import s', '{$X}', '{%X%}', '{$', '\u00a0', '\ufeff'];
const zones = ['.', 'example.org', '.:53', 'tls://.', '10.0.0.0/8', '2001:db8::/32', 'https://a.b:443', 'bad..name', ':0', 'dns://[::1]:5'];

/** A text of what Corefiles are made of, in any order. */
const soup = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom(...marks), fc.constantFrom(...zones), fc.constantFrom(...names), fc.string({ maxLength: 6 })),
      fc.constantFrom(...separators),
    ),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.flat().join(''));

test('any text is read, and formatting it keeps its meaning and is done after once', patience, () => {
  fc.assert(
    fc.property(soup, (text) => {
      const parsed = parseCorefile(text, 'Corefile');
      const lines = text.split('\n').length;
      for (const { place } of parsed.problems) expect(place.line).toBeLessThanOrEqual(lines);
      const formatted = formatCorefile(text);
      expect(formatCorefile(formatted)).toBe(formatted);
      if (parsed.problems.length === 0) expect(parseCorefile(formatted, 'Corefile').hash).toBe(parsed.hash);
    }),
    manyRuns(),
  );
});

test('a Corefile without a problem says the same when it is written anew', patience, () => {
  fc.assert(
    fc.property(soup, (text) => {
      const { tree, problems, hash } = parseCorefile(text, 'Corefile');
      if (problems.length > 0) return;
      const again = unlessUnwritable(() => toCorefile(tree));
      if (again === undefined) return;
      const written = parseCorefile(again, 'Corefile');
      expect(written.problems).toEqual([]);
      expect(written.hash).toBe(hash);
    }),
    manyRuns(),
  );
});

/** What is written; undefined when a word is one that no Corefile can hold, as a brace that was glued to a comma. */
function unlessUnwritable(write: () => string): string | undefined {
  try {
    return write();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return undefined;
  }
}

/** Words that options of plugins take, right ones and wrong ones. */
const word = fc.oneof(
  fc.constantFrom(...zones, ...names),
  fc.constantFrom(
    '127.0.0.1',
    '::1',
    '192.0.2.0/24',
    '127.0.0.1:0',
    '5s',
    '0',
    '1',
    '-1',
    '30',
    '65536',
    '1e9',
    '99999999999999999999',
    '10%',
    'A',
    'ANY',
    'BOGUS',
  ),
  fc.constantFrom(
    'name',
    'exact',
    'prefix',
    'suffix',
    'regex',
    'stop',
    'continue',
    'answer',
    'auto',
    'set',
    'ttl',
    'edns0',
    'local',
    'class',
    '(',
    '[',
    '(a+)+$',
    '{1}',
  ),
  fc.constantFrom(
    'allow',
    'block',
    'filter',
    'net',
    'type',
    'success',
    'denial',
    'prefetch',
    'serve_stale',
    'fallthrough',
    'policy',
    'random',
    'class',
    'error',
    'all',
  ),
  fc.constantFrom(
    '{{ .Name }}',
    '{{',
    '}}',
    '{{ range . }}',
    '"a b"',
    "''",
    'tcp',
    'http',
    'dns',
    'member',
    'from',
    'to',
    'check',
    'interval',
    'true',
    'off',
    'on',
  ),
  fc.string({ maxLength: 5 }).map((text) => text.replaceAll(/[\s{}"#\\]/g, 'x') || 'x'),
);
const line = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(' '));
const use = fc
  .tuple(fc.constantFrom(...names), fc.array(word, { maxLength: 4 }), fc.option(fc.array(line, { maxLength: 4 })))
  .map(([name, args, lines]) => `${[name, ...args].join(' ')}${lines === null ? '' : ` {\n${lines.join('\n')}\n}`}`);

test('plugins with any words are set up, or refused with every problem at its place', patience, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(use, { minLength: 1, maxLength: 3 }), async (uses) => {
      const text = `.:0 {\n${uses.join('\n')}\nwhoami\n}\n`;
      const server = new Server({ source: textSource(text, 'Corefile'), registry, output: () => undefined });
      const refusal = await server.check().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refusal === undefined) return;
      expect(refusal).toBeInstanceOf(ConfigErrors);
      expectPlaces((refusal as ConfigErrors).problems, text);
    }),
    manyRuns(0.2),
  );
});

test('a configuration of plugins means the same as YAML', patience, () => {
  fc.assert(
    fc.property(fc.array(use, { minLength: 1, maxLength: 3 }), (uses) => {
      const { tree, problems, hash } = parseCorefile(`.:0 {\n${uses.join('\n')}\n}\n`, 'Corefile');
      if (problems.length > 0) return;
      expect(parseYaml(toYaml(tree), 'Corefile.yaml').hash).toBe(hash);
    }),
    manyRuns(0.5),
  );
});
