// The reference page of `ferrydns/plugin`: every name that the module exports, with its declaration and what the code says of it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const entry = 'src/plugin/index.ts';

/** Names that are exported from one file. */
interface Topic {
  /** The file's path from the repository's root. */
  readonly file: string;
  /** What its first comment says. */
  readonly about: string;
  readonly names: readonly Named[];
}

interface Named {
  readonly name: string;
  /** What the comment in front of its declaration says; empty without one. */
  readonly about: string;
  /** As a declaration file has it, without private members. */
  readonly declaration: string;
}

/** The page. */
export function pluginApiPage(): string {
  const sections = topics().map(({ about, names }) => [`## ${about}`, '', ...names.flatMap(describe)].join('\n'));
  return [
    '# The plugin API, name by name',
    '',
    'Every name that `ferrydns/plugin` exports, as the compiler sees it. [Writing plugins](writing-plugins.md) shows how they are used. This page is made from the code by',
    '`npm run docs`.',
    '',
    ...sections,
  ].join('\n');
}

/** Every exported name by the file that declares it, in the order of the module. */
export function topics(): Topic[] {
  const out = mkdtempSync(join(tmpdir(), 'ferrydns-types-'));
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', out], { cwd: root });
    return exportsOf(readFileSync(join(root, entry), 'utf8')).map(({ from, names }) => {
      const file = relative(root, join(root, dirname(entry), from));
      const declared = readFileSync(join(out, file.replace(/\.ts$/, '.d.ts')), 'utf8');
      const about = headingOf(readFileSync(join(root, file), 'utf8'));
      return { file, about, names: (names ?? namesIn(declared)).map((name) => declarationOf(name, declared, file)) };
    });
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** The export lines of a module: from which file, and which names; undefined for all. */
function exportsOf(text: string): { readonly from: string; readonly names: readonly string[] | undefined }[] {
  const found = [...text.matchAll(/export (?:type )?(\*|\{[^}]*\}) from '([^']+)';/g)];
  return found.map(([, what = '', from = '']) => {
    const names =
      what === '*'
        ? undefined
        : what
            .slice(1, -1)
            .split(',')
            .map((name) => name.replace(/^\s*type /, '').trim());
    return { from, names: names?.filter((name) => name !== '') };
  });
}

function namesIn(declared: string): string[] {
  const found = [...declared.matchAll(/^export (?:declare )?(?:const|function|class|interface|type) (\w+)/gm)].map(([, name = '']) => name);
  return [...new Set(found)];
}

function declarationOf(name: string, declared: string, file: string): Named {
  const comment = '(?:/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?';
  const start = new RegExp(`^${comment}export (?:declare )?(?:const|function|class|interface|type) ${name}\\b`, 'gm');
  const found = [...declared.matchAll(start)];
  if (found.length === 0) throw new Error(`${file} does not declare ${name}, which ${entry} exports from it`);
  const whole = found.map(({ index }) => declared.slice(index, index + endOf(declared.slice(index))));
  const [first = ''] = whole;
  const about = /^\/\*\*([\s\S]*?)\*\//.exec(first)?.[1] ?? '';
  const bare = whole.map((text) => text.replace(/^\/\*\*[\s\S]*?\*\/\n/, '').replace(/^export (declare )?/, ''));
  return { name, about: plain(about), declaration: bare.map(withoutPrivate).join('\n') };
}

/** The length of the declaration that begins a text: up to the line that closes it. */
function endOf(text: string): number {
  const body = text.replace(/^\/\*\*[\s\S]*?\*\/\n/, '');
  const lines = body.split('\n');
  const last = /[{(<]\s*$/.test(lines[0] ?? '')
    ? lines.findIndex((line) => /^[})>]/.test(line) && /;$|^\}$/.test(line))
    : lines.findIndex((line) => /[;}]$/.test(line));
  return text.length - body.length + lines.slice(0, last + 1).join('\n').length;
}

/** The declaration of a class as it concerns those who use it. */
function withoutPrivate(declaration: string): string {
  const comment = '(?:^ +/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?';
  return declaration.replace(new RegExp(`${comment}^ +(?:private|#private)[^\\n]*\\n`, 'gm'), '');
}

function describe({ name, about, declaration }: Named): string[] {
  return [`### ${name}`, '', ...(about === '' ? [] : [about, '']), '```ts', declaration, '```', ''];
}

function headingOf(source: string): string {
  const [first = ''] = source.split('\n');
  const text = first.replace(/^\/\/ /, '').split(/[.:;] |[.:;]$/)[0] ?? '';
  return text.replace(/^`ferrydns\/plugin`.*/, 'Others');
}

/** The text of a comment; links are shown by their names. */
function plain(comment: string): string {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trim());
  return lines
    .filter((line) => line !== '')
    .join('\n')
    .replace(/\{@link ([^}]+)\}/g, '`$1`');
}
