// The plots of a run: CPU time per answer, rate and latency by server, and what a look-up costs as the hosts file grows.
import type { ServerResult, WorkloadResult } from './measure.ts';
import { SUBJECT } from './servers/index.ts';
import { median, type Spread, spreadOf } from './statistics.ts';
import { attributes, colours, document, line, niceTicks, rectangle, text } from './svg.ts';

export interface Plot {
  readonly name: string;
  readonly svg: string;
}

/** One bar, or one row of dots: a server in a workload. */
interface Row {
  readonly server: string;
  readonly spread: Spread;
}

/** Draws what the results have; a plot without any figure is left out. */
export function plots(results: readonly WorkloadResult[]): readonly Plot[] {
  const compared = results.filter(({ workload, servers }) => workload.paced && servers.some(hasRuns));
  const growing = results.filter(({ workload, servers }) => workload.kind === 'hosts' && servers.some(hasRuns));
  const cpu = compared.map((result) => panel(result, (server) => server.saturation.map((run) => run.cpuMicrosecondsPerAnswer)));
  const rate = compared.map((result) => panel(result, (server) => server.saturation.map((run) => run.answersPerSecond / 1000)));
  return [
    ...(cpu.length === 0 ? [] : [{ name: 'cpu.svg', svg: barPanels('CPU time per answer (less is better)', 'µs, kernel included', cpu) }]),
    ...(rate.length === 0
      ? []
      : [{ name: 'rate.svg', svg: barPanels('Answers per second on one core (more is better)', 'thousand per second', rate) }]),
    ...(compared.some(({ servers }) => servers.some(({ latency }) => latency.length > 0))
      ? [{ name: 'latency.svg', svg: latencyPanels(compared) }]
      : []),
    ...(growing.length < 2 ? [] : [{ name: 'growth.svg', svg: growthPlot(growing) }]),
  ];
}

interface Panel {
  readonly title: string;
  readonly rows: readonly Row[];
}

function panel({ workload, servers }: WorkloadResult, figures: (server: ServerResult) => readonly number[]): Panel {
  const rows = servers.filter(hasRuns).map((server) => ({ server: server.server, spread: spreadOf(figures(server)) }));
  return { title: workload.label, rows };
}

function hasRuns({ saturation }: ServerResult): boolean {
  return saturation.length > 0;
}

const COLUMNS = 3;
const PANEL_WIDTH = 320;
const ROW = 22;
const LABEL = 70;
const VALUE = 48;
const HEAD = 64;
const PANEL_HEAD = 26;
const PANEL_FOOT = 46;

/** Small multiples, each with an axis of its own that begins at zero; the whisker goes from the least run to the greatest. */
function barPanels(title: string, unit: string, panels: readonly Panel[]): string {
  const grid = layOut(panels.map(({ rows }) => rows.length));
  const drawn = panels.map(({ title: name, rows }, index) => {
    const { x, y } = grid.place(index);
    const left = x + LABEL;
    const width = PANEL_WIDTH - LABEL - VALUE;
    const ticks = niceTicks(Math.max(...rows.map(({ spread }) => spread.max)), 4);
    const scale = width / (ticks.at(-1) ?? 1);
    const bottom = y + PANEL_HEAD + rows.length * ROW;
    const bars = rows.map(({ server, spread }, row) => {
      const top = y + PANEL_HEAD + row * ROW;
      const middle = top + ROW / 2;
      return [
        text({ x: left - 6, y: middle + 4, anchor: 'end', weight: server === SUBJECT ? 'bold' : 'normal' }, server),
        rectangle({ x: left, y: top + 3, width: spread.median * scale, height: ROW - 6 }, colours.of(server)),
        line({ x: left + spread.min * scale, y: middle }, { x: left + spread.max * scale, y: middle }, colours.ink),
        text({ x: left + spread.max * scale + 5, y: middle + 4 }, short(spread.median)),
      ].join('');
    });
    const axis = ticks.map((tick) => tickMark(left + tick * scale, { top: y + PANEL_HEAD, bottom }, short(tick)));
    const caption = text({ x: left + width / 2, y: bottom + 34, anchor: 'middle', colour: colours.faint }, unit);
    return [text({ x: left, y: y + 16, weight: 'bold' }, name), ...axis, ...bars, caption].join('');
  });
  return document({ ...grid.size, title, note: 'Bar: median of the rounds. Line: least to greatest round.' }, drawn.join('\n'));
}

