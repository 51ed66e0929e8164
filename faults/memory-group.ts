// A control group with a memory limit of its own. The kernel cannot remove one by itself: this process does at its end, and the next run what a killed one has left.

import { randomUUID } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MemoryGroup extends Disposable {
  /** A command that becomes the program whose words follow, inside the group. */
  readonly through: readonly string[];
  /** How many processes the kernel has ended for want of memory. */
  kills(): number;
}

const PREFIX = 'ferrydns-faults-';
/** Version 2 and version 1 of control groups. */
const versions = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events', swap: 'memory.swap.max' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control', swap: 'memory.swappiness' },
];

/** Throws where no group can be made. It is removed when it is disposed of, or this process ends. */
export function makeMemoryGroup(octets: number): MemoryGroup {
  for (const { root, limit, events, swap } of versions) {
    for (const left of globSync(`${root}/${PREFIX}*`)) remove(left);
    const folder = join(root, `${PREFIX}${randomUUID()}`);
    try {
      mkdirSync(folder);
      if (!existsSync(join(folder, limit))) throw new Error(`${root} has no limit of memory`);
      writeFileSync(join(folder, limit), String(octets));
      writeFileSync(join(folder, swap), '0');
    } catch {
      remove(folder);
      continue;
    }
    process.once('exit', () => remove(folder));
    return {
      through: ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(folder, 'cgroup.procs')],
      kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, events), 'utf8'))?.[1] ?? 0),
      [Symbol.dispose]: () => remove(folder),
    };
  }
  throw new Error('no control group with a memory limit can be made: run it as root');
}

/** One that is in use stays. */
function remove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or not empty yet.
  }
}
