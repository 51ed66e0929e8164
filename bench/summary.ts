// What a run says as a whole: CPU time per answer in every workload, what ferrydns is to each other server, and the aims.
import { judge, type Verdict } from './aims.ts';
import type { WorkloadResult } from './measure.ts';
import { type Ratios, ratiosTo } from './report.ts';
import { SUBJECT } from './servers/index.ts';
import { median } from './statistics.ts';
import { number, table } from './table.ts';

const FIGURES: readonly (readonly [heading: string, key: keyof Ratios])[] = [
  ['CPU', 'cpuPerAnswer'],
  ['rate', 'rate'],
  ['p50', 'p50'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
  ['RSS', 'resident'],
];

/** Markdown. Empty tables, as of a run with one server, are left out. `more` are aims that are judged elsewhere. */
export function formatSummary(results: readonly WorkloadResult[], more: readonly Verdict[] = []): string {
  const others = serverNames(results).filter((name) => name !== SUBJECT);
  const verdicts = [...judge(results), ...more];
  const parts = [
    ...(results.length === 0 ? [] : [['### CPU µs per answer', cpuTable(results)]]),
    ...(others.length === 0 ? [] : [[`### ${SUBJECT} ÷ each other server`, ratioTable(results)]]),
    ...(verdicts.length === 0 ? [] : [['### Aims', aimTable(verdicts)]]),
  ];
  return parts.flat().join('\n\n');
}

function cpuTable(results: readonly WorkloadResult[]): string {
  const names = serverNames(results);
  const rows = results.map(({ workload, servers }) => [
    workload.name,
    ...names.map((name) => {
      const runs = servers.find(({ server }) => server === name)?.saturation ?? [];
      return number(median(runs.map(({ cpuMicrosecondsPerAnswer }) => cpuMicrosecondsPerAnswer)), 1);
    }),
  ]);
  return table([['workload', ...names], ...rows]);
}

function ratioTable(results: readonly WorkloadResult[]): string {
  const rows = results.flatMap(({ workload, servers }) => {
    const subject = servers.find(({ server }) => server === SUBJECT);
    if (subject === undefined) return [];
    return servers
      .filter((server) => server !== subject)
      .flatMap((server) => {
        const ratios = ratiosTo(subject, server);
        return ratios === undefined ? [] : [[`${workload.name} ÷ ${server.server}`, ...FIGURES.map(([, key]) => number(ratios[key], 2))]];
      });
  });
  return table([['workload ÷ server', ...FIGURES.map(([heading]) => heading)], ...rows]);
}

function aimTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ workload, aim, limit, measured }) => [
    `${workload}: ${aim}`,
    `≤ ${number(limit, limit < 10 ? 2 : 0)}`,
    number(measured, limit < 10 ? 2 : 0),
    measured <= limit ? 'met' : `missed by ${missedBy(measured / limit)}`,
  ]);
  return table([['aim', 'limit', 'measured', ''], ...rows]);
}

function missedBy(ratio: number): string {
  return ratio < 1.01 ? 'less than 1 %' : `${number(100 * (ratio - 1), 0)} %`;
}

function serverNames(results: readonly WorkloadResult[]): readonly string[] {
  return [...new Set(results.flatMap(({ servers }) => servers.map(({ server }) => server)))];
}
