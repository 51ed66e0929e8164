// Measures one workload: every server in turn, in rounds, first as fast as it answers, then all at the same fixed rate.
import { createLoad, type LatencyRun, type LoadOptions, type SaturationRun } from './load.ts';
import { processMemory } from './process-time.ts';
import { assertServes, type FoundServer, type Running, type StartOptions, startServer } from './start.ts';
import { median } from './statistics.ts';
import type { Workload } from './workloads.ts';

export interface ServerResult {
  readonly server: string;
  readonly startMilliseconds: number;
  readonly peakMebibytes: number;
  readonly saturation: readonly SaturationRun[];
  readonly latency: readonly LatencyRun[];
  /** Why there are fewer runs than rounds. */
  readonly failure?: string;
}

/** A server that cannot do a workload. */
export interface LeftOut {
  readonly server: string;
  readonly why: string;
}

export interface WorkloadResult {
  readonly workload: Workload;
  /** Queries per second of the latency runs. */
  readonly latencyRate: number;
  readonly servers: readonly ServerResult[];
  readonly leftOut: readonly LeftOut[];
}

export interface MeasureOptions extends StartOptions, LoadOptions {
  /** The server whose rate sets that of the latency runs, if it is there. */
  readonly baseline: string;
}

interface Contender {
  readonly name: string;
  running?: Running;
  failure?: string;
  peakMebibytes: number;
  readonly saturation: SaturationRun[];
  readonly latency: LatencyRun[];
}

const SHARE_OF_BASELINE = 0.5;

/** Starts the servers, drives them and stops them. A server that fails is reported, and the others go on. */
export async function measureWorkload(workload: Workload, found: readonly FoundServer[], options: MeasureOptions): Promise<WorkloadResult> {
  const contenders: Contender[] = [];
  const leftOut: LeftOut[] = [];
  const load = createLoad(workload, options);
  const attempt = async (contender: Contender, step: (running: Running) => Promise<void>): Promise<void> => {
    const { running } = contender;
    if (running === undefined || contender.failure !== undefined) return;
    try {
      await step(running).finally(() => assertServes(running));
      contender.peakMebibytes = processMemory(running.child.pid).peak;
    } catch (error) {
      contender.failure = reason(error);
    }
  };
  for (const one of found) {
    const contender = await startContender(one, workload, options);
    if ('why' in contender) {
      leftOut.push(contender);
      continue;
    }
    contenders.push(contender);
    await attempt(contender, (running) => load.accustom(running));
  }
  for (let round = 0; round < options.rounds; round += 1) {
    for (const contender of rotated(contenders, round)) {
      await attempt(contender, async (running) => {
        contender.saturation.push(await load.saturate(running, round));
      });
    }
  }
  const latencyRate = fixedRate(contenders, options.baseline);
  for (let round = 0; workload.paced && round < options.rounds; round += 1) {
    for (const contender of rotated(contenders, round)) {
      await attempt(contender, async (running) => {
        contender.latency.push(await load.pace(running, round, latencyRate));
      });
    }
  }
  for (const { running } of contenders) if (running) await options.children.stop(running.child);
  return { workload, latencyRate, servers: contenders.map(resultOf), leftOut };
}

async function startContender(found: FoundServer, workload: Workload, options: MeasureOptions): Promise<Contender | LeftOut> {
  const blank = { name: found.server.name, peakMebibytes: 0, saturation: [], latency: [] };
  try {
    const running = await startServer(found, workload, options);
    return 'unable' in running ? { server: blank.name, why: running.unable } : { ...blank, running };
  } catch (error) {
    return { ...blank, failure: reason(error) };
  }
}

/** Half of what the baseline answers at saturation, or of the slowest server where the baseline is missing. */
function fixedRate(contenders: readonly Contender[], baseline: string): number {
  const rates = contenders
    .filter(({ saturation }) => saturation.length > 0)
    .map(({ name, saturation }) => ({
      name,
      rate: median(saturation.map(({ answersPerSecond }) => answersPerSecond)),
    }));
  const slowest = Math.min(...rates.map(({ rate }) => rate));
  const rate = rates.find(({ name }) => name === baseline)?.rate ?? slowest;
  return Number.isFinite(rate) ? Math.max(1, Math.round(rate * SHARE_OF_BASELINE)) : 0;
}

/** Each round begins with another server, so that none always runs after the same neighbour. */
function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function resultOf(contender: Contender): ServerResult {
  return {
    server: contender.name,
    startMilliseconds: contender.running?.startMilliseconds ?? Number.NaN,
    peakMebibytes: contender.peakMebibytes,
    saturation: contender.saturation,
    latency: contender.latency,
    ...(contender.failure === undefined ? {} : { failure: contender.failure }),
  };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
