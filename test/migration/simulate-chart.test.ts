// The drawing of a simulation: complete, the same every time, readable by itself.
import { expect, test } from 'vitest';
import type { PlanOptions } from '../../src/migration/plan.ts';
import { drawDrain } from '../../src/migration/simulator/drain-chart.ts';
import type { Simulation } from '../../src/migration/simulator/run.ts';
import { simulate } from '../../src/migration/simulator/simulate.ts';
import { planFor } from './scenarios.ts';

function drawn(options: Partial<Simulation> = {}, plan: Partial<PlanOptions> = {}): string {
  const fence = { command: ['fence'], timeout: 10 };
  const simulation: Simulation = {
    plan: planFor({ mode: 'exclusive', ttl: 20, advance: 'auto', caches: [{ kind: 'jvm', seconds: 30 }], fence, ...plan }),
    clients: 2000,
    seed: 1,
    until: 150,
    ...options,
  };
  return drawDrain(simulate(simulation), simulation);
}

/** The points of a curve. */
function points(svg: string, look: string): readonly (readonly number[])[] {
  const found = new RegExp(`<polyline class="line ${look}" points="([^"]*)"`).exec(svg)?.[1] ?? '';
  return found.split(' ').map((pair) => pair.split(',').map(Number));
}

test('shows both curves, every phase, who waits, and when A may be switched off', () => {
  const svg = drawn();
  for (const phase of ['lowering', 'countdown', 'flipping', 'draining', 'done']) expect(svg).toContain(`>${phase}</text>`);
  expect(svg).toContain('>A may be switched off: 91 s</text>');
  expect(svg).toContain('>on A</text>');
  expect(svg).toContain('>waiting for an answer</text>');
  expect(svg).toContain('2,000 clients; the last leaves A after');
  const [a, b] = [points(svg, 'a'), points(svg, 'b')];
  expect(a[0]?.[1]).toBeLessThan(b[0]?.[1] ?? 0);
  expect(a.at(-1)?.[1]).toBe(b[0]?.[1]);
  expect(a.at(-1)?.[0]).toBe(b.at(-1)?.[0]);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test('reaches as high as there were clients at one time', () => {
  const svg = drawn({ arrival: { kind: 'poisson', rate: 20 } });
  const top = Math.min(...[...points(svg, 'a'), ...points(svg, 'b')].map(([, y = Number.NaN]) => y));
  expect(top).toBeLessThan(180);
  expect(svg).not.toContain('>2,000</text>');
});

test('is well-formed: what is opened is closed, and names cannot break it', () => {
  const svg = drawn({}, { name: 'a<b>&"c' });
  expect(svg).toContain('Move a&lt;b&gt;&amp;"c: clients');
  const open: string[] = [];
  for (const [, close, tag = '', rest = ''] of svg.matchAll(/<(\/?)(\w+)([^>]*)>/g)) {
    if (close === '/') expect(open.pop()).toBe(tag);
    else if (!rest.endsWith('/')) open.push(tag);
  }
  expect(open).toEqual([]);
});

test('has colours of its own for a dark ground, and needs nothing from outside', () => {
  const svg = drawn();
  expect(svg).toContain('@media (prefers-color-scheme: dark)');
  const style = /<style>(.*?)<\/style>/s.exec(svg)?.[1] ?? '';
  const [light = '', dark = ''] = style.split('@media');
  for (const look of ['ground', 'band', 'grid', 'axis', 'faint', 'a', 'b', 'waiting', 'horizon', 'split']) {
    expect(light, look).toContain(`.${look} {`);
    expect(dark, look).toContain(`.${look} {`);
  }
  for (const [, used = ''] of svg.matchAll(/class="([^"]+)"/g)) for (const look of used.split(' ')) expect(style).toContain(`.${look} {`);
  expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|url\(|<image|<script|<path/);
});

test('marks where A and B are in use side by side against the plan, and only there', () => {
  expect(drawn()).not.toContain('<rect class="split"');
  expect(drawn({ violators: 0.1, stretch: 40 }, { fence: null })).toContain('<rect class="split"');
  expect(drawn({}, { mode: 'blend', fence: null, weight: 50 })).not.toContain('<rect class="split"');
});

test('no name of a phase is crossed by the line of another', () => {
  const svg = drawn();
  const names = [...svg.matchAll(/<text class="faint" x="([\d.]+)" y="([\d.]+)" font-size="12"[^>]*>(\w+)<\/text>/g)].map(([, x, y, phase = '']) => ({
    from: Number(x),
    to: Number(x) + 6 * phase.length,
    y: Number(y),
  }));
  const lines = [...svg.matchAll(/<line class="grid" x1="([\d.]+)" y1="([\d.]+)" x2="\1"/g)].map(([, x, top]) => ({
    x: Number(x),
    top: Number(top),
  }));
  expect(names.length).toBe(5);
  expect(lines.length).toBe(5);
  for (const { from, to, y } of names) expect(lines.filter(({ x, top }) => x > from && x < to && top < y)).toEqual([]);
});

test('when A may be switched off stands above the curves and below the legend', () => {
  const svg = drawn();
  const at = Number(/<text class="horizon" x="[\d.]+" y="([\d.]+)"/.exec(svg)?.[1]);
  const curves = [...points(svg, 'a'), ...points(svg, 'b')].map(([, y = Number.NaN]) => y);
  const names = [...svg.matchAll(/<text class="faint" x="[\d.]+" y="([\d.]+)" font-size="12"[^>]*>[a-z]+</g)].map(([, y]) => Number(y));
  expect(at).toBeLessThan(Math.min(...curves, ...names) - 12);
  expect(at).toBeGreaterThan(74 + 12);
});

test('a seed gives the same bytes, a long simulation no more than a screen can show', () => {
  expect(drawn()).toBe(drawn());
  expect(drawn({ seed: 2 })).not.toBe(drawn());
  const long = drawn({ until: 6000, clients: 500 }, { mode: 'blend', weight: 50, pace: 5000, fence: null });
  expect(long.length).toBeLessThan(100_000);
  expect(points(long, 'a').length).toBeGreaterThan(100);
});
