// The npm package as its user gets it: built, packed, installed into an empty folder, and serving from there.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from 'ferrydns/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'ferrydns-package-'));
const command = join(folder, 'node_modules', '.bin', 'ferrydns');

beforeAll(() => {
  const npm = (args: string[], cwd: string) => execFileSync('npm', args, { cwd, stdio: 'pipe' });
  execFileSync(process.execPath, [join(root, 'scripts', 'build.ts')], { stdio: 'pipe' });
  npm(['pack', '--pack-destination', folder, join(root, 'dist')], root);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const packed = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', `./${packed}`], folder);
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the command serves a Corefile with a plugin of the user', async () => {
  writeFileSync(
    join(folder, 'hello.ts'),
    `import { definePlugin, Reply, record } from 'ferrydns/plugin';
export default definePlugin({
  name: 'hello', summary: 'greets', config: {}, order: { before: 'whoami' },
  setup: () => ({ handle: (query) => Reply.answer([record({ name: query.name, type: 'TXT', data: ['hello'] })]) }),
});`,
  );
  writeFileSync(join(folder, 'Corefile'), '{\n plugin hello ./hello.ts\n}\n.:0 {\n bind 127.0.0.1\n hello\n}\n');
  const server = spawn(process.execPath, [command], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      let text = '';
      server.on('exit', () => reject(new Error(`ended: ${text}`)));
      server.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /listening on 127\.0\.0\.1:(\d+)/.exec(text);
        if (found !== null) resolve(Number(found[1]));
      });
    });
    expect((await ask({ port, name: 'x.test', type: 'TXT' })).answers).toEqual(['x.test. 3600 IN TXT "hello"']);
  } finally {
    server.kill('SIGKILL');
  }
});

test('the description of the admin address is part of it', () => {
  const described = join(folder, 'node_modules', 'ferrydns', 'docs', 'admin-api.yaml');
  expect(readFileSync(described, 'utf8')).toBe(readFileSync(join(root, 'docs', 'admin-api.yaml'), 'utf8'));
});

test('the pages and files that operators need are part of it, and the links of its README lead somewhere', () => {
  const own = join(folder, 'node_modules', 'ferrydns');
  const readme = readFileSync(join(own, 'README.md'), 'utf8');
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => !existsSync(join(own, link)))).toEqual([]);
  for (const file of ['docs/ferrydns.schema.json', 'plugins/forward/README.md', 'examples/migration/README.md', 'deploy/prometheus', 'SECURITY.md']) {
    expect(existsSync(join(own, file)), file).toBe(true);
  }
});

test('a Node that is too old gets one sentence', () => {
  const older = `data:text/javascript,${encodeURIComponent("Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.1.0' } })")}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', older, command, '-version'], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/^ferrydns needs Node 24 or later, and this is Node 22\.1\.0: .*\n$/),
  });
});

test('ferrydns/plugin and ferrydns/testing are modules with types', () => {
  writeFileSync(
    join(folder, 'use.ts'),
    `import { definePlugin, Reply } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
const plugin = definePlugin({ name: 'x', summary: '', config: {}, setup: () => ({ handle: () => Reply.drop }) });
// @ts-expect-error a handler must return a reply
definePlugin({ name: 'y', summary: '', config: {}, setup: () => ({ handle: () => undefined }) });
const server: TestServer = await serve('. { whoami }', { plugins: [{ plugin, place: { before: 'whoami' } }] });
const answer = await server.ask('example.org');
if (answer.rcode !== 'NOERROR') throw new Error(answer.rcode);
await server.stop();
`,
  );
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2025',
    '--skipLibCheck',
    '--typeRoots',
    join(root, 'node_modules/@types'),
    '--types',
    'node',
  ];
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, 'use.ts'], { cwd: folder, stdio: 'inherit' });
  execFileSync(process.execPath, ['use.ts'], { cwd: folder, stdio: 'inherit' });
});

test('the package has the licence, the README and no more dependencies than the program imports', () => {
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/ferrydns/package.json'), 'utf8'));
  expect(manifest.license).toBe('Apache-2.0');
  for (const field of ['repository', 'homepage', 'bugs', 'keywords']) expect(manifest[field], field).toBeTruthy();
  // Which files import them, and that no others are there, test/importers.test.ts says.
  expect(manifest.dependencies).toEqual(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies);
  expect(readdirSync(join(folder, 'node_modules/ferrydns'))).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'Corefile.example']));
});
