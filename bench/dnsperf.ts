// Runs dnsperf (Debian's package of that name, 2.10 or later) and reads what it prints.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Children, lastOutput } from './children.ts';
import { pinned } from './cores.ts';
import type { Transport } from './workloads.ts';

/** One run of dnsperf against a server on 127.0.0.1. */
export interface Load {
  /** Tells loads apart that run at the same time. */
  readonly name?: string;
  readonly port: number;
  readonly transport: Transport;
  /** File with one query a line. */
  readonly queries: string;
  /** How long to send, or `once` through the file. */
  readonly seconds: number | 'once';
  /** Queries without an answer at one time, all clients together. */
  readonly outstanding: number;
  /** Queries per second; as fast as the server answers if undefined. */
  readonly rate?: number;
  /** Notes the latency of each answer; costs the load generator time. */
  readonly latencies?: boolean;
  /** Seconds after which a query without an answer is lost; 1 unless given. */
  readonly timeout?: number;
  readonly core: number | undefined;
}

/** What a run gave. Interrupted queries, those under way when the time was over, are in neither `completed` nor `lost`. */
export interface LoadResult {
  readonly sent: number;
  readonly completed: number;
  readonly lost: number;
  /** Answers by response code. */
  readonly rcodes: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Milliseconds, ascending; empty unless asked for. */
  readonly latencies: readonly number[];
}

/** Sockets over UDP, connections over the others. */
const CLIENTS = { udp: 4, tcp: 100, dot: 100, doh: 10 } as const;
/** KiB of a socket's buffers: what does not fit into them while dnsperf waits for its turn would count as lost by the server. */
const BUFFER = 4096;
const TIMEOUT_SECONDS = 1;
/** A run through a file has no time limit of its own. */
const ONCE_SECONDS = 30;
const GRACE_SECONDS = 5;

/** Drives one server. Throws when dnsperf fails or does not end in time. */
export async function runDnsperf(children: Children, load: Load): Promise<LoadResult> {
  const child = children.start({
    command: pinned(load.core, [...programFor(load), ...dnsperfArguments(load)]),
    output: `dnsperf-${load.name ?? 'load'}.out`,
  });
  const limit = load.seconds === 'once' ? ONCE_SECONDS : load.seconds;
  const code = await children.finish(child, (limit + (load.timeout ?? TIMEOUT_SECONDS) + GRACE_SECONDS) * 1000);
  if (code !== 0) throw new Error(`dnsperf ended with code ${code}: ${lastOutput(child)}`);
  return parseDnsperf(readFileSync(child.output, 'utf8'));
}

/** Reads the statistics at the end of dnsperf's output, and the lines of `-v` before them. */
export function parseDnsperf(text: string): LoadResult {
  const start = text.indexOf('\nStatistics:');
  if (start < 0) throw new Error('no statistics in the output of dnsperf');
  const statistics = text.slice(start);
  return {
    sent: figure(statistics, 'Queries sent'),
    completed: figure(statistics, 'Queries completed'),
    lost: figure(statistics, 'Queries lost'),
    rcodes: responseCodes(statistics),
    seconds: figure(statistics, 'Run time (s)'),
    latencies: parseLatencies(text.slice(0, start)),
  };
}

/** Latencies in milliseconds, ascending, of the answers that `-v` reports as "> NOERROR name type seconds". */
export function parseLatencies(text: string): readonly number[] {
  const found = text.matchAll(/^> [A-Z0-9]+ \S+ \S+ (\d+\.\d+)/gm);
  return Array.from(found, (match) => Number(match[1]) * 1000).sort((a, b) => a - b);
}

function programFor({ transport }: Load): readonly string[] {
  return transport === 'doh' ? [process.execPath, join(import.meta.dirname, 'doh-load.ts')] : ['dnsperf', '-m', transport, '-f', 'inet', '-T', '1'];
}

function dnsperfArguments(load: Load): readonly string[] {
  const { seconds, rate } = load;
  return [
    ...['-s', '127.0.0.1', '-p', String(load.port), '-d', load.queries],
    ...(seconds === 'once' ? ['-n', '1'] : ['-l', String(seconds)]),
    ...['-c', String(CLIENTS[load.transport]), '-q', String(load.outstanding)],
    ...(load.transport === 'udp' ? ['-b', String(BUFFER)] : []),
    ...['-t', String(load.timeout ?? TIMEOUT_SECONDS)],
    ...(rate === undefined ? [] : ['-Q', String(rate)]),
    ...(load.latencies === true ? ['-v'] : []),
  ];
}

function figure(statistics: string, label: string): number {
  const line = statistics.split('\n').find((candidate) => candidate.trim().startsWith(`${label}:`));
  const value = Number.parseFloat(line?.split(':')[1] ?? '');
  if (Number.isNaN(value)) throw new Error(`no "${label}" in the statistics of dnsperf`);
  return value;
}

function responseCodes(statistics: string): Readonly<Record<string, number>> {
  const line = /^\s*Response codes:(.*)$/m.exec(statistics)?.[1] ?? '';
  const found = line.matchAll(/([A-Z0-9]+) (\d+) \(/g);
  return Object.fromEntries(Array.from(found, ([, code = '', count]) => [code, Number(count)]));
}
