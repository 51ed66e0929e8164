// The plots of a run.
import { expect, test } from 'vitest';
import type { LatencyRun, SaturationRun } from '../../bench/load.ts';
import type { WorkloadResult } from '../../bench/measure.ts';
import { plots } from '../../bench/plots.ts';
import { niceTicks, text } from '../../bench/svg.ts';
import { peerWorkloads, type Workload } from '../../bench/workloads.ts';

const run: SaturationRun = {
  cpuMicrosecondsPerAnswer: 5,
  answersPerSecond: 50_000,
  coreShare: 1,
  lossPercent: 0,
  wrongAnswers: 0,
  upstreamShare: 0,
  residentMebibytes: 60,
};
const latency: LatencyRun = { p50: 0.1, p99: 2, p999: 3, lossPercent: 0 };

function measured(workload: Workload): WorkloadResult {
  const figures = { startMilliseconds: 40, peakMebibytes: 70, saturation: [run], latency: workload.paced ? [latency] : [] };
  const servers = ['ferrydns', 'coredns'].map((server) => ({ ...figures, server }));
  return { workload, latencyRate: 25_000, servers, leftOut: [] };
}

const drawn = plots(peerWorkloads.map(measured));
const named = (name: string): string => drawn.find((plot) => plot.name === name)?.svg ?? '';

test('there is a plot for CPU time, for the rate, for latency and for the growth of the hosts file', () => {
  expect(drawn.map(({ name }) => name)).toEqual(['cpu.svg', 'rate.svg', 'latency.svg', 'growth.svg']);
});

test('every workload and every server is named, with the unit of the axis', () => {
  const svg = named('cpu.svg');
  for (const { label } of peerWorkloads.filter(({ paced }) => paced)) expect(svg).toContain(`>${label}<`);
  expect(svg.match(/>ferrydns</g)).toHaveLength(peerWorkloads.filter(({ paced }) => paced).length);
  expect(svg).toContain('>µs, kernel included<');
});

test('growth has the number of entries on its axis', () => {
  for (const size of ['1,000', '10,000', '100,000', '1,000,000']) expect(named('growth.svg')).toContain(`>${size}<`);
});

test.each(drawn)('$name holds figures only', ({ svg }) => {
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test('nothing measured, nothing drawn', () => {
  expect(plots([])).toEqual([]);
});

test.each([
  [19.1, 4, [0, 5, 10, 15, 20]],
  [100, 4, [0, 50, 100]],
  [0.3, 3, [0, 0.1, 0.2, 0.3]],
  [0, 4, [0, 1]],
])('ticks up to %d are round figures', (most, count, ticks) => {
  expect(niceTicks(most, count)).toEqual(ticks);
});

test('a label cannot break out of its element', () => {
  expect(text({ x: 0, y: 0 }, 'a<b & "c"')).toContain('>a&lt;b &amp; &quot;c&quot;</text>');
});
