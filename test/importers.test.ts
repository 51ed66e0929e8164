// docs/architecture.md says which files import which package. Here the table is compared with the imports, and with what is installed.
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** The files that the table names, by package. */
function stated(): Map<string, string[]> {
  const [, section = ''] = /^## Who imports which package\n(.*?)^## /ms.exec(read('docs/architecture.md')) ?? [];
  const rows = section.matchAll(/^\| (?!package )([^|-][^|]*?) \| (.*) \|$/gm);
  return new Map([...rows].map(([, name = '', files = '']) => [name, [...files.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file).sort()]));
}

/** Packages that a source imports, statically or not; types count too. */
function packagesIn(source: string): string[] {
  const forms = /(?:^(?:import|export)\s(?:[^'";]*?\sfrom\s*)?|^\}\s*from\s*|\b(?:import|require)\(\s*)['"](@?[a-z][\w./-]*)['"]/gim;
  const specifiers = [...source.matchAll(forms)].map(([, specifier = '']) => specifier);
  const foreign = specifiers.filter((each) => !/^[./]/.test(each) && !isBuiltin(each) && !each.startsWith('ferrydns/'));
  return foreign.map((each) => each.split('/', each.startsWith('@') ? 2 : 1).join('/'));
}

/** The files that import each package. */
function found(): Map<string, string[]> {
  const importers = new Map<string, string[]>();
  for (const file of globSync(['src/**/*.ts', 'plugins/**/*.ts'], { cwd: root, exclude: ['plugins/console/page/**'] }).sort()) {
    for (const name of new Set(packagesIn(read(file)))) importers.set(name, [...(importers.get(name) ?? []), file]);
  }
  return importers;
}

const byName = (map: ReadonlyMap<string, string[]>) => Object.fromEntries([...map].sort(([a], [b]) => a.localeCompare(b)));

test('the files that import a package are those that docs/architecture.md names', () => {
  expect(byName(found())).toEqual(byName(stated()));
});

test('every package that is installed with ferrydns is in the table, and no other', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { readonly dependencies: Readonly<Record<string, string>> };
  expect([...stated().keys()].sort()).toEqual(Object.keys(dependencies).sort());
});

test('the page of the console imports what it is drawn with, and no more', () => {
  const imported = globSync('plugins/console/page/**/*.{ts,tsx}', { cwd: root }).map((file) => [file, packagesIn(read(file))] as const);
  expect(new Set(imported.flatMap(([, names]) => names))).toEqual(new Set(['preact', 'uplot']));
  expect(imported.filter(([, names]) => names.includes('uplot')).map(([file]) => file)).toEqual([
    'plugins/console/page/parts/chart-drawing.ts',
    'plugins/console/page/parts/chart.tsx',
  ]);
});

test('imports are seen in every form', () => {
  const forms = [
    "import a from 'one';",
    "import { b,\n c } from 'two/part';",
    "import 'three';",
    "const d = await import('@four/five/x');",
    "type E = import('six').E;",
  ];
  const own = ["import { x } from 'node:fs';", "import { y } from './near.ts';", "import { z } from 'ferrydns/plugin';"];
  expect(packagesIn([...forms, ...own].join('\n'))).toEqual(['one', 'two', 'three', '@four/five', 'six']);
});
