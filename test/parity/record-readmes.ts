// npm run parity:readmes -- FOLDER: which examples of the pages of CoreDNS's plugins CoreDNS accepts. FOLDER holds CoreDNS's `plugin`.
// Those that use a plugin that ferrydns does not have are left out. COREDNS is the binary.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registry } from '../../plugins/index.ts';
import { coredns } from './subject.ts';

const [folder = ''] = process.argv.slice(2);
const absent = new RegExp(`^\\s+(?:${Object.keys(registry.absent).join('|')})\\b`, 'm');
const subject = coredns(process.env['COREDNS'] ?? 'coredns');
const examples: { readonly page: string; readonly corefile: string; readonly accepted: boolean }[] = [];
for (const page of globSync('*/README.md', { cwd: folder }).sort()) {
  const text = readFileSync(join(folder, page), 'utf8');
  for (const [, fence = ''] of text.matchAll(/^[~`]{3} *corefile\n([\s\S]*?)^[~`]{3}$/gm)) {
    if (absent.test(fence)) continue;
    // One example leaves the port of an address to the environment.
    const corefile = withPorts(fence.replace('{$PORT}', '9253'));
    const running = await subject({ corefile: corefile.replaceAll('{{PORT}}', '15353'), files: {}, env: {} });
    examples.push({ page, corefile, accepted: !('refused' in running) });
    if (!('refused' in running)) await running.stop();
  }
}
writeFileSync(join(import.meta.dirname, 'recorded/readmes.json'), `${JSON.stringify(examples, undefined, 2)}\n`);

/** Keys without a port get one that everybody may open. */
function withPorts(text: string): string {
  return text.replace(/^(?![#\s({])(.*?)(\s*\{)$/gm, (_, keys: string, brace: string) => {
    const ported = keys.split(/\s+/).map((key) => (/:\d+$/.test(key) ? key : `${key}:{{PORT}}`));
    return `${ported.join(' ')}${brace}`;
  });
}
