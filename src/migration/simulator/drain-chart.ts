// Draws an outcome as an SVG: clients on A and on B over time, the phases, and when A may be switched off. Readable on light and dark ground.
import { mostPresent, type Outcome } from './outcome.ts';
import type { Simulation } from './run.ts';

const width = 960;
const frame = { left: 84, right: 24, top: 166, bottom: 64 };
const plot = { width: width - frame.left - frame.right, height: 300 };
const height = frame.top + plot.height + frame.bottom;
const bottom = frame.top + plot.height;
const rowsOfNames = 4;
/** Between the legend and the names of phases, where no curve is. */
const horizonHeight = 96;

/** Colours as classes, so that a viewer in the dark has its own; all of them stand out from both grounds by 4.5 to 1 where text is set in them. */
const style = `
  .ground { fill: #ffffff } .band { fill: #f3f5f8 } .grid { stroke: #d9e2ec } .axis { stroke: #52606d }
  text { fill: #1f2933 } text.faint { fill: #52606d }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  .a { stroke: #b3541e } .b { stroke: #0b5fa5 } .waiting { stroke: #6b4fa0; stroke-dasharray: 5 3 } .horizon { stroke: #1f7a3d; stroke-dasharray: 2 3 }
  text.horizon { fill: #1f7a3d; stroke: #ffffff; stroke-width: 4; stroke-dasharray: none; paint-order: stroke } .split { fill: #b3541e; opacity: 0.16 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #14181d } .band { fill: #1b2128 } .grid { stroke: #323c47 } .axis { stroke: #9aa5b1 }
    text { fill: #e4e7eb } text.faint { fill: #9aa5b1 }
    .a { stroke: #f0a35e } .b { stroke: #6cb4f0 } .waiting { stroke: #b9a3e3 } .horizon { stroke: #6fcf8f } text.horizon { fill: #6fcf8f; stroke: #14181d } .split { fill: #f0a35e }
  }`;

interface Scales {
  readonly x: (seconds: number) => number;
  readonly y: (clients: number) => number;
  readonly until: number;
}

/** A whole SVG document; the same outcome gives the same bytes. */
export function drawDrain(outcome: Outcome, { plan, clients, until, mixed }: Simulation): string {
  const most = mostPresent(outcome);
  const scales: Scales = {
    x: (seconds) => round(frame.left + (plot.width * seconds) / until),
    y: (count) => round(frame.top + plot.height * (1 - count / most)),
    until,
  };
  const waits = outcome.waiting.some((count) => count > 0);
  const title = mixed === undefined ? `Move ${plan.name}: clients on A and on B` : `Without a plan, ${plan.name}: clients on A and on B`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    text({ x: frame.left, y: 30, size: 19 }, title),
    text({ x: frame.left, y: 52, size: 13, look: 'faint' }, summary(outcome, clients)),
    ...legend(waits),
    ...bands(outcome.phases, scales),
    ...(plan.mode === 'exclusive' ? split(outcome.split, scales) : []),
    ...axes(most, scales),
    ...(waits ? [curve('waiting', outcome.waiting, scales)] : []),
    curve('a', outcome.onA, scales),
    curve('b', outcome.onB, scales),
    ...horizon(outcome.horizon, scales),
    '</svg>',
    '',
  ].join('\n');
}

function summary({ lastOnA, stayed, splitBrain, silence }: Outcome, clients: number): string {
  const last = lastOnA === null ? `${grouped(stayed)} are on A at the end` : `the last leaves A after ${seconds(lastOnA)}`;
  return `${grouped(clients)} clients; ${last}; A and B side by side for ${seconds(splitBrain)}; longest without an answer ${seconds(silence)}`;
}

function legend(waits: boolean): string[] {
  const entries = [['a', 'on A'], ['b', 'on B'], ...(waits ? [['waiting', 'waiting for an answer']] : [])] as const;
  return entries.flatMap(([look, name], i) => {
    const x = frame.left + i * 90;
    return [`<line class="line ${look}" x1="${x}" y1="70" x2="${x + 26}" y2="70"/>`, text({ x: x + 33, y: 74, size: 12 }, name)];
  });
}

