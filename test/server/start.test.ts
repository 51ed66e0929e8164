// What a start loads: the parts that a configuration uses, and none of those that cost much and are seldom used.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'ferrydns-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a server, stops it, and says what it has loaded: files of ferrydns by their path, packages by their name, parts of Node as it calls them. */
function loadedBy(corefile: string): readonly string[] {
  writeFileSync(join(folder, 'Corefile'), corefile);
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    const { registry } = await import('./plugins/index.ts');
    const { Server } = await import('./src/server/server.ts');
    const { fileSource } = await import('./src/server/configuration.ts');
    const server = new Server({ source: fileSource(process.argv[1]), registry, output: () => {}, dnsPort: 0, defaultAddress: '127.0.0.1' });
    await server.start();
    await server.stop({ lameduck: false });
    process.stdout.write(JSON.stringify([...loaded, ...process.moduleLoadList]));`;
  const args = ['--no-warnings', '--input-type=module', '--eval', program, join(folder, 'Corefile')];
  const urls = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })) as readonly string[];
  return urls.map((url) => url.replace(`file://${root}/`, '').replace(/^node_modules\/((?:@[^/]+\/)?[^/]+)\/.*$/, '$1'));
}

const kubeadm = `. {
  errors
  health 127.0.0.1:0
  ready 127.0.0.1:0
  prometheus 127.0.0.1:0
  rewrite name exact a.example b.example
  hosts {
    10.0.0.1 one.example
    fallthrough
  }
  forward . 127.0.0.1:1
  cache 30
  reload
  loadbalance
}
`;

test('the chain of a usual cluster loads nothing that it does not use', () => {
  const loaded = loadedBy(kubeadm);
  const isUnused = (each: string) =>
    /^plugins\/(?:migrate|pool|view|log)\/|^src\/(?:checks|command|expression|migration|plans|plugin\/admin|testing)\/|explain-|yaml/.test(each) ||
    /^(?:re2js|prom-client|es-module-lexer|@grpc\/.*)$|^NativeModule (?:internal\/deps\/undici|http2|https|tls|_tls_wrap|sqlite)/.test(each);
  expect(loaded).toContain('plugins/cache/index.ts');
  expect(loaded).toContain('NativeModule http');
  expect(loaded.filter(isUnused)).toEqual([]);
});

test('what a configuration names is loaded', () => {
  const loaded = loadedBy('. {\n view v {\n  expr true\n }\n rewrite name regex a.* b.example\n whoami\n}\n');
  expect(loaded).toContain('src/expression/parser.ts');
  expect(loaded).toContain('re2js');
  expect(loaded).not.toContain('plugins/cache/index.ts');
  expect(loaded).not.toContain('NativeModule http');
});
