// Which core runs what: the server alone on one, everything that drives it on others.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findOnPath } from './program.ts';

/** Core numbers for the three parts of a bench. */
export interface Cores {
  readonly server: number;
  readonly load: number;
  readonly upstream: number;
}

const TASKSET = 'taskset';

/** The cores of this machine shared out, or undefined where pinning is not possible (no `taskset`, or one core only). */
export function findCores(): Cores | undefined {
  if (findOnPath(TASKSET) === undefined) return undefined;
  return shareCores(parseAllowed(readFileSync('/proc/self/status', 'utf8')));
}

/** The last core for the server, the first for the load, one of its own for the upstream if there are three. */
export function shareCores(allowed: readonly number[]): Cores | undefined {
  const load = allowed.at(0);
  const server = allowed.at(-1);
  if (load === undefined || server === undefined || load === server) return undefined;
  return { server, load, upstream: allowed.length > 2 ? (allowed[1] ?? load) : load };
}

/** `command` as it has to be run to stay on `core`; unchanged without a core. */
export function pinned(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined ? command : [TASKSET, '-c', String(core), ...command];
}

/** Moves this process to `core`, so that it does not disturb the server. */
export function pinSelf(core: number): void {
  spawnSync(TASKSET, ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' });
}

/** The core numbers of `Cpus_allowed_list` ("0-3,6") in the text of `/proc/self/status`. */
export function parseAllowed(status: string): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    if (first === undefined || last === undefined || range === '') return [];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
