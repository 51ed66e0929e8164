// The workload `pod`: its table and its aims.
import { expect, test } from 'vitest';
import { formatPod, judgePod, type PodResult } from '../../bench/pod.ts';
import { formatSummary } from '../../bench/summary.ts';

function result(server: string, residentMebibytes: number): PodResult {
  const memory = { startMebibytes: 60, residentMebibytes, peakMebibytes: residentMebibytes + 5, mebibytesPerMinute: 0.5 };
  return { server, ...memory, hitsPerSecond: 8000, missesPerSecond: 7990, lossPercent: 0, coreShare: 0.6, samples: [residentMebibytes] };
}

test('memory is held against CoreDNS in the same run, and against limits', () => {
  const text = formatSummary([], judgePod([result('ferrydns', 120), result('coredns', 80)]));
  expect(text).toMatch(/pod: resident ÷ coredns +\| ≤ 1\.30 \| +1\.50 \| +missed by 15 %/);
  expect(text).toMatch(/pod: peak MiB +\| +≤ 110 \| +125 \| +missed by 14 %/);
  expect(text).toMatch(/pod: MiB a minute after the first +\| +≤ 1\.00 \| +0\.50 \| +met/);
});

test('without CoreDNS the ratio is not judged', () => {
  expect(judgePod([result('ferrydns', 90)]).map(({ aim }) => aim)).toEqual(['peak MiB', 'MiB a minute after the first', 'resident MiB at the start']);
  expect(judgePod([])).toEqual([]);
});

test('a server that failed is named with the reason, and has no row', () => {
  const text = formatPod([result('ferrydns', 90), { ...result('coredns', Number.NaN), failure: 'coredns ended with SIGKILL' }], 180);
  expect(text).toContain('* coredns: failed: coredns ended with SIGKILL');
  expect(text).not.toMatch(/^\| coredns/m);
});
