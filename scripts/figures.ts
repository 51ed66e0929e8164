// The figure of the README that shows what an answer costs, drawn from the results of the bench. It has a paper of its own, so it can be read on any page.
import { attributes } from '../bench/svg.ts';

interface Summary {
  readonly cpuMicrosecondsPerAnswer: { readonly median: number };
}

/** What the figure takes from bench/results.json. */
export interface BenchResults {
  readonly workloads: readonly {
    readonly workload: string;
    readonly title: string;
    readonly servers: readonly { readonly server: string; readonly summary: Summary }[];
  }[];
}

const shown: Readonly<Record<string, string>> = {
  cached: 'from the cache',
  chain: 'through a longer chain',
  misses: 'asked upstream',
};
const servers = ['ferrydns', 'coredns', 'unbound', 'dnsmasq', 'dnsdist'];
/** Microseconds at the right end of the axis; a longer bar ends there with its figure. */
const most = 36;
const frame = { width: 760, height: 250 };
const panel = { width: 242, label: 70, top: 76, row: 25 };

const style = `<style>
.paper { fill: #ffffff; stroke: #d0d7de }
.ink { fill: #1f2328 }
.faint { fill: #59636e }
.gap { fill: #ffffff }
.own { fill: #1a7f37 }
.other { fill: #b4bcc6 }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117; stroke: #3d444d }
.ink { fill: #f0f6fc }
.faint { fill: #9198a1 }
.gap { fill: #0d1117 }
.own { fill: #3fb950 }
.other { fill: #4b535d }
}
</style>`;

/** CPU time per answer of each server, one panel for each kind of answer. */
export function speedFigure(results: BenchResults): string {
  const title = 'CPU time per answer in microseconds, less is better';
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    ...frame,
    viewBox: `0 0 ${frame.width} ${frame.height}`,
    'font-family': 'system-ui, sans-serif',
  };
  return [
    `<svg${attributes(root)} role="img" aria-labelledby="title">`,
    `<title id="title">${title}</title>`,
    style,
    `<rect class="paper" x="0.5" y="0.5" width="${frame.width - 1}" height="${frame.height - 1}" rx="8"/>`,
    inClass('ink', 24, 32, title, ' font-size="15" font-weight="600"'),
    ...Object.entries(shown).map(([workload, label], index) => panelOf(results, workload, label, 24 + index * panel.width)),
    inClass('faint', 24, 218, 'One core, the work of the kernel included. Medians of one run on one machine, as bench/README.md tells.'),
    inClass('faint', 24, 235, 'A bar with a gap is longer than there is room for.'),
    '</svg>\n',
  ].join('\n');
}

function panelOf(results: BenchResults, workload: string, label: string, x: number): string {
  const measured = results.workloads.find((one) => one.workload === workload)?.servers ?? [];
  const bars = servers.flatMap((server, row) => {
    const figure = measured.find((one) => one.server === server)?.summary.cpuMicrosecondsPerAnswer.median;
    return figure === undefined ? [] : barOf(server, figure, x, panel.top + row * panel.row);
  });
  return [inClass('ink', x, 62, label, ' font-size="13"'), ...bars].join('\n');
}

function barOf(server: string, figure: number, x: number, y: number): string[] {
  const room = panel.width - panel.label - 56;
  const length = (Math.min(figure, most) / most) * room;
  const own = server === 'ferrydns';
  return [
    inClass('ink', x, y + 14, server, ` font-size="12"${own ? ' font-weight="600"' : ''}`),
    `<rect class="${own ? 'own' : 'other'}" x="${x + panel.label}" y="${y + 3}" width="${length.toFixed(1)}" height="15" rx="2"/>`,
    ...(figure > most ? [`<rect class="gap" x="${x + panel.label + length - 16}" y="${y + 2}" width="4" height="17"/>`] : []),
    inClass('ink', Math.round(x + panel.label + length + 6), y + 14, figure.toFixed(figure < 100 ? 1 : 0), ' font-size="12"'),
  ];
}

function inClass(name: string, x: number, y: number, content: string, more = ' font-size="12"'): string {
  return `<text class="${name}" x="${x}" y="${y}"${more}>${content}</text>`;
}
