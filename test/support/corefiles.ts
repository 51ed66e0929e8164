// Corefiles as distributions ship them and as people run them: test/corefiles/NAME.corefile. Their addresses and names are those for documentation.
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { registry } from '../../plugins/index.ts';
import { parseCorefile } from '../../src/config/corefile.ts';
import { textSource } from '../../src/server/configuration.ts';
import { Server } from '../../src/server/server.ts';
import { pem } from './http.ts';

const folder = join(import.meta.dirname, '../corefiles');

/** The texts by name. */
export const corefiles: ReadonlyMap<string, string> = new Map(
  globSync('*.corefile', { cwd: folder })
    .sort()
    .map((file) => [basename(file, '.corefile'), readFileSync(join(folder, file), 'utf8')]),
);

/** The plugins of CoreDNS that a Corefile names and that are not there, in the order of their first lines. */
export function absentIn(corefile: string): string[] {
  const named = parseCorefile(corefile, 'Corefile').tree.blocks.flatMap(({ directives }) => directives.map(({ name }) => name.text));
  return [...new Set(named)].filter((name) => name in registry.absent);
}

/** The Corefile less these plugins' lines and blocks. */
export function without(corefile: string, plugins: readonly string[]): string {
  let depth = 0;
  let leftOut = false;
  const kept = corefile.split('\n').filter((line) => {
    const [word = ''] = line.trim().split(/\s+/);
    if (depth === 1 && plugins.includes(word)) leftOut = true;
    const keeps = !leftOut;
    if (/(^|\s)\{\s*$/.test(line)) depth++;
    if (line.trim() === '}') depth--;
    if (depth <= 1) leftOut = false;
    return keeps;
  });
  return kept.join('\n');
}

/** What `ferrydns check` has to say against a Corefile: nothing when it loads. The files that some of them name lie beside it. */
export async function problemsOf(corefile: string): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'ferrydns-corefile-'));
  try {
    const files = { 'hosts.txt': '192.0.2.1 a.example\n', 'blocklist.txt': '0.0.0.0 ads.example\n' };
    for (const [name, text] of Object.entries({ ...files, 'certificate.pem': pem('server.crt'), 'key.pem': pem('server.key') })) {
      writeFileSync(join(directory, name), text);
    }
    const source = textSource(corefile, join(directory, 'Corefile'));
    await new Server({ source, registry, output: () => {}, directory }).check();
    return [];
  } catch (error) {
    if (!(error instanceof Error && 'problems' in error && Array.isArray(error.problems))) throw error;
    return error.problems.map(({ message }) => String(message));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
