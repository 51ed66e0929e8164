// What clients ask while something breaks: dnsperf at a fixed rate, or as fast as it goes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from '../bench/children.ts';
import { type LoadResult, runDnsperf } from '../bench/dnsperf.ts';
import { percentile } from '../bench/statistics.ts';
import { LOCAL_NAME } from './setup.ts';

/** `new`: names that nobody has asked for; `kept`: names that are in the cache once they were asked for; `local`: one that needs no upstream. */
type Names = 'new' | 'kept' | 'local';

export interface LoadOptions {
  readonly port: number;
  readonly names: Names;
  /** How long; or once through the names that are kept. */
  readonly seconds: number | 'once';
  /** Queries per second; as fast as it goes, with `outstanding` at a time, unless given. */
  readonly rate?: number;
  readonly outstanding?: number;
  readonly transport?: 'udp' | 'tcp';
  /** Seconds after which a query is lost; 5 unless given, as dnsperf has it. */
  readonly timeout?: number;
}

/** Latencies in milliseconds, of what was answered. */
export interface LoadFigures {
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** How many took longer than a second. */
  readonly overSecond: number;
  /** How many were answered with another code than NOERROR. */
  readonly failed: number;
}

const KEPT = 1000;
/** More than can be sent. */
const NEW_PER_SECOND = 30_000;
let names = 0;
let loads = 0;

/** A name that nobody has asked for yet. */
export function newName(): string {
  names += 1;
  return `z${names}.wild.bench.`;
}

export async function runLoad(children: Children, options: LoadOptions): Promise<LoadFigures> {
  loads += 1;
  const name = `load-${loads}`;
  const queries = join(children.folder, `${name}.queries`);
  writeFileSync(queries, `${lines(options).join('\n')}\n`);
  const { port, seconds, rate, transport = 'udp', timeout = 5 } = options;
  // Late answers must not slow the load down.
  const outstanding = options.outstanding ?? (rate === undefined ? 100 : Math.max(100, rate * (timeout + 1)));
  const paced = rate === undefined ? {} : { rate };
  const result = await runDnsperf(children, {
    name,
    port,
    transport,
    queries,
    seconds,
    outstanding,
    ...paced,
    latencies: true,
    timeout,
    core: undefined,
  });
  return figures(result);
}

function lines({ names: kind, seconds, rate = NEW_PER_SECOND }: LoadOptions): readonly string[] {
  if (kind === 'local') return [`${LOCAL_NAME} A`];
  if (kind === 'kept') return Array.from({ length: KEPT }, (_, index) => `k${index}.kept.bench. A`);
  const count = seconds === 'once' ? KEPT : Math.ceil((seconds + 1) * rate);
  return Array.from({ length: count }, () => `${newName()} A`);
}

function figures({ sent, completed, lost, rcodes, latencies }: LoadResult): LoadFigures {
  return {
    sent,
    answered: completed,
    lost,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    max: latencies.at(-1) ?? Number.NaN,
    overSecond: latencies.filter((each) => each > 1000).length,
    failed: completed - (rcodes['NOERROR'] ?? 0),
  };
}
