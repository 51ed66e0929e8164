// A plugin of the user, loaded by the Corefile: the example that the documentation walks through, and what goes wrong.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, serve, type TestServer } from 'ferrydns/testing';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const folder = 'examples/custom-plugin';
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** The example as `serve` takes it: the files lie beside the Corefile. */
const example = { 'blocklist.ts': read(`${folder}/blocklist.ts`), [`${folder}/blocked.txt`]: read(`${folder}/blocked.txt`) };

/** A plugin in JavaScript whose handler is this expression. */
const javascript = (handle: string, name = 'mine') =>
  `import { definePlugin, Reply } from 'ferrydns/plugin';
export default definePlugin({ name: '${name}', summary: '', config: {}, setup: () => ({ handle: ${handle} }) });`;

const loading = (line: string) => `{\n    ${line}\n}\n\n. {\n    bind 127.0.0.1\n    mine\n    whoami\n}\n`;

describe('the documentation', () => {
  const page = read('docs/writing-plugins.md');
  const shown = [...page.matchAll(/^`(examples\/custom-plugin\/[\w.]+)`\n\n```\w*\n([\s\S]*?)^```$/gm)].map(([, file = '', text = '']) => ({
    file,
    text,
  }));

  test('shows the files of the example as they are', () => {
    expect(shown.map(({ file }) => file.replace(`${folder}/`, ''))).toEqual(['blocklist.ts', 'Corefile', 'blocklist.test.ts', 'tally.js']);
    for (const { file, text } of shown) expect(text, file).toBe(read(file));
  });

  test('comes from nothing to a plugin and its test in under 60 lines', () => {
    const lines = shown.filter(({ file }) => !file.endsWith('tally.js')).flatMap(({ text }) => text.trimEnd().split('\n'));
    expect(lines.length).toBeLessThan(60);
  });
});

describe('the example', () => {
  test('answers as it says, in the process of a test', async () => {
    await using server = await serve(read(`${folder}/Corefile`), { files: example });
    await blocksAds(server);
    expect(await server.metrics()).toContain('ferrydns_blocklist_blocked_total 2');
  });

  test('answers as it says, in a process of its own', async () => {
    const server = await run(['-conf', `${folder}/Corefile`]);
    await blocksAds({ ask: (name, type = 'A') => ask({ port: server.port, name, type }) });
  });

  test('reads its options again at a reload and goes on counting', async () => {
    await using server = await serve(read(`${folder}/Corefile`), { files: { ...example, more: 'www.example.org' } });
    await server.ask('ads.example');
    await server.reload(read(`${folder}/Corefile`).replace(/blocklist examples.*/, 'blocklist more'));
    expect((await server.ask('ads.example')).rcode).not.toBe('NOERROR');
    expect(await server.ask('www.example.org')).toMatchObject({ rcode: 'NXDOMAIN', flags: ['aa', 'rd'] });
    expect(await server.metrics()).toContain('ferrydns_blocklist_blocked_total 2');
  });

  test('is refused, with the place of its directive, when its file is missing', async () => {
    await expect(serve(read(`${folder}/Corefile`), { files: { 'blocklist.ts': example['blocklist.ts'] ?? '' } })).rejects.toThrow(
      /plugin\/blocklist: .*Corefile:7 - Error during parsing: ENOENT/,
    );
  });

  async function blocksAds(server: Pick<TestServer, 'ask'>): Promise<void> {
    expect(await server.ask('www.example.org')).toMatchObject({ rcode: 'NOERROR', answers: ['www.example.org. 30 IN A 192.0.2.1'] });
    // hosts has an address for this one: blocklist stands before it.
    expect(await server.ask('banner.ads.example')).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
    expect(await server.ask('TRACKER.example.net', 'MX')).toMatchObject({ rcode: 'NXDOMAIN' });
  }
});

