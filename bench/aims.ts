// The aims of ferrydns as ratios within one run, and how far a run is from them.
import type { SaturationRun } from './load.ts';
import type { ServerResult, WorkloadResult } from './measure.ts';
import { BASELINE, SUBJECT } from './servers/index.ts';
import { median, pairedRatio } from './statistics.ts';

/** One aim held against a run. */
export interface Verdict {
  readonly workload: string;
  readonly aim: string;
  readonly limit: number;
  readonly measured: number;
}

interface Aim {
  readonly workloads: readonly string[];
  readonly text: string;
  readonly limit: number;
  /** The figure that must not exceed the limit; NaN when the run does not have it. */
  measure(of: (server: string) => ServerResult | undefined): number;
}

const FROM_CACHE = ['cached', 'chain', 'nxdomain'];
const MEBIBYTES = 110;
/** Of the built package. */
const START_MILLISECONDS = 120;

const aims: readonly Aim[] = [
  cpuAim(FROM_CACHE, BASELINE, 1 / 5),
  cpuAim(FROM_CACHE, 'unbound', 1),
  cpuAim(FROM_CACHE, 'dnsdist', 1),
  cpuAim(FROM_CACHE, 'floor', 1.6),
  cpuAim(['misses'], BASELINE, 1 / 2),
  cpuAim(['template'], BASELINE, 1),
  cpuAim(['tcp', 'dot', 'doh'], BASELINE, 1),
  cpuAim(['tcp'], 'dnsdist', 1),
  {
    workloads: [...FROM_CACHE, 'misses', 'tcp', 'dot', 'doh'],
    text: `p99 ÷ ${BASELINE}`,
    limit: 1,
    measure: (of) => pairedRatio(column(of(SUBJECT)?.latency, 'p99'), column(of(BASELINE)?.latency, 'p99')),
  },
  {
    workloads: ['cached'],
    text: 'resident MiB',
    limit: MEBIBYTES,
    measure: (of) => median(column(of(SUBJECT)?.saturation, 'residentMebibytes')),
  },
  {
    workloads: ['cached', 'chain'],
    text: 'start to first answer, ms',
    limit: START_MILLISECONDS,
    measure: (of) => of(SUBJECT)?.startMilliseconds ?? Number.NaN,
  },
];

/** Every aim that the run can be held against. */
export function judge(results: readonly WorkloadResult[]): readonly Verdict[] {
  return results.flatMap(({ workload, servers }) =>
    aims
      .filter(({ workloads }) => workloads.includes(workload.name))
      .map(({ text, limit, measure }) => ({
        workload: workload.name,
        aim: text,
        limit,
        measured: measure((name) => servers.find(({ server }) => server === name)),
      }))
      .filter(({ measured }) => Number.isFinite(measured)),
  );
}

function cpuAim(workloads: readonly string[], server: string, limit: number): Aim {
  const cpu = (result: ServerResult | undefined): readonly number[] => column(result?.saturation, CPU);
  return { workloads, text: `CPU per answer ÷ ${server}`, limit, measure: (of) => pairedRatio(cpu(of(SUBJECT)), cpu(of(server))) };
}

const CPU: keyof SaturationRun = 'cpuMicrosecondsPerAnswer';

function column<T>(runs: readonly T[] | undefined, key: keyof T): readonly number[] {
  return (runs ?? []).map((run) => Number(run[key]));
}
