// Builds the web page of `console`: one document, and files whose names are hashes of what they hold, each also compressed.
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = join(import.meta.dirname, '..');
const sources = join(root, 'plugins', 'console', 'page');
/** In the order in which they are read: what comes later wins. */
const sheets = ['colours', 'ground', 'shell', 'parts', 'views'];

/** Where `console` looks for the page when it runs from source. */
const pageFolder = join(root, 'plugins', 'console', 'page-built');

/** Writes the page into the folder, in place of what is there. Rejects with what is wrong in its sources. */
export async function buildPage(folder: string): Promise<void> {
  const [script, style, icon] = [await bundled(), styleSheet(), readFileSync(join(sources, 'icon.svg'), 'utf8')];
  const made = `${folder}.${process.pid}`;
  mkdirSync(join(made, 'assets'), { recursive: true });
  const asset = (name: string, end: string, text: string) => {
    const path = `assets/${name}-${createHash('sha256').update(text).digest('hex').slice(0, 10)}.${end}`;
    write(made, path, text);
    return `/${path}`;
  };
  const document = readFileSync(join(sources, 'index.html'), 'utf8')
    .replace('{script}', asset('console', 'js', script))
    .replace('{style}', asset('console', 'css', style))
    .replace('{icon}', asset('icon', 'svg', icon));
  write(made, 'index.html', document);
  put(made, folder);
}

/** Builds the page from source, unless what is built is newer than all of it. */
export async function buildPageWhenOld(): Promise<void> {
  const built = join(pageFolder, 'index.html');
  const parts = globSync('**/*', { cwd: sources }).map((file) => join(sources, file));
  const newest = Math.max(...[...parts, import.meta.filename, join(root, 'package-lock.json')].map((file) => statSync(file).mtimeMs));
  if (!existsSync(built) || statSync(built).mtimeMs <= newest) await buildPage(pageFolder);
}

/** The whole script as one file. */
async function bundled(): Promise<string> {
  // Only whoever builds needs it: most starts find the page built.
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({ cwd: sources, input: join(sources, 'main.tsx'), platform: 'browser', transform: { target: 'es2023' } });
  const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false, comments: { legal: false } });
  return `${licences}${output[0].code}`;
}

/** The packages whose code is in the script want to be named with it. */
const licences = '/*! With preact (MIT, Copyright (c) 2015-present Jason Miller) and uPlot (MIT, Copyright (c) 2022 Leon Sorokin) */\n';

function styleSheet(): string {
  const texts = sheets.map((name) => readFileSync(join(sources, 'style', `${name}.css`), 'utf8'));
  return texts
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\n\s*/g, '\n');
}

function write(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  writeFileSync(file, text);
  writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
  writeFileSync(`${file}.br`, brotliCompressSync(text));
}

/** Several servers may be started at once, and each may find the page old. */
function put(made: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(join(folder, 'index.html'))) throw error;
  }
}
