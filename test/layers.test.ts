// The linter holds the layers of docs/architecture.md: a violation that is planted in a layer is found, however deep the file lies.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const biome = join(root, 'node_modules/.bin/biome');

/** For each layer, one that it must not know; `plugins/NAME` stands for another plugin. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  'src/dns': [
    'config',
    'expression',
    'metrics',
    'log',
    'transport',
    'client',
    'checks',
    'migration',
    'plans',
    'plugin',
    'server',
    'command',
    'testing',
  ],
  'src/config': ['plugin', 'server', 'command'],
  'src/metrics': ['plugin', 'server'],
  'src/log': ['plugin', 'server'],
  'src/transport': ['client', 'plugin', 'server', 'checks'],
  'src/client': ['expression', 'checks', 'migration', 'plans', 'plugin', 'server', 'command', 'testing'],
  'src/expression': ['dns', 'metrics', 'log', 'transport', 'client', 'checks', 'migration', 'plans', 'plugin', 'server', 'command', 'testing'],
  'src/comparison': ['config', 'client', 'transport', 'plugin', 'server', 'command'],
  'src/checks': ['transport', 'client', 'plugin', 'server'],
  'src/migration': ['config', 'transport', 'client', 'plugin', 'plans'],
  'src/plans': ['transport', 'client', 'plugin', 'server'],
  'src/plugin': ['server', 'command', 'testing'],
  'src/server': ['command', 'testing'],
  'src/command': ['testing'],
  'plugins/planted': ['server', 'dns'],
};
const planted = Object.entries(forbidden).flatMap(([layer, others]) =>
  ['', 'inner/', 'inner/deep/'].map((depth) => {
    const up = '../'.repeat(depth.split('/').length);
    const paths = layer.startsWith('src/')
      ? [...others.map((other) => `${up}${other}`), `${up}../plugins/cache`]
      : [`${up}cache`, ...others.map((other) => `${up}../src/${other}`)];
    return { file: `${layer}/${depth}planted.ts`, imports: paths.map((path) => `${path}/planted.ts`) };
  }),
);

/** Which of the planted imports the linter finds, as "FILE IMPORT". */
function lint(files: readonly { readonly file: string; readonly imports: readonly string[] }[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'ferrydns-layers-'));
  try {
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));
    for (const { file, imports } of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), imports.map((path, i) => `import { a${i} } from '${path}';\nexport { a${i} };\n`).join(''));
    }
    const { stdout } = spawnSync(biome, ['lint', '--only=style/noRestrictedImports', '--max-diagnostics=none', '--reporter=github', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const found = [...stdout.matchAll(/file=([^,]+),line=(\d+)/g)];
    return found
      .map(([, path = '', line]) => {
        const planted = files.find(({ file }) => path.endsWith(file));
        return `${planted?.file} ${planted?.imports[(Number(line) - 1) / 2]}`;
      })
      .sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every violation is found', () => {
  expect(lint(planted)).toEqual(planted.flatMap(({ file, imports }) => imports.map((path) => `${file} ${path}`)).sort());
});

test('what a layer may import passes', () => {
  expect(lint([{ file: 'src/server/inner/planted.ts', imports: ['../../dns/planted.ts', '../../transport/batch/planted.ts', './own.ts'] }])).toEqual(
    [],
  );
});