const PERCENTILES = [
  ['p50', 'p50'],
  ['p99', 'p99'],
  ['p999', 'p99.9'],
] as const;

/** A row of three dots for each server on a logarithmic axis that all panels share. */
function latencyPanels(results: readonly WorkloadResult[]): string {
  const grid = layOut(results.map(({ servers }) => servers.length));
  const of = (server: ServerResult, key: 'p50' | 'p99' | 'p999'): number => median(server.latency.map((run) => run[key]));
  const all = results.flatMap(({ servers }) => servers.flatMap((server) => PERCENTILES.map(([key]) => of(server, key)))).filter(Number.isFinite);
  const low = Math.floor(Math.log10(Math.min(...all)));
  const high = Math.ceil(Math.log10(Math.max(...all)));
  const drawn = results.map(({ workload, servers, latencyRate }, index) => {
    const { x, y } = grid.place(index);
    const left = x + LABEL;
    const width = PANEL_WIDTH - LABEL - VALUE;
    const at = (value: number): number => left + (width * (Math.log10(value) - low)) / (high - low);
    const bottom = y + PANEL_HEAD + servers.length * ROW;
    const rows = servers.map((server, row) => {
      const middle = y + PANEL_HEAD + row * ROW + ROW / 2;
      const label = text({ x: left - 6, y: middle + 4, anchor: 'end', weight: server.server === SUBJECT ? 'bold' : 'normal' }, server.server);
      if (server.latency.length === 0) return label;
      const span = line({ x: at(of(server, 'p50')), y: middle }, { x: at(of(server, 'p999')), y: middle }, colours.grid, 3);
      return [label, span, ...PERCENTILES.map(([key]) => mark(key, at(of(server, key)), middle, colours.of(server.server)))].join('');
    });
    const decades = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step));
    const axis = decades.map((tick) => tickMark(at(tick), { top: y + PANEL_HEAD, bottom }, short(tick)));
    const caption = text({ x: left + width / 2, y: bottom + 34, anchor: 'middle', colour: colours.faint }, 'ms');
    const name = text({ x: left, y: y + 16, weight: 'bold' }, `${workload.label}, ${Math.round(latencyRate / 1000)} k/s`);
    return [name, ...axis, ...rows, caption].join('');
  });
  const legend = PERCENTILES.map(([key, label], index) => {
    const x = 24 + index * 70;
    return mark(key, x, 50, colours.ink) + text({ x: x + 10, y: 54 }, label);
  });
  const title = 'Latency at a fixed rate, half of what CoreDNS reaches (less is better)';
  return document({ ...grid.size, title, note: '' }, [...legend, ...drawn].join('\n'));
}

/** p50 is a disc, p99 a ring, p99.9 a short bar. */
function mark(key: 'p50' | 'p99' | 'p999', x: number, y: number, colour: string): string {
  if (key === 'p999') return rectangle({ x: x - 2, y: y - 6, width: 4, height: 12 }, colour);
  const fill = key === 'p50' ? colour : colours.paper;
  return `<circle${attributes({ cx: x, cy: y, r: 5, fill, stroke: colour, 'stroke-width': 2 })}/>`;
}

