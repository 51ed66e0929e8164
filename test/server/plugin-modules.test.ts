// The code of local plugins: what has changed is run anew at a reload, what has not goes on, and what is not used any more is freed.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ask, freePort, serve } from 'ferrydns/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FilesRead } from '../../src/config/watched-file.ts';
import { PluginModules } from '../../src/server/plugin-modules.ts';
import { Program } from '../support/program.ts';
import { soon } from '../support/soon.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Files in a folder of their own, and a way to load them. */
function place(files: Readonly<Record<string, string>>) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ferrydns-modules-')));
  folders.push(folder);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const modules = new PluginModules();
  const load = async (name: string) => {
    const read = new FilesRead();
    const begun = modules.begin({
      read: (path) => read.read(path),
      importElsewhere: async (specifier) => (await import(specifier)) as Record<string, unknown>,
    });
    try {
      return await begun.import(join(folder, name));
    } finally {
      begun.end();
    }
  };
  return { folder, write, load };
}

describe('a module', () => {
  const text = `#!/usr/bin/env node
import parent, { a as renamed, 'odd name' as odd,
  counter, count /* } from */ } from './other.js';
import * as all from './other.js';
import { readFileSync as read, type Stats } from 'node:fs';
import data from './data.json' with { type: 'json' };
import './side.ts';
export { a, default as again } from './other.js';
export * from './more.js';
export * as more from './more.js';
export { renamed as 'given on', local as localName };
const local = \`import x from 'y' \${ 1 + 1 } export default\`;
const pattern = /export { a } from '/;
export const one = 1, { two, three: [three] } = { two: 2, three: [3] };
export let changing = 0;
export function change() { changing++; count(); return counter; }
export async function later(): Promise<string> { const { a: late } = await import('./other.js'); return late; }
export class Kind { static name2 = 'kind'; }
export const meta = import.meta, dynamic = await Promise.resolve('awaited');
export const where = new Error('here').stack;
export const types: typeof read = read, self = this;
export default { parent, renamed, odd, all, data, local, pattern: pattern.source };
`;
  const other = `export const a = 'A'; export default 'the default'; export let counter = 0; export function count() { counter++; } const o = 'odd'; export { o as 'odd name' };`;

  test('exports and imports whatever ES modules do, with its lines where they are', async () => {
    const { load, folder } = place({
      'main.ts': text,
      'other.js': other,
      'more.js': 'export const m = 5; export default 6;',
      'side.ts': 'globalThis.ferrydnsSide = 7;',
      'data.json': '{"x":1}',
    });
    const main = (await load('main.ts')) as Record<string, never>;
    expect(main['default']).toMatchObject({
      parent: 'the default',
      renamed: 'A',
      odd: 'odd',
      data: { x: 1 },
      local: "import x from 'y' 2 export default",
      pattern: "export { a } from '",
    });
    expect(Object.keys(main).sort()).toEqual([
      'Kind',
      'a',
      'again',
      'change',
      'changing',
      'default',
      'dynamic',
      'given on',
      'later',
      'localName',
      'm',
      'meta',
      'more',
      'one',
      'self',
      'three',
      'two',
      'types',
      'where',
    ]);
    expect(main).toMatchObject({
      a: 'A',
      again: 'the default',
      m: 5,
      one: 1,
      two: 2,
      three: 3,
      'given on': 'A',
      dynamic: 'awaited',
      self: undefined,
    });
    expect(main['meta']).toMatchObject({ filename: join(folder, 'main.ts'), dirname: folder, url: `file://${folder}/main.ts` });
    expect(await (main['later'] as unknown as () => Promise<string>)()).toBe('A');
    // What a module changes, others see.
    expect([main['changing'], (main['change'] as unknown as () => number)(), main['changing']]).toEqual([0, 1, 1]);
    expect(String(main['where'])).toContain(`${join(folder, 'main.ts')}:20:`);
    expect(Reflect.get(globalThis, 'ferrydnsSide')).toBe(7);
  });

  test.each([
    ['export default function () { return 1; }', 1],
    ['export default function named() { return 2; }', 2],
    ['export default async function* () { }', undefined],
    ['export default class extends Object { static x = 3; }', undefined],
    ['export default class { }', undefined],
    ['export default (() => 4);', 4],
    ['export default\n  async () => 5', undefined],
  ])('may export by default: %s', async (code, result) => {
    const made = (await place({ 'm.js': code }).load('m.js'))['default'] as () => unknown;
    expect(made).toBeTypeOf('function');
    if (result !== undefined) expect(made()).toBe(result);
  });

  test('may stand in a circle of imports', async () => {
    const { load } = place({
      'even.js': `import { isOdd } from './odd.js'; export function isEven(n) { return n === 0 || isOdd(n - 1); }`,
      'odd.js': `import { isEven } from './even.js'; export function isOdd(n) { return n !== 0 && isEven(n - 1); }`,
    });
    expect(((await load('even.js'))['isEven'] as (n: number) => boolean)(10)).toBe(true);
  });

  test.each([
    ['a word that is none', 'const x = ;', /Unexpected token/, 1],
    [
      'a name that the other does not export',
      "\nimport { nothing } from './other.js';",
      /'\.\/other\.js' does not provide an export named 'nothing'/,
      1,
    ],
    ['a string without end', "\n\nconst x = 'y", /Invalid or unexpected token/, 3],
    ['a throw', '\n\n\nthrow new Error("no key");', /no key/, 4],
  ])('that has %s is refused, with the place', async (_, code, message, line) => {
    const { load, folder } = place({ 'm.js': code, 'other.js': other });
    const failed = load('m.js').then(undefined, (error: Error) => error);
    expect(await failed).toMatchObject({
      message: expect.stringMatching(message),
      stack: expect.stringContaining(`${join(folder, 'm.js')}:${line}`),
    });
  });

  test('is not run again when neither it nor what it imports has changed, and runs again when one of them has', async () => {
    const { load, write } = place({
      'a.js': "export { v } from './b.js'; export default {};",
      'b.js': "import './c.js'; export const v = {};",
      'c.js': '',
    });
    const a = await load('a.js');
    expect((await load('a.js'))['default']).toBe(a['default']);
    write('c.js', '// changed');
    const changed = await load('a.js');
    expect(changed['default']).not.toBe(a['default']);
    expect(changed['v']).not.toBe(a['v']);
  });
});

