// How much memory the server may take: what an option says, else the limit of the control group that the process is in.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metrics } from '../metrics/metrics.ts';

export interface MemoryLimit {
  readonly octets: number;
  readonly source: 'option' | 'cgroup';
}

/** cgroup v1 says "no limit" by the greatest number of whole pages. */
const unlimited = 2 ** 62;
const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const leastOctets = 32 * 2 ** 20;

/** Reads a size as "67108864", "64M" or "64MiB". Throws an Error at anything else, and below 32 MiB. */
export function readSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,12})(?:([KMG])(?:i?B?)?)?$/i.exec(text) ?? [];
  const octets = Number(number) * (units[unit.toLowerCase()] as number);
  if (number === '' || octets < leastOctets)
    throw new Error(`invalid value "${text}" for flag -memory, expected a size of at least 32MiB, as 64MiB or 1GiB`);
  return octets;
}

/** The limit of the control group of this process, v1 or v2, the lowest on the way to its root; undefined without one. `root` is where /proc and /sys are. */
export function readCgroupLimit(root = '/'): MemoryLimit | undefined {
  const groups = textOf(join(root, 'proc/self/cgroup'))?.trim().split('\n') ?? [];
  const limits = groups.flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === '') return limitsAlong(join(root, 'sys/fs/cgroup'), path, 'memory.max');
    return controllers.split(',').includes('memory') ? limitsAlong(join(root, 'sys/fs/cgroup/memory'), path, 'memory.limit_in_bytes') : [];
  });
  return limits.length === 0 ? undefined : { octets: Math.min(...limits), source: 'cgroup' };
}

/** In a container the path may be one of the machine outside, and the group's files stand at the root: both are read. */
function limitsAlong(root: string, path: string, file: string): readonly number[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  const folders = Array.from({ length: parts.length + 1 }, (_, count) => join(root, ...parts.slice(0, count)));
  return folders.map((folder) => Number(textOf(join(folder, file)) ?? Number.NaN)).filter((octets) => octets > 0 && octets < unlimited);
}

/** The part for each of so many workers. The main process takes one, too, though it answers nothing. */
export function shareOf(limit: MemoryLimit | undefined, workers: number): MemoryLimit | undefined {
  return limit && { ...limit, octets: Math.trunc(limit.octets / (workers + 1)) };
}

/** What a server without a limit says is nothing. */
export function tellMemoryLimit(metrics: Metrics, limit: MemoryLimit | undefined): void {
  if (limit === undefined) return;
  const gauge = metrics.gauge('ferrydns_memory_limit_bytes', 'Memory that the server may take, by who said so: cgroup or option.', ['source']);
  gauge({ source: limit.source }, () => limit.octets);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Not Linux, or no such controller.
    return undefined;
  }
}
