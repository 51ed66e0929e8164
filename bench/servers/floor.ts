// The bare C loop of floor.c, built with the system's compiler: what an answer costs at the least on this machine.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '../program.ts';
import type { Workload } from '../workloads.ts';
import type { BenchServer, Launch, Place, Unable } from './server.ts';

const source = join(import.meta.dirname, '../floor.c');
const cache = join(import.meta.dirname, '../../node_modules/.cache/bench');

export const floor: BenchServer = {
  name: 'floor',
  install: 'it needs a C compiler as "cc"; on Debian or Ubuntu: apt-get install gcc libc6-dev',
  version: [],
  find() {
    const compiler = findOnPath('cc');
    return compiler === undefined ? undefined : [build(compiler)];
  },
  launch({ transport, kind, rcode }: Workload, { port }: Place): Launch | Unable {
    if (transport !== 'udp') return { unable: 'it is a UDP loop' };
    if (kind === 'misses') return { unable: 'it asks no upstream' };
    if (kind === 'hosts') return { unable: 'it looks nothing up' };
    return { args: [String(port), rcode === 'NXDOMAIN' ? '3' : '0'], files: [] };
  },
};

/** Compiles it unless this very source has been compiled before. */
function build(compiler: string): string {
  const digest = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const program = join(cache, `floor-${digest}`);
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  execFileSync(compiler, ['-O2', '-o', unfinished, source], { timeout: 60_000 });
  renameSync(unfinished, program);
  return program;
}
