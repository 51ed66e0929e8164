// Holds the documentation to the code: examples run, generated parts are fresh, links lead somewhere.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { registry } from '../plugins/index.ts';
import { headingsOf, withoutCode } from '../scripts/contents.ts';
import { generated, pages } from '../scripts/docs.ts';
import { exampleCluster } from './support/example-cluster.ts';
import { PlayedApi } from './support/played-api.ts';

const root = join(import.meta.dirname, '..');

interface Fence {
  readonly info: string;
  readonly text: string;
  readonly line: number;
}

function fences(page: string): Fence[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    info: match[1] ?? '',
    text: match[2] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }));
}

interface Example {
  readonly title: string;
  readonly corefile: string;
  readonly files: Record<string, string>;
  readonly answers: string[];
}

/** Each Corefile of a page with the files shown before it and the answers shown behind it. */
function examples(page: string): Example[] {
  const found: Example[] = [];
  let files: Record<string, string> = {};
  for (const { info, text, line } of fences(page)) {
    if (info.startsWith('file ')) files[info.slice(5).trim()] = text;
    if (info === 'corefile') {
      found.push({ title: `${page}:${line}`, corefile: text, files, answers: [] });
      files = {};
    }
    if (info === 'answer') found.at(-1)?.answers.push(text);
  }
  return found;
}

// The pages show how a Corefile takes a word from the environment.
process.env['UPSTREAM'] = '192.0.2.53';
const api = await PlayedApi.start(exampleCluster);
afterAll(() => api[Symbol.asyncDispose]());
process.env['KUBERNETES_API'] = api.url;
const all = pages.flatMap(examples);

describe('every Corefile in the documentation', () => {
  test.each(all.filter(({ answers }) => answers.length === 0).map((example) => [example.title, example] as const))('%s loads', async (_, example) => {
    const { Server } = await import('../src/server/server.ts');
    const { textSource } = await import('../src/server/configuration.ts');
    await using place = await serve('. {\n whoami\n}', { files: example.files });
    const source = textSource(example.corefile, join(place.directory, 'Corefile'));
    await new Server({ source, registry, output: () => {}, directory: place.directory, dnsPort: 0 }).check();
  });
});

describe('every answer in the documentation', () => {
  const shown = all.flatMap((example) => example.answers.map((answer) => [`${example.title}: ${answer.split('\n')[0]}`, example, answer] as const));

  test.each(shown)('%s is given', async (_, example, answer) => {
    // The admin address of a plan is a port of the machine, which another run of the tests may have.
    const corefile = /\badmin\b/.test(example.corefile)
      ? example.corefile
      : example.corefile.replace(/^( *)migrate .*\{$/m, '$&\n$1    admin 127.0.0.1:0');
    await using server = await serve(corefile, { files: example.files });
    const [question = '', ...lines] = answer.trim().split('\n');
    const [name = '', type = 'A', ...flags] = question.split(' ');
    const rcode = /^[A-Z]+$/.test(lines[0] ?? '') ? lines.shift() : 'NOERROR';
    const reply = await server.ask(name, type, {
      transport: flags.includes('+tcp') ? 'tcp' : 'udp',
      ...(flags.includes('+do') ? { dnssecOk: true, udpSize: 1232 } : {}),
    });
    expect(reply.rcode).toBe(rcode);
    expect([...reply.answers].sort()).toEqual(lines.map((line) => line.trim().replace(/\s+/g, ' ')).sort());
  });
});

test('every plugin has a README with the sections in their order', () => {
  for (const { name } of registry.plugins) {
    const text = readFileSync(join(root, 'plugins', name, 'README.md'), 'utf8');
    const sections = [...text.matchAll(/^#+ (.*)$/gm)].map((match) => match[1]);
    const expected = [name, 'Name', 'Description', 'Syntax', 'Examples', 'Metrics', 'Ready', 'See also'];
    expect(
      expected.filter((section) => sections.includes(section)),
      name,
    ).toEqual(sections.filter((section) => expected.includes(section ?? '')));
    expect(sections, name).toEqual(expect.arrayContaining(['Name', 'Description', 'Syntax', 'Examples', 'See also']));
  }
});

test.each([...generated()])('%s is as `npm run docs` writes it', (file, text) => {
  expect(readFileSync(join(root, file), 'utf8')).toBe(text);
});

test.each(pages)('%s links to files and sections that exist', (page) => {
  const text = withoutCode(readFileSync(join(root, page), 'utf8'));
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]*))?\)/g)];
  const dead = links.filter(([, file = '', anchor]) => {
    const target = file === '' ? join(root, page) : join(root, dirname(page), file);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !headingsOf(readFileSync(target, 'utf8')).some((heading) => heading.anchor === anchor);
  });
  expect(dead.map(([link]) => link)).toEqual([]);
});

test('every metric that a page names is one that the code has', () => {
  const sources = globSync(['src/**/*.ts', 'plugins/**/*.ts', 'examples/custom-plugin/*.ts'], { cwd: root });
  const code = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const named = pages.flatMap((page) => {
    const words = readFileSync(join(root, page), 'utf8').matchAll(/\b(?:coredns|ferrydns)_[a-z0-9_]*[a-z0-9](?![\w*…])/g);
    return [...words].map(([word]) => ({ page, metric: word.replace(/_(bucket|sum|count)$/, '') }));
  });
  expect(named.length).toBeGreaterThan(50);
  // docs/from-coredns.md says of this one that it does not exist.
  const missing = named.filter(({ metric }) => !code.includes(metric) && metric !== 'coredns_cache_drops_total');
  expect(missing).toEqual([]);
});

test('every test that docs/hostile-input.md names exists', () => {
  const text = readFileSync(join(root, 'docs/hostile-input.md'), 'utf8');
  const named = [...text.matchAll(/`(test\/[^`]+)`((?:,? "[^"]+")+)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  );
  expect(named.length).toBeGreaterThan(80);
  const lacks = ({ file, title }: { readonly file: string; readonly title: string }) => {
    if (!existsSync(join(root, file))) return true;
    const code = readFileSync(join(root, file), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
    return !code.includes(title);
  };
  expect(named.filter(lacks)).toEqual([]);
});
