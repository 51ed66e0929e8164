// The load on one server in one workload: getting it warm, as fast as it answers, and at a fixed rate.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';
import type { Cores } from './cores.ts';
import { type LoadResult, runDnsperf } from './dnsperf.ts';
import { processMemory, processTime } from './process-time.ts';
import type { Running, Upstream } from './start.ts';
import { percentile } from './statistics.ts';
import type { Workload } from './workloads.ts';

/** One run at saturation. */
export interface SaturationRun {
  /** CPU time of the server's process, user and kernel, per right answer. */
  readonly cpuMicrosecondsPerAnswer: number;
  readonly answersPerSecond: number;
  /** Share of a core that the server used; well below 1 means that the load generator was the limit. */
  readonly coreShare: number;
  readonly lossPercent: number;
  /** Answers with another response code than the workload's. */
  readonly wrongAnswers: number;
  /** Queries that the upstream received, per query. */
  readonly upstreamShare: number;
  readonly residentMebibytes: number;
}

/** One run at the fixed rate; latencies in milliseconds. */
export interface LatencyRun {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly lossPercent: number;
}

export interface LoadOptions {
  readonly children: Children;
  readonly cores: Cores | undefined;
  readonly upstream: Upstream;
  /** Length of a run. */
  readonly seconds: number;
  readonly rounds: number;
}

const OUTSTANDING = 100;
/** So few at a time that no server loses any of the queries that fill its cache. */
const WARM_OUTSTANDING = 20;
const WARM_TRIES = 3;

/** The kinds of load on one server. */
export interface LoadOnServer {
  /** Lets it compile, grow and fill its cache, unmeasured. */
  accustom(running: Running): Promise<void>;
  saturate(running: Running, round: number): Promise<SaturationRun>;
  pace(running: Running, round: number, rate: number): Promise<LatencyRun>;
}

/** Writes the queries of a workload into files and prepares dnsperf for them. */
export function createLoad(workload: Workload, options: LoadOptions): LoadOnServer {
  const { children, upstream, seconds } = options;
  const core = options.cores?.load;
  const file = (name: string, lines: readonly string[]): string => {
    const path = join(children.folder, `${workload.name}-${name}.queries`);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  };
  const warmFile = file('warm', workload.warm);
  const common = { outstanding: OUTSTANDING, core, transport: workload.transport };

  async function warm({ loadPort: port }: Running): Promise<void> {
    if (workload.warm.length === 0) return;
    for (let tries = 0; tries < WARM_TRIES; tries += 1) {
      const { lost } = await runDnsperf(children, {
        port,
        queries: warmFile,
        seconds: 'once',
        transport: workload.transport,
        outstanding: WARM_OUTSTANDING,
        core,
      });
      if (lost === 0) return;
    }
    throw new Error(`queries are lost even at ${WARM_OUTSTANDING} at a time`);
  }

  return {
    async accustom(running) {
      await warm(running);
      const queries = file('run', workload.queries(0));
      await runDnsperf(children, { ...common, port: running.loadPort, queries, seconds: 1 });
    },
    async saturate(running, round) {
      await warm(running);
      const queries = file('run', workload.queries(1 + round));
      const { pid } = running.child;
      const asked = await upstream.queries();
      const used = processTime(pid);
      const result = await runDnsperf(children, {
        ...common,
        port: running.loadPort,
        queries,
        seconds,
      });
      const microseconds = processTime(pid) - used;
      const upstreamQueries = (await upstream.queries()) - asked;
      const resident = processMemory(pid).resident;
      return saturationRun(workload, result, { microseconds, upstreamQueries, resident });
    },
    async pace(running, round, rate) {
      await warm(running);
      const queries = file('run', workload.queries(1 + options.rounds + round));
      const { loadPort: port } = running;
      const load = { ...common, port, queries, seconds, rate, latencies: true };
      return latencyRun(await runDnsperf(children, load));
    },
  };
}

function saturationRun(
  workload: Workload,
  result: LoadResult,
  used: {
    readonly microseconds: number;
    readonly upstreamQueries: number;
    readonly resident: number;
  },
): SaturationRun {
  const answered = result.rcodes[workload.rcode] ?? 0;
  if (answered === 0) throw new Error(`no ${workload.rcode} among ${result.completed} answers to ${result.sent} queries`);
  return {
    cpuMicrosecondsPerAnswer: used.microseconds / answered,
    answersPerSecond: answered / result.seconds,
    coreShare: used.microseconds / 1e6 / result.seconds,
    lossPercent: lossPercent(result),
    wrongAnswers: result.completed - answered,
    upstreamShare: used.upstreamQueries / result.sent,
    residentMebibytes: used.resident,
  };
}

function latencyRun(result: LoadResult): LatencyRun {
  return {
    p50: percentile(result.latencies, 0.5),
    p99: percentile(result.latencies, 0.99),
    p999: percentile(result.latencies, 0.999),
    lossPercent: lossPercent(result),
  };
}

function lossPercent({ sent, lost }: LoadResult): number {
  return sent === 0 ? 0 : (100 * lost) / sent;
}