describe('a plugin in JavaScript', () => {
  test('keeps its state through a reload by adopting it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const files = { 'tally.js': read(`${folder}/tally.js`) };
    const corefile = '{\n plugin tally ./tally.js\n}\n. {\n tally\n whoami\n}';
    await using server = await serve(corefile, { files });
    await server.ask('example.org', 'MX');
    await server.reload(corefile);
    await server.ask('example.org', 'MX');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(server.lines).toContain('[INFO] plugin/tally: MX 2');
  });

  test('may be an npm package beside the Corefile that has an entry for import alone', async () => {
    const files = {
      'node_modules/@acme/mine/package.json': '{ "name": "@acme/mine", "type": "module", "exports": { "import": "./main.js" } }',
      'node_modules/@acme/mine/main.js': javascript("() => Reply.empty('YXDOMAIN')"),
    };
    await using server = await serve(loading('plugin mine @acme/mine before whoami'), { files });
    expect(await server.ask('example.org')).toMatchObject({ rcode: 'YXDOMAIN' });
  });

  test('may be an npm package in a process of its own', async () => {
    const files = {
      'node_modules/mine/package.json': '{ "name": "mine", "type": "module", "exports": "./main.js" }',
      'node_modules/mine/main.js': javascript("() => Reply.empty('YXDOMAIN')"),
    };
    await using place = await serve('. {\n whoami\n}', { files: { ...files, 'Corefile.mine': loading('plugin mine mine before whoami') } });
    const server = await run(['-conf', join(place.directory, 'Corefile.mine')]);
    expect(await ask({ port: server.port, name: 'example.org' })).toMatchObject({ rcode: 'YXDOMAIN' });
  });

  test.each([
    ['returns nothing', '() => undefined', 'plugin/mine: handler returned undefined, expected a Reply'],
    ['promises nothing', 'async () => {}', 'plugin/mine: handler returned undefined, expected a Reply'],
    ['returns something else', "() => 'NXDOMAIN'", 'plugin/mine: handler returned string, expected a Reply'],
    ['throws', "() => { throw new Error('out of luck'); }", 'out of luck'],
    ['rejects', "async () => { throw new Error('out of luck'); }", 'out of luck'],
    ['throws what is no error', '() => { throw null; }', 'null'],
  ])('that %s is SERVFAIL for that query and a line in the log, and the server lives on', async (_, broken, line) => {
    const handle = `(query, next) => query.name === 'broken.example.' ? (${broken})() : next(query)`;
    await using server = await serve(loading('plugin mine ./mine.js before whoami'), { files: { 'mine.js': javascript(handle) } });
    expect(await server.ask('broken.example')).toMatchObject({ rcode: 'SERVFAIL', answers: [], flags: ['rd'] });
    expect(server.lines.join('\n')).toContain(line);
    expect(server.lines.join('\n')).toMatch(/plugin\/mine: .*; question broken\.example\. IN A; .*Corefile:7/);
    expect(await server.ask('sound.example')).toMatchObject({ rcode: 'NOERROR' });
  });
});

