// What a run says as a whole, and how far it is from the aims.
import { expect, test } from 'vitest';
import { judge } from '../../bench/aims.ts';
import type { SaturationRun } from '../../bench/load.ts';
import type { ServerResult, WorkloadResult } from '../../bench/measure.ts';
import { formatSummary } from '../../bench/summary.ts';
import { peerWorkloads } from '../../bench/workloads.ts';

function server(name: string, cpu: number, p99 = 1): ServerResult {
  const run: SaturationRun = {
    cpuMicrosecondsPerAnswer: cpu,
    answersPerSecond: 1e6 / cpu,
    coreShare: 1,
    lossPercent: 0,
    wrongAnswers: 0,
    upstreamShare: 0,
    residentMebibytes: 120,
  };
  return { server: name, startMilliseconds: 250, peakMebibytes: 130, saturation: [run], latency: [{ p50: 0.1, p99, p999: 2, lossPercent: 0 }] };
}

function cached(...servers: readonly ServerResult[]): readonly WorkloadResult[] {
  const workload = peerWorkloads.find(({ name }) => name === 'cached');
  if (workload === undefined) throw new Error('no workload cached');
  return [{ workload, latencyRate: 20_000, servers, leftOut: [] }];
}

test('an aim is a ratio within one run', () => {
  const verdicts = judge(cached(server('ferrydns', 6), server('coredns', 24), server('floor', 4)));
  expect(verdicts.find(({ aim }) => aim === 'CPU per answer ÷ coredns')).toMatchObject({ limit: 0.2, measured: 0.25 });
  expect(verdicts.find(({ aim }) => aim === 'CPU per answer ÷ floor')).toMatchObject({ limit: 1.6, measured: 1.5 });
});

test('an aim against a server that did not run is not judged', () => {
  const named = judge(cached(server('ferrydns', 6), server('coredns', 24))).map(({ aim }) => aim);
  expect(named).not.toContain('CPU per answer ÷ unbound');
  expect(named).toContain('resident MiB');
});

test('the summary says by how much an aim is missed', () => {
  const text = formatSummary(cached(server('ferrydns', 6), server('coredns', 24)));
  expect(text).toMatch(/cached: CPU per answer ÷ coredns +\| ≤ 0\.20 \| +0\.25 \| +missed by 25 %/);
  expect(text).toMatch(/cached: start to first answer, ms +\| +≤ 120 \| +250 \| +missed by 108 %/);
});

test('a server without runs is no ratio', () => {
  const text = formatSummary(cached(server('ferrydns', 6), { ...server('unbound', 5), saturation: [] }));
  expect(text).not.toContain('cached ÷ unbound');
});
