// The workload `pod`: what the DNS server of a cluster holds in memory, minute by minute, while half of what it is asked is in its cache and half was never asked before.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Verdict } from './aims.ts';
import { type LoadResult, runDnsperf } from './dnsperf.ts';
import { processMemory, processTime } from './process-time.ts';
import { BASELINE, SUBJECT } from './servers/index.ts';
import { assertServes, type FoundServer, type Running, type StartOptions, startServer } from './start.ts';
import { median, slope } from './statistics.ts';
import { number, table } from './table.ts';
import { chain, drawChain } from './workloads.ts';

export const POD = 'pod';

/** Names in a full cache of the usual size are 9,984: so many are asked for once before the load begins. */
const KEPT_NAMES = 10_000;
/** Per second, hits and misses each. */
const RATE = 8000;
/** Seconds at the end that "resident" is the median of, and until memory is expected to be flat. */
const LAST = 10;
const SETTLING = 60;
/** The greatest share of the run that is taken for settling, where it is a short one. */
const SETTLING_SHARE = 1 / 3;

export interface PodResult {
  readonly server: string;
  /** Resident memory in MiB at the first answer, in the last seconds of the load, and at its highest. */
  readonly startMebibytes: number;
  readonly residentMebibytes: number;
  readonly peakMebibytes: number;
  /** After the first minute. */
  readonly mebibytesPerMinute: number;
  readonly hitsPerSecond: number;
  readonly missesPerSecond: number;
  readonly lossPercent: number;
  /** Share of a core. */
  readonly coreShare: number;
  /** Resident MiB, second by second. */
  readonly samples: readonly number[];
  /** Why the server has no figures. */
  readonly failure?: string;
}

export interface PodOptions extends StartOptions {
  /** Length of the load. */
  readonly seconds: number;
}

/** Drives one server after the other, each alone. One that fails is reported, and the others go on. */
export async function measurePod(found: readonly FoundServer[], options: PodOptions): Promise<readonly PodResult[]> {
  const { children, seconds } = options;
  const file = (name: string) => join(children.folder, `${POD}-${name}.queries`);
  await writeLines(file('kept'), KEPT_NAMES, (index) => `k${index}.kept.bench. A`);
  await writeLines(file('misses'), RATE * (seconds + LAST), (index) => `m${index}.missed.bench. A`);
  const hits = drawChain(1);
  await writeLines(file('hits'), hits.length, (index) => hits[index] ?? '');
  const results: PodResult[] = [];
  for (const one of found) {
    const running = await startServer(one, chain, options);
    if ('unable' in running) continue;
    results.push(await measure(running, options, file).catch((error: Error) => failed(one.server.name, error)));
    await children.stop(running.child);
  }
  return results;
}

async function measure(running: Running, { children, cores, seconds }: PodOptions, file: (name: string) => string): Promise<PodResult> {
  const { pid } = running.child;
  const start = processMemory(pid).resident;
  const common = { port: running.port, transport: 'udp', outstanding: 100, core: cores?.load } as const;
  await runDnsperf(children, { ...common, queries: file('kept'), seconds: 'once' });
  const used = processTime(pid);
  const samples: number[] = [];
  const load = (name: string) => runDnsperf(children, { ...common, name, queries: file(name), seconds, rate: RATE });
  const [hits, misses] = await Promise.all([load('hits'), load('misses'), sample(running, samples, seconds)]);
  const settled = samples.slice(Math.min(SETTLING, Math.floor(samples.length * SETTLING_SHARE)));
  return {
    server: running.name,
    startMebibytes: start,
    residentMebibytes: median(samples.slice(-LAST)),
    peakMebibytes: processMemory(pid).peak,
    mebibytesPerMinute: slope(settled) * 60,
    hitsPerSecond: answersPerSecond(hits),
    missesPerSecond: answersPerSecond(misses),
    lossPercent: (100 * (hits.lost + misses.lost)) / (hits.sent + misses.sent),
    coreShare: (processTime(pid) - used) / 1e6 / seconds,
    samples,
  };
}

async function sample(running: Running, into: number[], seconds: number): Promise<void> {
  const begun = performance.now();
  for (let second = 1; second <= seconds; second += 1) {
    await delay(Math.max(0, begun + second * 1000 - performance.now()));
    assertServes(running);
    into.push(processMemory(running.child.pid).resident);
  }
}

function answersPerSecond({ rcodes, seconds }: LoadResult): number {
  return (rcodes['NOERROR'] ?? 0) / seconds;
}

function failed(server: string, { message }: Error): PodResult {
  const none = Number.NaN;
  const memory = { startMebibytes: none, residentMebibytes: none, peakMebibytes: none, mebibytesPerMinute: none };
  return { server, ...memory, hitsPerSecond: none, missesPerSecond: none, lossPercent: none, coreShare: none, samples: [], failure: message };
}

/** The aims of this workload held against a run. */
export function judgePod(results: readonly PodResult[]): readonly Verdict[] {
  const subject = results.find(({ server }) => server === SUBJECT);
  const base = results.find(({ server }) => server === BASELINE);
  if (subject === undefined) return [];
  return [
    { aim: `resident ÷ ${BASELINE}`, limit: 1.3, measured: subject.residentMebibytes / (base?.residentMebibytes ?? Number.NaN) },
    { aim: 'peak MiB', limit: 110, measured: subject.peakMebibytes },
    { aim: 'MiB a minute after the first', limit: 1, measured: subject.mebibytesPerMinute },
    { aim: 'resident MiB at the start', limit: 75, measured: subject.startMebibytes },
  ]
    .filter(({ measured }) => Number.isFinite(measured))
    .map((verdict) => ({ workload: POD, ...verdict }));
}

/** Markdown. */
export function formatPod(results: readonly PodResult[], seconds: number): string {
  const headings = ['server', 'RSS MiB', 'peak MiB', 'MiB/min', 'start MiB', 'hits/s', 'misses/s', 'loss %', 'cores', `RSS ÷ ${BASELINE}`];
  const base = results.find(({ server }) => server === BASELINE)?.residentMebibytes ?? Number.NaN;
  const rows = results
    .filter(({ failure }) => failure === undefined)
    .map((result) => [
      result.server,
      number(result.residentMebibytes, 1),
      number(result.peakMebibytes, 1),
      number(result.mebibytesPerMinute, 2),
      number(result.startMebibytes, 1),
      number(result.hitsPerSecond, 0),
      number(result.missesPerSecond, 0),
      number(result.lossPercent, 2),
      number(result.coreShare, 2),
      number(result.residentMebibytes / base, 2),
    ]);
  const failures = results.flatMap(({ server, failure }) => (failure === undefined ? [] : [`* ${server}: failed: ${failure}`]));
  return [`### pod: kubeadm chain, ${RATE} hits and ${RATE} misses a second for ${seconds} s`, '', table([headings, ...rows]), '', ...failures]
    .join('\n')
    .trimEnd();
}

async function writeLines(path: string, count: number, line: (index: number) => string): Promise<void> {
  const stream = createWriteStream(path);
  const atOnce = 10_000;
  for (let from = 0; from < count; from += atOnce) {
    const lines = Array.from({ length: Math.min(atOnce, count - from) }, (_, index) => `${line(from + index)}\n`);
    if (!stream.write(lines.join(''))) await new Promise((resolve) => stream.once('drain', resolve));
  }
  stream.end();
  await finished(stream);
}