function growthPlot(results: readonly WorkloadResult[]): string {
  const frame = { left: 70, top: HEAD, width: 560, height: 300 };
  const bottom = frame.top + frame.height;
  const sizes = results.map(({ workload }) => workload.hostsEntries);
  const series = [...new Set(results.flatMap(({ servers }) => servers.filter(hasRuns).map(({ server }) => server)))].map((name) => ({
    name,
    points: results.flatMap(({ workload, servers }) => {
      const runs = servers.find(({ server }) => server === name)?.saturation ?? [];
      return runs.length === 0 ? [] : [{ size: workload.hostsEntries, cpu: median(runs.map((run) => run.cpuMicrosecondsPerAnswer)) }];
    }),
  }));
  const ticks = niceTicks(Math.max(...series.flatMap(({ points }) => points.map(({ cpu }) => cpu))), 5);
  const first = Math.log10(Math.min(...sizes));
  const x = (size: number): number => frame.left + (frame.width * (Math.log10(size) - first)) / (Math.log10(Math.max(...sizes)) - first);
  const y = (cpu: number): number => bottom - (frame.height * cpu) / (ticks.at(-1) ?? 1);
  const axis = [
    ...sizes.map((size) => tickMark(x(size), { top: frame.top, bottom }, size.toLocaleString('en'))),
    ...ticks.map((tick) => {
      const rule = line({ x: frame.left, y: y(tick) }, { x: frame.left + frame.width, y: y(tick) }, colours.grid);
      return rule + text({ x: frame.left - 8, y: y(tick) + 4, anchor: 'end', colour: colours.faint }, short(tick));
    }),
  ];
  const labels = apart(series.map(({ points }) => y(points.at(-1)?.cpu ?? 0)));
  const lines = series.map(({ name, points }, index) => {
    const path = points.map(({ size, cpu }) => `${x(size).toFixed(1)},${y(cpu).toFixed(1)}`).join(' ');
    const colour = colours.of(name);
    const dots = points.map(({ size, cpu }) => `<circle${attributes({ cx: x(size), cy: y(cpu), r: 4, fill: colour })}/>`);
    const label = text({ x: frame.left + frame.width + 12, y: (labels[index] ?? 0) + 4, weight: name === SUBJECT ? 'bold' : 'normal', colour }, name);
    return [`<polyline${attributes({ points: path, fill: 'none', stroke: colour, 'stroke-width': 2 })}/>`, ...dots, label].join('');
  });
  const captions = [
    text({ x: frame.left + frame.width / 2, y: bottom + 40, anchor: 'middle', colour: colours.faint }, 'entries of the hosts file'),
    text({ x: 14, y: 54, colour: colours.faint }, 'CPU µs per answer'),
  ];
  const size = { width: frame.left + frame.width + 110, height: bottom + 60 };
  return document(
    { ...size, title: 'What a look-up costs as the hosts file grows (flat is good)', note: '' },
    [...axis, ...lines, ...captions].join('\n'),
  );
}

/** Moves labels down until each has room below the one before it. */
function apart(wanted: readonly number[], room = 16): readonly number[] {
  const order = wanted.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const placed: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { value, index } of order) {
    last = Math.max(value, last + room);
    placed[index] = last;
  }
  return placed;
}

function tickMark(x: number, { top, bottom }: { readonly top: number; readonly bottom: number }, label: string): string {
  const rule = line({ x, y: top }, { x, y: bottom + 4 }, colours.grid);
  return rule + text({ x, y: bottom + 18, anchor: 'middle', colour: colours.faint }, label);
}

/** Places panels in rows; each row is as high as its highest panel. */
function layOut(rowCounts: readonly number[]) {
  const heights: number[] = [];
  rowCounts.forEach((count, index) => {
    const row = Math.floor(index / COLUMNS);
    heights[row] = Math.max(heights[row] ?? 0, PANEL_HEAD + count * ROW + PANEL_FOOT);
  });
  const above = (row: number): number => heights.slice(0, row).reduce((sum, height) => sum + height, HEAD);
  return {
    size: { width: Math.min(rowCounts.length, COLUMNS) * PANEL_WIDTH + 24, height: above(heights.length) + 8 },
    place: (index: number) => ({ x: 12 + (index % COLUMNS) * PANEL_WIDTH, y: above(Math.floor(index / COLUMNS)) }),
  };
}

/** Three digits at most, without decimals that say nothing. */
function short(value: number): string {
  return Number(value.toPrecision(value >= 100 ? 3 : 2)).toLocaleString('en');
}
