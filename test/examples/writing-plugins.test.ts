// Every sample of the page for plugin authors runs: the files of the example elsewhere, all others here.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ResourceRecord } from 'ferrydns/plugin';
import { ask, freePort, serve } from 'ferrydns/testing';
import { afterAll, expect, test, vi } from 'vitest';
import { Program } from '../support/program.ts';
import { soon } from '../support/soon.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs/writing-plugins.md'), 'utf8');
const samples = new Map([...page.matchAll(/^`([\w./-]+)`\n\n```\w*\n([\s\S]*?)^```$/gm)].map(([, file = '', text = '']) => [file, text]));
const sample = (file: string) => samples.get(file) ?? '';
const loading = (name: string, ...lines: string[]) =>
  `{\nplugin ${name} ./${name}.ts\n}\n.:0 {\nbind 127.0.0.1\n${lines.join('\n')}\n${name}\ncache\nwhoami\n}\n`;

const folder = mkdtempSync(join(tmpdir(), 'ferrydns-page-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('every block of code on the page belongs to a file, but for what is typed into a shell', () => {
  const blocks = [...page.matchAll(/^```(\w*)\n[\s\S]*?^```$/gm)].filter(([, language]) => language !== 'sh');
  expect(samples.size).toBe(blocks.length);
  const elsewhere = ['blocklist.ts', 'Corefile', 'blocklist.test.ts', 'tally.js'].map((file) => `examples/custom-plugin/${file}`);
  expect([...samples.keys()].sort()).toEqual([...elsewhere, 'records.ts', 'nearby.ts', 'switch.ts', 'noted.ts', 'tsconfig.json'].sort());
});

test('records.ts makes a record of each type that has data of its own', async () => {
  const plugin = `import { definePlugin, Reply } from 'ferrydns/plugin';
import records from './records.ts';
export default definePlugin({ name: 'mine', summary: '', config: {}, order: { before: 'cache' }, setup: () => ({ handle: (query) => Reply.answer(records.filter(({ type }) => type === query.type)) }) });`;
  await using server = await serve(loading('mine'), { files: { 'mine.ts': plugin, 'records.ts': sample('records.ts') } });
  const types = [...sample('records.ts').matchAll(/type: '(\w+)'/g)].map(([, type = '']) => type);
  expect(types).toHaveLength(18);
  for (const type of types) {
    const { reply } = await server.ask('www.example.org', type, { udpSize: 4096 });
    expect(
      reply.answers.map((each: ResourceRecord) => each.type),
      type,
    ).toEqual([type]);
  }
});

test('nearby.ts answers by the longest network, and says for whom', async () => {
  await using server = await serve(loading('nearby'), { files: { 'nearby.ts': sample('nearby.ts') } });
  const addresses = async (clientSubnet?: string) => (await server.ask('www.test', 'A', clientSubnet === undefined ? {} : { clientSubnet })).answers;
  expect(await addresses()).toEqual(['www.test. 30 IN A 192.0.2.1']);
  expect(await addresses('10.20.3.0/24')).toEqual(['www.test. 30 IN A 10.20.0.1']);
  expect(await addresses('10.99.0.0/16')).toEqual(['www.test. 30 IN A 10.0.0.1']);
  expect(await server.ask('www.test', 'A', { clientSubnet: '10.20.3.0/24' })).toMatchObject({ clientSubnet: { network: '10.20.3.0/24', scope: 16 } });
  expect(await server.ask('www.test', 'A', { clientSubnet: '2001:db8::/32' })).toMatchObject({
    rcode: 'REFUSED',
    extendedErrors: [{ code: 18, text: 'no server for this network' }],
  });
});

test('switch.ts switches all processes', async () => {
  const [port, http] = [await freePort(), await freePort()];
  const files = {
    'switch.ts': sample('switch.ts').replace('127.0.0.1:0', `127.0.0.1:${http}`),
    Corefile: loading('switch', 'multisocket 2').replace('.:0', `.:${port}`),
  };
  await using server = new Program({ files });
  await vi.waitFor(() => expect(server.output.out).toContain('2 workers'), soon);
  expect(await ask({ port, name: 'www.test' })).toMatchObject({ rcode: 'NOERROR' });
  await fetch(`http://127.0.0.1:${http}/off`);
  // Each question comes from another port, so both workers are asked.
  await vi.waitFor(async () => {
    const answers = await Promise.all(Array.from({ length: 16 }, () => ask({ port, name: 'www.test' })));
    expect(new Set(answers.map(({ rcode }) => rcode))).toEqual(new Set(['REFUSED']));
  }, soon);
});

test('noted.ts says why', async () => {
  await using server = await serve(loading('noted'), { files: { 'noted.ts': sample('noted.ts') } });
  expect(await server.ask('ads.example')).toMatchObject({ rcode: 'REFUSED' });
  expect((await server.explain('ads.example')).steps).toMatchObject([{ plugin: 'noted', notes: ['the name is on line 7 of the list'] }]);
});

test('tsconfig.json is one by which tsc takes all of them', async () => {
  for (const [file, text] of samples) if (/^[\w.]+$/.test(file)) writeFileSync(join(folder, file), text);
  writeFileSync(join(folder, 'blocklist.ts'), sample('examples/custom-plugin/blocklist.ts'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'wrong.ts'), "import { record } from 'ferrydns/plugin';\nrecord({ name: 7 });\n");
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'ferrydns'));
  symlinkSync(join(root, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
  const compiled = promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
  const said = await compiled.then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
  expect(said.match(/^[^\s].*error TS/gm) ?? []).toHaveLength(1);
  expect(said).toContain('wrong.ts(2,');
});