describe('what is wrong with a plugin is said with its place', () => {
  const files = {
    'mine.js': javascript('(query, next) => next(query)'),
    'cache.js': javascript('(query, next) => next(query)', 'cache'),
    'bare.js': "export default { name: 'mine' };",
    'later.js': "export default { [Symbol.for('ferrydns.plugin')]: true, name: 'mine', apiVersion: 2 };",
    'throws.js': "\nthrow new Error('no key in the environment');",
    'enum.ts': 'enum Colour { red }\nexport default Colour;',
    'imports.js': "import './nowhere.js';",
  };
  const expectedSyntax = 'expected plugin NAME SPECIFIER [before|after OTHER]';

  const mistakes = [
    [
      'no such file',
      'plugin mine ./gone.js before whoami',
      './gone.js',
      'there is no file {{DIR}}/gone.js',
      'expected a .ts or .js file, named from the folder of the Corefile',
    ],
    [
      'no such package',
      'plugin mine gone before whoami',
      'gone',
      "there is no package 'gone' in {{DIR}}",
      'expected a package that npm installed there or beside ferrydns',
    ],
    [
      'no plugin',
      'plugin mine ./bare.js before whoami',
      './bare.js',
      "'./bare.js' is no plugin",
      'expected a module whose default export is made by definePlugin',
    ],
    ['a package beside ferrydns that is none', 'plugin mine yaml before whoami', 'yaml', "'yaml' is no plugin", 'made by definePlugin'],
    ['another API', 'plugin mine ./later.js before whoami', './later.js', "'./later.js' is no plugin", 'API version 1'],
    [
      'another name',
      'plugin yours ./mine.js before whoami',
      'yours',
      "'./mine.js' is the plugin 'mine', not 'yours'",
      'expected plugin mine ./mine.js',
    ],
    ['a name that is taken', 'plugin cache ./cache.js before whoami', 'cache', "a plugin named 'cache' exists already", ''],
    ['no such neighbour', 'plugin mine ./mine.js before cahce', 'cahce', "no plugin named 'cahce' to stand beside", "did you mean 'cache'?"],
    ['no place', 'plugin mine ./mine.js', 'mine', "plugin 'mine' does not say where in the chain it stands", "or 'order' in the plugin itself"],
    ['half a place', 'plugin mine ./mine.js before', 'plugin', "Wrong argument count or unexpected line ending after 'plugin'", expectedSyntax],
    ['no side', 'plugin mine ./mine.js beside whoami', 'plugin', "Wrong argument count or unexpected line ending after 'plugin'", expectedSyntax],
    ['another word', 'plugins mine ./mine.js', 'plugins', "Unknown directive 'plugins'", expectedSyntax],
    [
      'code that throws',
      'plugin mine ./throws.js',
      './throws.js',
      "cannot load './throws.js': no key in the environment ({{DIR}}/throws.js:2)",
      'expected a module that loads',
    ],
    [
      'code that is not only types',
      'plugin mine ./enum.ts',
      './enum.ts',
      "cannot load './enum.ts': TypeScript enum is not supported",
      '{{DIR}}/enum.ts:1',
    ],
    [
      'an import that leads nowhere',
      'plugin mine ./imports.js',
      './imports.js',
      "cannot load './imports.js': Cannot find module '{{DIR}}/nowhere.js'",
      '',
    ],
  ] as const;
  let place: TestServer;
  let printed = '';

  // One Corefile with every mistake: all of them are told at once.
  beforeAll(async () => {
    const corefile = `{\n${mistakes.map(([, line]) => `    ${line}\n`).join('')}}\n\n. {\n    whoami\n}\n`;
    place = await serve('. {\n whoami\n}', { files: { ...files, 'Corefile.mine': corefile } });
    printed = await refusal(join(place.directory, 'Corefile.mine'));
    return () => place.stop();
  });

  test.each(mistakes.map((mistake, i) => [...mistake, i + 2] as const))('%s', (_, line, word, message, expected, number) => {
    const inPlace = (text: string) => text.replaceAll('{{DIR}}', place.directory);
    const start = printed.indexOf(`Corefile.mine:${number} - `);
    const end = printed.indexOf(`Corefile.mine:${number + 1} - `);
    const problem = printed.slice(start, end === -1 ? undefined : end);
    expect(problem).toContain(inPlace(`Corefile.mine:${number} - Error during parsing: ${message}`));
    expect(problem).toContain(`${`${number}`.padStart(5)} |     ${line}\n      |     ${' '.repeat(line.indexOf(word))}${'^'.repeat(word.length)}\n`);
    expect(problem).toContain(inPlace(expected));
  });

  test('once: what could not be loaded is no unknown directive as well', async () => {
    await using broken = await serve('. {\n whoami\n}', { files: { ...files, 'Corefile.once': loading('plugin mine ./throws.js before whoami') } });
    const said = await refusal(join(broken.directory, 'Corefile.once'));
    expect(said).toContain('no key in the environment');
    expect(said.match(/Error during parsing/g)).toHaveLength(1);
  });

  test('and a reload that names a broken one changes nothing', async () => {
    await using server = await serve('. {\n whoami\n}', { files });
    await expect(server.reload(loading('plugin mine ./bare.js before whoami'))).rejects.toThrow("'./bare.js' is no plugin");
    expect(await server.ask('example.org')).toMatchObject({ rcode: 'NOERROR' });
  });
});

const children: ChildProcess[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const child of children.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});

function start(words: readonly string[]): { child: ChildProcess; printed: () => string; ended: Promise<unknown> } {
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), ...words], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, printed: () => text, ended: once(child, 'close') };
}

/** What `ferrydns check` prints about a Corefile that it refuses. */
async function refusal(corefile: string): Promise<string> {
  const { child, printed, ended } = start(['check', corefile]);
  await ended;
  expect(child.exitCode).toBe(1);
  return printed();
}

/** A server in a process of its own that has opened its sockets, on a port that the system chose. */
async function run(words: readonly string[]): Promise<{ port: number }> {
  const { child, printed, ended } = start([...words, '-p', '0']);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.stdout?.on('data', () => {
    const [, port] = /^listening on 127\.0\.0\.1:(\d+)$/m.exec(printed()) ?? [];
    if (port !== undefined) resolve(Number(port));
  });
  void ended.then(() => reject(new Error(`ended:\n${printed()}`)));
  return { port: await promise };
}
