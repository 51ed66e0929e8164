// A control group with a memory limit of its own, version 1 or 2, where this user may make one.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ControlGroup extends Disposable {
  /** A command that becomes the program whose words follow, inside the group. */
  readonly through: readonly string[];
  /** How many processes the kernel has ended for want of memory. */
  kills(): number;
}

const versions = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events', swap: 'memory.swap.max', none: '0' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control', swap: 'memory.swappiness', none: '0' },
];
let made = 0;

/** Undefined where no group can be made. It has to be empty when it is disposed of. */
export function makeControlGroup(octets: number): ControlGroup | undefined {
  for (const { root, limit, events, swap, none } of versions) {
    const folder = join(root, `ferrydns-test-${process.pid}-${++made}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    if (writes(join(folder, limit), String(octets))) {
      writes(join(folder, swap), none);
      return {
        through: ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(folder, 'cgroup.procs')],
        kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, events), 'utf8'))?.[1] ?? 0),
        [Symbol.dispose]: () => rmdirSync(folder),
      };
    }
    rmdirSync(folder);
  }
  return undefined;
}

function writes(file: string, text: string): boolean {
  try {
    if (!existsSync(file)) return false;
    writeFileSync(file, text);
    return true;
  } catch {
    return false;
  }
}