const code = (answer: string) => `import { definePlugin, Reply } from 'ferrydns/plugin';
import { rcode } from './rcode.ts';
export default definePlugin({ name: 'mine', summary: '', config: {}, order: { before: 'cache' }, setup: () => ({ mark: '${answer}'.padEnd(1), handle: () => Reply.empty(rcode) }) });`;
const rcode = (name: string) => `export const rcode: string = '${name}';`;
const corefile = '{\nplugin mine ./mine.ts\n}\n.:0 {\nbind 127.0.0.1\nmine\ncache\nwhoami\n}\n';

test('a reload answers by the code as it is now, a broken one changes nothing, and the same code goes on', async () => {
  await using server = await serve(corefile, { files: { 'mine.ts': code('1'), 'rcode.ts': rcode('NXDOMAIN') } });
  expect(await server.ask('www.test')).toMatchObject({ rcode: 'NXDOMAIN' });
  writeFileSync(join(server.directory, 'rcode.ts'), rcode('YXDOMAIN'));
  await server.reload(corefile);
  expect(await server.ask('www.test')).toMatchObject({ rcode: 'YXDOMAIN' });
  writeFileSync(join(server.directory, 'mine.ts'), 'const = broken');
  await expect(server.reload(corefile)).rejects.toThrow(/Corefile:2 - .*cannot load '\.\/mine\.ts': /);
  expect(await server.ask('www.test')).toMatchObject({ rcode: 'YXDOMAIN' });
});

test('workers pick it up as well', async () => {
  const port = await freePort();
  const files = {
    'mine.ts': code('1'),
    'rcode.ts': rcode('NXDOMAIN'),
    Corefile: corefile.replace('.:0', `.:${port}`).replace('mine\ncache', 'multisocket 2\nmine\ncache'),
  };
  await using server = new Program({ files });
  await vi.waitFor(() => expect(server.output.out).toContain('2 workers'), soon);
  expect(await ask({ port, name: 'www.test' })).toMatchObject({ rcode: 'NXDOMAIN' });
  server.write('rcode.ts', rcode('YXDOMAIN'));
  server.process.kill('SIGHUP');
  await vi.waitFor(() => expect(server.output.out).toContain('Reloading complete'), soon);
  for (let i = 0; i < 8; i++) expect(await ask({ port, name: 'www.test' })).toMatchObject({ rcode: 'YXDOMAIN' });
});

test('over 200 reloads of changed code, none of the code before is kept', { timeout: 600_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const weighty = (i: number) => `import { definePlugin } from 'ferrydns/plugin'; import { ballast } from './ballast.js';
export default definePlugin({ name: 'mine', summary: '', config: {}, order: { before: 'cache' }, setup: () => { globalThis.ferrydnsSeen(ballast); return { handle: (query, next) => (ballast.length, next(query)) }; } }); // ${i}`;
  const ballast = (i: number) => `export const ballast = new Array(50_000).fill(${i});`;
  const seen: WeakRef<object>[] = [];
  Reflect.set(globalThis, 'ferrydnsSeen', (each: object) => seen.push(new WeakRef(each)));
  const plain = '{\nplugin mine ./mine.js\n}\n.:0 {\nbind 127.0.0.1\nmine\nwhoami\n}\n';
  await using server = await serve(plain, { files: { 'mine.js': weighty(0), 'ballast.js': ballast(0) } });
  for (let i = 1; i <= 200; i++) {
    writeFileSync(join(server.directory, i % 2 === 0 ? 'mine.js' : 'ballast.js'), i % 2 === 0 ? weighty(i) : ballast(i));
    await server.reload(plain);
    await server.ask('www.test');
  }
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const alive = seen.filter((each) => each.deref() !== undefined).length;
  expect(seen).toHaveLength(201);
  // The one in use, and at most the one whose last query has just left.
  expect(alive).toBeLessThanOrEqual(2);
});
