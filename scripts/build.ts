// Makes the npm package in dist/: JavaScript, types, and a package.json whose exports point at them.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { buildPage } from './page.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { name, version, description, license, type, engines, dependencies, keywords, repository, homepage, bugs } = own;
const exported = Object.entries<string>(own.exports);
const entrances = exported.map(([name, file]) => {
  const built = file.replace(/\.ts$/, '');
  return [name, { types: `${built}.d.ts`, default: `${built}.js` }];
});
await bundle({ root, dist });
await buildPage(join(dist, 'plugins', 'console', 'page-built'));
const manifest = {
  name,
  version,
  description,
  license,
  keywords,
  repository,
  homepage,
  bugs,
  type,
  engines,
  bin: { ferrydns: 'src/bin.js' },
  exports: { ...Object.fromEntries(entrances), './package.json': './package.json' },
  dependencies,
};
// A Node that is too old has to be able to read it: it imports nothing.
const bin = readFileSync(join(root, 'src/bin.ts'), 'utf8');
writeFileSync(join(dist, 'src/bin.js'), stripTypeScriptTypes(bin).replace('./main.ts', './main.js'));
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
chmodSync(join(dist, 'src', 'bin.js'), 0o755);
// What the README leads to is part of it, and what operators take from it.
const pages = globSync(['plugins/README.md', 'plugins/*/README.md', 'bench/README.md', 'bench/plots/*'], { cwd: root });
const files = ['README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'Corefile.example', 'docs', 'deploy', 'examples', ...pages];
for (const file of files) cpSync(join(root, file), join(dist, file), { recursive: true, filter: (path) => !path.includes('node_modules') });