/** Every phase as a strip; its name stands above where it begins. */
function bands(phases: Outcome['phases'], { x, until }: Scales): string[] {
  const starts = phases.map(({ at }) => x(at));
  const rows = rowsOf(starts.map((start, i) => ({ start, end: start + 7 * (phases[i]?.phase.length ?? 0) + 12 })));
  return phases.flatMap(({ phase, at }, i) => {
    const start = x(at);
    const end = x(phases[i + 1]?.at ?? until);
    const y = frame.top - 8 - 15 * (rows[i] ?? 0);
    return [
      ...(i % 2 === 0 ? [`<rect class="band" x="${start}" y="${frame.top}" width="${round(end - start)}" height="${plot.height}"/>`] : []),
      `<line class="grid" x1="${start}" y1="${y - 10}" x2="${start}" y2="${bottom}"/>`,
      text({ x: start + 4, y, size: 12, look: 'faint' }, phase),
    ];
  });
}

/** A name that reaches beyond where the next begins stands above it, so that no line crosses a name. */
function rowsOf(names: readonly { readonly start: number; readonly end: number }[]): readonly number[] {
  const rows: number[] = [];
  for (let i = names.length - 1; i >= 0; i--) {
    const end = names[i]?.end ?? 0;
    const below = names.slice(i + 1).map(({ start }, k) => (start < end ? (rows[i + 1 + k] ?? 0) + 1 : 0));
    rows[i] = Math.min(rowsOfNames - 1, Math.max(0, ...below));
  }
  return rows;
}

/** The time with A and B in use side by side, where that must not be. */
function split(window: Outcome['split'], { x }: Scales): string[] {
  if (window === null) return [];
  const start = x(window.from);
  return [`<rect class="split" x="${start}" y="${frame.top}" width="${round(x(window.to) - start)}" height="${plot.height}"/>`];
}

function axes(most: number, { x, y, until }: Scales): string[] {
  const counts = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => [
    `<line class="${part === 0 ? 'axis' : 'grid'}" x1="${x(0)}" y1="${y(part * most)}" x2="${x(until)}" y2="${y(part * most)}"/>`,
    text({ x: frame.left - 10, y: y(part * most) + 4, size: 12, anchor: 'end' }, grouped(Math.round(part * most))),
  ]);
  const every = stepOf(until);
  const times = Array.from({ length: Math.floor(until / every) + 1 }, (_, i) => i * every).flatMap((time) => [
    `<line class="axis" x1="${x(time)}" y1="${bottom}" x2="${x(time)}" y2="${bottom + 5}"/>`,
    text({ x: x(time), y: bottom + 20, size: 12, anchor: 'middle' }, grouped(time)),
  ]);
  const label = text({ x: frame.left + plot.width / 2, y: height - 18, size: 13, anchor: 'middle', look: 'faint' }, 'seconds after the start');
  return [...counts, ...times, label];
}

/** Whole steps of 1, 2 or 5 by a power of ten, a dozen of them at most. */
function stepOf(until: number): number {
  const least = until / 12;
  const ten = 10 ** Math.max(0, Math.floor(Math.log10(least)));
  return [1, 2, 5, 10].map((factor) => factor * ten).find((step) => step >= least) ?? ten * 10;
}

/** One point per second, without those on a straight line between their neighbours; of a long time at most four per unit of width. */
function curve(look: string, counts: Uint32Array, { x, y }: Scales): string {
  const every = Math.max(1, Math.ceil(counts.length / (4 * plot.width)));
  const points: string[] = [];
  for (let second = 0; second < counts.length; second += every) {
    const [before, now, after] = [counts[second - every], counts[second], counts[second + every]];
    if (now === undefined || (before !== undefined && after !== undefined && now - before === after - now)) continue;
    points.push(`${x(second)},${y(now)}`);
  }
  return `<polyline class="line ${look}" points="${points.join(' ')}"/>`;
}

function horizon(at: number | null, { x, until }: Scales): string[] {
  if (at === null || at > until) return [];
  const [place, right] = [x(at), x(at) > frame.left + plot.width * 0.75];
  return [
    `<line class="line horizon" x1="${place}" y1="${frame.top}" x2="${place}" y2="${bottom}"/>`,
    text(
      { x: place + (right ? -6 : 6), y: horizonHeight, size: 12, anchor: right ? 'end' : 'start', look: 'horizon' },
      `A may be switched off: ${seconds(at)}`,
    ),
  ];
}

interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly look?: string;
}

function text({ x, y, size, anchor = 'start', look }: TextStyle, content: string): string {
  const named = look === undefined ? '' : ` class="${look}"`;
  return `<text${named} x="${round(x)}" y="${round(y)}" font-size="${size}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function seconds(length: number): string {
  return `${Number(length.toFixed(1))} s`;
}

/** Thousands apart, whatever the locale of the machine. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
