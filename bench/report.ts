// What a bench prints and writes: a table for each workload, remarks on runs that prove little, and everything as JSON.
import type { LatencyRun, SaturationRun } from './load.ts';
import type { ServerResult, WorkloadResult } from './measure.ts';
import type { PodResult } from './pod.ts';
import { pairedRatio, type Spread, spreadOf } from './statistics.ts';
import { number, table } from './table.ts';
import type { Workload } from './workloads.ts';

/** Where and how the figures came about. */
export interface Circumstances {
  readonly startedAt: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly kernel: string;
    readonly pinned: boolean;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly rounds: number;
}

/** Everything that a run has measured. */
export interface Results {
  readonly results: readonly WorkloadResult[];
  readonly pod: readonly PodResult[];
}

/** Medians over rounds of one server's figures divided by the baseline's; absent without a baseline. */
export interface Ratios {
  readonly cpuPerAnswer: number;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly resident: number;
}

const HEADINGS = ['server', 'CPU µs/answer', 'answers/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'loss %', 'RSS MiB', 'start ms'];
/** Below this share of its core the server was not the limit. */
const SATURATED = 0.85;
const NOTABLE_LOSS = 0.1;

/** A workload as a Markdown table that also reads well in a terminal, with remarks below it. */
export function formatWorkload(result: WorkloadResult, baseline: string): string {
  const { title } = result.workload;
  const base = result.servers.find(({ server }) => server === baseline);
  const rows = result.servers
    .filter(({ saturation }) => saturation.length > 0)
    .map((server) => [...cells(server), ...ratioCells(ratiosTo(server, base))]);
  const headings = [...HEADINGS, ...['CPU', 'rate', 'p99', 'RSS'].map((what) => `${what} ÷ ${baseline}`)];
  return [
    `### ${title}`,
    '',
    ...(rows.length === 0 ? [] : [latencyNote(result), '', table([headings, ...rows]), '']),
    ...remarks(result).map((remark) => `* ${remark}`),
  ]
    .join('\n')
    .trimEnd();
}

function latencyNote({ latencyRate, workload }: WorkloadResult): string {
  if (!workload.paced) return 'Latency at a fixed rate is not measured.';
  return `Latency at ${latencyRate.toLocaleString('en')} queries/s.`;
}

/** Everything that was measured, with the summaries the tables show. */
export function toJson(circumstances: Circumstances, { results, pod }: Results, baseline: string): string {
  const workloads = results.map((result) => {
    const base = result.servers.find(({ server }) => server === baseline);
    return {
      workload: result.workload.name,
      title: result.workload.title,
      latencyRate: result.latencyRate,
      leftOut: result.leftOut,
      servers: result.servers.map((server) => ({
        ...server,
        summary: { ...summarise(server.saturation), ...summarise(server.latency) },
        ratios: ratiosTo(server, base) ?? null,
      })),
      remarks: remarks(result),
    };
  });
  return `${JSON.stringify({ ...circumstances, baseline, workloads, pod }, null, 2)}\n`;
}

/** What {@link toJson} wrote, for another report. Throws when a workload is not known any more. */
export function fromJson(text: string, known: readonly Workload[]): Results & { readonly circumstances: Circumstances } {
  const { workloads, pod = [], ...circumstances } = JSON.parse(text) as Circumstances & { workloads: readonly Written[]; pod?: readonly PodResult[] };
  const results = workloads.map(({ workload: name, latencyRate, servers, leftOut }) => {
    const workload = known.find((candidate) => candidate.name === name);
    if (workload === undefined) throw new Error(`there is no workload "${name}" any more`);
    return { workload, latencyRate, servers, leftOut };
  });
  return { circumstances, results, pod };
}

interface Written extends Omit<WorkloadResult, 'workload'> {
  readonly workload: string;
}

/** The figures of `server` over those of `base`, or undefined when one of them has none. */
export function ratiosTo(server: ServerResult, base: ServerResult | undefined): Ratios | undefined {
  if (base === undefined || base.saturation.length === 0 || server.saturation.length === 0) return undefined;
  const saturation = (key: keyof SaturationRun): number => pairedRatio(column(server.saturation, key), column(base.saturation, key));
  const latency = (key: keyof LatencyRun): number => pairedRatio(column(server.latency, key), column(base.latency, key));
  return {
    cpuPerAnswer: saturation('cpuMicrosecondsPerAnswer'),
    rate: saturation('answersPerSecond'),
    p50: latency('p50'),
    p99: latency('p99'),
    p999: latency('p999'),
    resident: saturation('residentMebibytes'),
  };
}

/** Everything that makes a figure less than it seems. */
export function remarks({ workload, servers, leftOut }: WorkloadResult): readonly string[] {
  const absent = leftOut.map(({ server, why }) => `${server} is left out: ${why}`);
  const notes = servers.flatMap(({ server, failure, saturation, latency }) => {
    const found: string[] = [];
    if (failure !== undefined) found.push(`${server}: failed: ${failure}`);
    if (saturation.length === 0) return found;
    const wrong = Math.max(...column(saturation, 'wrongAnswers'));
    if (wrong > 0) found.push(`${server}: up to ${wrong} answers a run were not ${workload.rcode}`);
    const [least, most] = workload.upstream;
    const share = spreadOf(column(saturation, 'upstreamShare'));
    if (share.min < least || share.max > most)
      found.push(`${server}: the upstream was asked ${share.min.toFixed(3)} to ${share.max.toFixed(3)} times a query, expected ${least} to ${most}`);
    const busy = spreadOf(column(saturation, 'coreShare')).median;
    if (busy < SATURATED)
      found.push(
        `${server}: used ${(100 * busy).toFixed(0)} % of its core only, so its rate is that of the load generator, of the upstream or of a busy machine`,
      );
    const loss = spreadOf(column(latency, 'lossPercent')).median;
    if (loss > NOTABLE_LOSS) found.push(`${server}: lost ${loss.toFixed(1)} % of the queries at the fixed rate, so its latencies flatter it`);
    return found;
  });
  return [...notes, ...absent];
}

function cells({ server, saturation, latency, startMilliseconds }: ServerResult): readonly string[] {
  return [
    server,
    spreadText(column(saturation, 'cpuMicrosecondsPerAnswer'), 1),
    spreadText(column(saturation, 'answersPerSecond'), 0),
    spreadText(column(latency, 'p50'), 2),
    spreadText(column(latency, 'p99'), 2),
    spreadText(column(latency, 'p999'), 2),
    number(spreadOf(column(saturation, 'lossPercent')).median, 2),
    number(spreadOf(column(saturation, 'residentMebibytes')).median, 0),
    number(startMilliseconds, 0),
  ];
}

function ratioCells(ratios: Ratios | undefined): readonly string[] {
  if (ratios === undefined) return ['', '', '', ''];
  return [ratios.cpuPerAnswer, ratios.rate, ratios.p99, ratios.resident].map((ratio) => number(ratio, 2));
}

function summarise<T extends SaturationRun | LatencyRun>(runs: readonly T[]): Readonly<Record<string, Spread>> {
  const [first] = runs;
  if (first === undefined) return {};
  return Object.fromEntries(Object.keys(first).map((key) => [key, spreadOf(column(runs, key as keyof T))]));
}

function column<T>(runs: readonly T[], key: keyof T): readonly number[] {
  return runs.map((run) => Number(run[key]));
}

/** "median (min–max)" */
function spreadText(values: readonly number[], digits: number): string {
  const { median, min, max } = spreadOf(values);
  const middle = number(median, digits);
  return values.length < 2 ? middle : `${middle} (${number(min, digits)}–${number(max, digits)})`;
}
