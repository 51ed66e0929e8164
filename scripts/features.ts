// What docs/features.md takes from the code: which plugins both servers have, and how their CPU time compares.
import type { Registry } from '../src/server/registry.ts';
import type { BenchResults } from './figures.ts';

/** Plugins that CoreDNS does not have. */
const own: readonly string[] = ['admin', 'console', 'migrate', 'pool', 'querylog', 'shadow'];
const generatedPart = /<!-- (plugins|speed) -->\n[\s\S]*?<!-- end -->/g;

/** The page with its generated parts as code and results are now. */
export function withFeatures(page: string, registry: Registry, results: BenchResults): string {
  return page.replace(generatedPart, (_, part: string) => {
    const rows = part === 'plugins' ? pluginRows(registry) : speedRows(results);
    return [`<!-- ${part} -->`, ...rows, '<!-- end -->'].join('\n');
  });
}

function pluginRows({ plugins, absent }: Registry): string[] {
  const link = (name: string) => `[${name}](../plugins/${name}/README.md)`;
  const names = plugins.map(({ name }) => name).sort();
  const both = names.filter((name) => !own.includes(name));
  const missing = Object.keys(absent).sort();
  return [
    '| | plugins |',
    '|---|---|',
    `| both have (${both.length}) | ${both.map(link).join(', ')} |`,
    `| ferrydns alone (${own.length}) | ${own.map(link).join(', ')} |`,
    `| CoreDNS alone (${missing.length}) | ${missing.join(', ')} |`,
  ];
}

function speedRows({ workloads }: BenchResults): string[] {
  const rows = workloads.flatMap(({ title, servers }) => {
    const cpu = (name: string) => servers.find(({ server }) => server === name)?.summary.cpuMicrosecondsPerAnswer.median;
    const [ours, theirs] = [cpu('ferrydns'), cpu('coredns')];
    if (ours === undefined || theirs === undefined) return [];
    return [`| ${title} | ${ours.toFixed(1)} µs | ${theirs.toFixed(1)} µs |`];
  });
  return ['| CPU time per answer | ferrydns | CoreDNS |', '|---|---:|---:|', ...rows];
}
