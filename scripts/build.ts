// Makes the npm package in dist/: JavaScript, types, and a package.json whose exports point at them.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

const { name, version, description, license, type, engines, dependencies, keywords } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const door = (module: string) => ({ types: `./src/${module}/index.d.ts`, default: `./src/${module}/index.js` });
const manifest = {
  name,
  version,
  description,
  license,
  keywords,
  type,
  engines,
  bin: { ferrydns: 'src/main.js' },
  exports: { './plugin': door('plugin'), './testing': door('testing'), './package.json': './package.json' },
  dependencies,
};
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
chmodSync(join(dist, 'src', 'main.js'), 0o755);
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'Corefile.example', 'docs/admin-api.yaml']) cpSync(join(root, file), join(dist, file));
