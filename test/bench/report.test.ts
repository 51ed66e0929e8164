// Tables, ratios, remarks and JSON made of what was measured.
import { expect, test } from 'vitest';
import type { LatencyRun, SaturationRun } from '../../bench/load.ts';
import type { ServerResult, WorkloadResult } from '../../bench/measure.ts';
import { formatWorkload, fromJson, ratiosTo, remarks, toJson } from '../../bench/report.ts';
import { workloads } from '../../bench/workloads.ts';

const saturationRun: SaturationRun = {
  cpuMicrosecondsPerAnswer: 20,
  answersPerSecond: 50_000,
  coreShare: 1,
  lossPercent: 0,
  wrongAnswers: 0,
  upstreamShare: 0,
  residentMebibytes: 60,
};
const latencyRun: LatencyRun = { p50: 0.1, p99: 2, p999: 3, lossPercent: 0 };
const coredns: ServerResult = {
  server: 'coredns',
  startMilliseconds: 40,
  peakMebibytes: 70,
  saturation: [saturationRun, { ...saturationRun, cpuMicrosecondsPerAnswer: 30 }],
  latency: [latencyRun, latencyRun],
};
const ferrydns: ServerResult = {
  ...coredns,
  server: 'ferrydns',
  saturation: coredns.saturation.map((run) => ({
    ...run,
    cpuMicrosecondsPerAnswer: run.cpuMicrosecondsPerAnswer / 2,
    answersPerSecond: 100_000,
  })),
};

function cached(...servers: readonly ServerResult[]): WorkloadResult {
  const workload = workloads.find(({ name }) => name === 'cached');
  if (workload === undefined) throw new Error('no workload cached');
  return { workload, latencyRate: 25_000, servers, leftOut: [] };
}

function withRun(change: Partial<SaturationRun>): ServerResult {
  return { ...ferrydns, saturation: [{ ...saturationRun, ...change }] };
}

test('ratios are against the baseline, below one where less was used', () => {
  expect(ratiosTo(ferrydns, coredns)).toEqual({ cpuPerAnswer: 0.5, rate: 2, p50: 1, p99: 1, p999: 1, resident: 1 });
});

test('there are no ratios without a baseline', () => {
  expect(ratiosTo(ferrydns, undefined)).toBeUndefined();
  expect(ratiosTo(ferrydns, { ...coredns, saturation: [] })).toBeUndefined();
});

test('the table has a line for each server with the median, the ends and the ratios', () => {
  const lines = formatWorkload(cached(ferrydns, coredns), 'coredns').split('\n');
  const cellsOf = (server: string): readonly string[] | undefined =>
    lines
      .find((line) => line.startsWith(`| ${server} `))
      ?.split('|')
      .map((cell) => cell.trim());
  expect(cellsOf('coredns')?.slice(1, 4)).toEqual(['coredns', '25.0 (20.0–30.0)', '50,000 (50,000–50,000)']);
  expect(cellsOf('ferrydns')?.slice(-5, -1)).toEqual(['0.50', '2.00', '1.00', '1.00']);
  expect(new Set(lines.filter((line) => line.startsWith('|')).map((line) => line.length)).size).toBe(1);
});

test('a server that failed before its first run has no line, but its reason is told', () => {
  const failed = { ...ferrydns, saturation: [], latency: [], failure: 'ended with code 1' };
  const text = formatWorkload(cached(failed, coredns), 'coredns');
  expect(text).not.toContain('| ferrydns');
  expect(text).toContain('* ferrydns: failed: ended with code 1');
});

test('a clean result needs no remark', () => {
  expect(remarks(cached(ferrydns, coredns))).toEqual([]);
});

test.each([
  [withRun({ wrongAnswers: 3 }), 'up to 3 answers a run were not NOERROR'],
  [withRun({ upstreamShare: 0.5 }), 'the upstream was asked 0.500 to 0.500 times a query'],
  [withRun({ coreShare: 0.4 }), 'used 40 % of its core only'],
  [{ ...ferrydns, latency: [{ ...latencyRun, lossPercent: 5 }] }, 'lost 5.0 % of the queries at the fixed rate'],
])('a figure that proves little is remarked on (%#)', (server, remark) => {
  expect(remarks(cached(server)).join()).toContain(remark);
});

test('the JSON holds every run, the summaries and the ratios', () => {
  const circumstances = {
    startedAt: '2026-01-01T00:00:00.000Z',
    machine: { processor: 'x', cores: 2, kernel: '6', pinned: true },
    versions: { coredns: 'CoreDNS-1.14.7' },
    seconds: 3,
    rounds: 2,
  };
  const written = JSON.parse(toJson(circumstances, { results: [cached(ferrydns, coredns)], pod: [] }, 'coredns'));
  expect(written).toMatchObject({
    ...circumstances,
    baseline: 'coredns',
    workloads: [
      {
        workload: 'cached',
        latencyRate: 25_000,
        servers: [
          {
            server: 'ferrydns',
            saturation: ferrydns.saturation,
            latency: ferrydns.latency,
            summary: {
              cpuMicrosecondsPerAnswer: { median: 12.5, min: 10, max: 15 },
              p99: { median: 2 },
            },
            ratios: { cpuPerAnswer: 0.5 },
          },
          { server: 'coredns' },
        ],
      },
    ],
  });
});

test('a run is read back from its JSON as it was written', () => {
  const circumstances = {
    startedAt: '2026-01-01T00:00:00.000Z',
    machine: { processor: 'x', cores: 2, kernel: '6', pinned: true },
    versions: {},
    seconds: 3,
    rounds: 2,
  };
  const result = { ...cached(ferrydns, coredns), leftOut: [{ server: 'floor', why: 'it looks nothing up' }] };
  const read = fromJson(toJson(circumstances, { results: [result], pod: [] }, 'coredns'), workloads);
  expect(formatWorkload(read.results[0] ?? cached(), 'coredns')).toBe(formatWorkload(result, 'coredns'));
  expect(() => fromJson(toJson(circumstances, { results: [result], pod: [] }, 'coredns'), [])).toThrow('there is no workload "cached" any more');
});

test('a server that cannot do a workload is named with the reason', () => {
  const result = { ...cached(ferrydns), leftOut: [{ server: 'floor', why: 'it looks nothing up' }] };
  expect(remarks(result)).toEqual(['floor is left out: it looks nothing up']);
});
