// What a bench prints and writes: a table for each workload, remarks on runs that prove little, and everything as JSON.
import type { LatencyRun, SaturationRun } from './load.ts';
import type { ServerResult, WorkloadResult } from './measure.ts';
import { pairedRatio, type Spread, spreadOf } from './statistics.ts';

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

/** Medians over rounds of one server's figures divided by the baseline's; absent without a baseline. */
export interface Ratios {
  readonly cpuPerAnswer: number;
  readonly rate: number;
  readonly p99: number;
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

function latencyNote({ latencyRate }: WorkloadResult): string {
  return `Latency at ${latencyRate.toLocaleString('en')} queries/s.`;
}

/** Everything that was measured, with the summaries the tables show. */
export function toJson(circumstances: Circumstances, results: readonly WorkloadResult[], baseline: string): string {
  const workloads = results.map((result) => {
    const base = result.servers.find(({ server }) => server === baseline);
    return {
      workload: result.workload.name,
      title: result.workload.title,
      latencyRate: result.latencyRate,
      servers: result.servers.map((server) => ({
        ...server,
        summary: { ...summarise(server.saturation), ...summarise(server.latency) },
        ratios: ratiosTo(server, base) ?? null,
      })),
      remarks: remarks(result),
    };
  });
  return `${JSON.stringify({ ...circumstances, baseline, workloads }, null, 2)}\n`;
}

/** The figures of `server` over those of `base`, or undefined when one of them has none. */
export function ratiosTo(server: ServerResult, base: ServerResult | undefined): Ratios | undefined {
  if (base === undefined || base.saturation.length === 0 || server.saturation.length === 0) return undefined;
  const saturation = (key: keyof SaturationRun): number => pairedRatio(column(server.saturation, key), column(base.saturation, key));
  return {
    cpuPerAnswer: saturation('cpuMicrosecondsPerAnswer'),
    rate: saturation('answersPerSecond'),
    p99: pairedRatio(column(server.latency, 'p99'), column(base.latency, 'p99')),
    resident: saturation('residentMebibytes'),
  };
}

/** Everything that makes a figure less than it seems. */
export function remarks({ workload, servers }: WorkloadResult): readonly string[] {
  return servers.flatMap(({ server, failure, saturation, latency }) => {
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

function number(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Rows of cells as a Markdown table with columns of even width, figures to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const [headings = []] = rows;
  const widths = headings.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const [head = '', ...body] = rows.map(line);
  return [head, rule, ...body].join('\n');
}
