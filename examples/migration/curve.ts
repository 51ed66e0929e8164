// Draws the share of clients on DNS A over time as an SVG: the theory as a line, what was measured as points.
import { looksPerTtl, type StoryResult } from './life.ts';
import { expectedShare, type Phases } from './theory.ts';

const width = 960;
const height = 480;
const frame = { left: 72, right: 24, top: 84, bottom: 64 };
const plot = { width: width - frame.left - frame.right, height: height - frame.top - frame.bottom };
const ink = { text: '#1f2933', faint: '#52606d', grid: '#d9e2ec', band: '#f5f7fa', theory: '#d9822b', point: '#0b5fa5' };

/** The clients whose story is drawn. */
interface Drawn {
  readonly clients: number;
  readonly phases: Phases;
}

/** A whole SVG document. */
export function drawCurve(result: StoryResult, options: Drawn): string {
  const end = result.stages.reduce((sum, { length }) => sum + length, 0);
  const x = (ttls: number) => round(frame.left + (plot.width * ttls) / end);
  const y = (share: number) => round(frame.top + plot.height * (1 - share));
  const scales = { x, y, end };
  const how = options.phases === 'spread' ? 'asking at times spread over the TTL' : 'asking in step';
  const parts = [
    text({ x: frame.left, y: 28, size: 19, weight: 600 }, 'Share of clients that use DNS A'),
    text(
      { x: frame.left, y: 50, size: 13, fill: ink.faint },
      `${options.clients.toLocaleString('en')} clients that keep to the TTL of ${result.ttl} s, ${how}`,
    ),
    ...legend(),
    ...bands(result, scales),
    ...axes(scales),
    `<polyline fill="none" stroke="${ink.theory}" stroke-width="2" stroke-linejoin="round" points="${theory(result, options, scales).join(' ')}"/>`,
    ...[{ time: 0, measured: 1 }, ...result.looks].map(
      ({ time, measured }) => `<circle cx="${x(time)}" cy="${y(measured)}" r="3.2" fill="${ink.point}" stroke="#fff" stroke-width="0.8"/>`,
    ),
  ];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif">`;
  return [
    head,
    '<title>Share of clients that use DNS A</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

interface Scales {
  readonly x: (ttls: number) => number;
  readonly y: (share: number) => number;
  /** TTLs. */
  readonly end: number;
}

function legend(): string[] {
  const at = width - frame.right - 190;
  return [
    `<line x1="${at}" y1="24" x2="${at + 26}" y2="24" stroke="${ink.theory}" stroke-width="2"/>`,
    text({ x: at + 34, y: 28, size: 12 }, 'theory'),
    `<circle cx="${at + 103}" cy="24" r="3.2" fill="${ink.point}"/>`,
    text({ x: at + 113, y: 28, size: 12 }, 'measured'),
  ];
}

/** Every stage as a strip with its name above. */
function bands({ stages }: StoryResult, { x }: Scales): string[] {
  return stages.flatMap(({ name, start, length }, i) => {
    const box = { x: x(start), width: round(x(start + length) - x(start)) };
    const strip = `<rect x="${box.x}" y="${frame.top}" width="${box.width}" height="${plot.height}" fill="${i % 2 === 0 ? ink.band : '#fff'}"/>`;
    const border = `<line x1="${box.x}" y1="${frame.top}" x2="${box.x}" y2="${frame.top + plot.height}" stroke="${ink.grid}" stroke-dasharray="3 3"/>`;
    return [strip, border, text({ x: round(box.x + box.width / 2), y: frame.top - 8, size: 12, anchor: 'middle', fill: ink.faint }, name)];
  });
}

function axes({ x, y, end }: Scales): string[] {
  const shares = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<line x1="${x(0)}" y1="${y(share)}" x2="${x(end)}" y2="${y(share)}" stroke="${share === 0 ? ink.faint : ink.grid}"/>`,
    text({ x: frame.left - 10, y: y(share) + 4, size: 12, anchor: 'end' }, `${100 * share} %`),
  ]);
  const times = Array.from({ length: end + 1 }, (_, ttls) => [
    `<line x1="${x(ttls)}" y1="${y(0)}" x2="${x(ttls)}" y2="${y(0) + 5}" stroke="${ink.faint}"/>`,
    text({ x: x(ttls), y: y(0) + 20, size: 12, anchor: 'middle' }, `${ttls}`),
  ]).flat();
  const label = text({ x: frame.left + plot.width / 2, y: height - 18, size: 13, anchor: 'middle', fill: ink.faint }, 'time in TTLs');
  return [...shares, ...times, label];
}

/** Straight from look to look for spread phases; finer for clients in step, whose share falls in steps. */
function theory({ stages }: StoryResult, { phases }: Drawn, { x, y }: Scales): string[] {
  const points: string[] = [];
  let before = 1;
  const pointsPerTtl = looksPerTtl * 25;
  for (const { course, start, length } of stages) {
    for (let step = 0; step <= length * pointsPerTtl; step++) {
      const ttls = step / pointsPerTtl;
      points.push(`${x(start + ttls)},${y(expectedShare(course, before, ttls, phases))}`);
    }
    before = expectedShare(course, before, length, phases);
  }
  return points;
}

interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly weight?: number;
  readonly fill?: string;
}

function text({ x, y, size, anchor = 'start', weight = 400, fill = ink.text }: TextStyle, content: string): string {
  return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" font-weight="${weight}" fill="${fill}">${content}</text>`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
