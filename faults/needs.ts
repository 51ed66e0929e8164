// What some faults need besides the programs that all need.
import { existsSync, globSync } from 'node:fs';
import type { Need } from './fault.ts';
import { findProgram } from './isolation.ts';

/** The library that shifts the clock of a program, or undefined. */
export function faketimeLibrary(): string | undefined {
  return globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0];
}

const install: Readonly<Record<Need, { readonly isThere: () => boolean; readonly how: string }>> = {
  faketime: { isThere: () => faketimeLibrary() !== undefined, how: 'libfaketime is not installed; on Debian or Ubuntu: apt-get install libfaketime' },
  'memory group': { isThere: () => existsSync('/sys/fs/cgroup'), how: 'there are no control groups at /sys/fs/cgroup' },
  prlimit: { isThere: () => findProgram('prlimit') !== undefined, how: 'prlimit is not in PATH; on Debian or Ubuntu: apt-get install util-linux' },
  strace: { isThere: () => findProgram('strace') !== undefined, how: 'strace is not in PATH; on Debian or Ubuntu: apt-get install strace' },
};

/** How to get what is needed, or undefined when it is there. */
export function missingNeed(need: Need): string | undefined {
  const { isThere, how } = install[need];
  return isThere() ? undefined : how;
}
