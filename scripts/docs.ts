// Writes what documentation takes from the code: the list of plugins, each plugin's syntax, the JSON Schemas of the YAML form and of plan files, the table of
// features, a figure, and the tables of contents.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registry } from '../plugins/index.ts';
import { describeSyntax } from '../src/config/grammar.ts';
import { jsonSchema } from '../src/config/schema.ts';
import { planSchema } from '../src/plans/plan-file.ts';
import { loadPlugins } from '../src/server/registry.ts';
import { withContents } from './contents.ts';
import { withFeatures } from './features.ts';
import { speedFigure } from './figures.ts';
import { pluginApiPage } from './plugin-api.ts';

const root = join(import.meta.dirname, '..');
const plugins = await loadPlugins(registry);

/** Every page of the repository by its path. */
export const pages = globSync(['*.md', 'docs/**/*.md', 'plugins/**/*.md', 'examples/**/*.md', 'bench/*.md', 'deploy/**/*.md'], { cwd: root })
  .filter((page) => !page.includes('node_modules'))
  .sort();

/** Every generated file by its path from the repository's root. */
export function generated(): Map<string, string> {
  const files = new Map<string, string>();
  const schema = jsonSchema(plugins, { 'plan-file': planSchema() });
  files.set('docs/ferrydns.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
  files.set('plugins/README.md', pluginList());
  files.set('docs/plugin-api.md', pluginApiPage());
  const results = JSON.parse(readFileSync(join(root, 'bench/results.json'), 'utf8'));
  files.set('docs/figures/speed.svg', speedFigure(results));
  files.set('docs/features.md', withFeatures(readFileSync(join(root, 'docs/features.md'), 'utf8'), registry, results));
  for (const { name, config } of plugins) {
    const file = `plugins/${name}/README.md`;
    const readme = readFileSync(join(root, file), 'utf8');
    const block = `## Syntax\n\n\`\`\`\n${describeSyntax(name, config)}\n\`\`\`\n`;
    files.set(
      file,
      readme.replace(/## Syntax\n\n```[a-z]*\n[\s\S]*?\n```\n/, () => block),
    );
  }
  for (const page of new Set([...pages, 'docs/plugin-api.md'])) {
    const text = files.get(page) ?? readFileSync(join(root, page), 'utf8');
    const listed = withContents(text);
    if (listed !== text || listed.includes('<!-- contents -->')) files.set(page, listed);
  }
  return files;
}

function pluginList(): string {
  const rows = plugins.map(({ name, summary }) => `| [${name}](${name}/README.md) | ${summary} |`);
  const absent = Object.entries(registry.absent)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, instead]) => `| ${name} | ${instead} |`);
  return [
    '# Plugins',
    '',
    'In the order in which a query passes them; the order of lines in a Corefile means nothing.',
    '',
    '| plugin | what it does |',
    '|---|---|',
    ...rows,
    '',
    '## Not there yet',
    '',
    'CoreDNS has these plugins, ferrydns does not have them yet. A Corefile that uses one of them is refused with a message that says what to do.',
    '',
    '| plugin | until then |',
    '|---|---|',
    ...absent,
    '',
  ].join('\n');
}

if (import.meta.main) {
  for (const [file, text] of generated()) writeFileSync(join(root, file), text);
}
