// Finds the programs that tests beside real services start.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Where programs are that were built for tests: outside of the tree, so that they are built once. */
export const builtPrograms = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ferrydns', 'bin');

/** The path of a program, if it is installed. `FERRYDNS_PROGRAMS` names further folders. */
export function findProgram(program: string): string | undefined {
  const folders = [process.env['FERRYDNS_PROGRAMS'], builtPrograms, process.env['PATH'], '/usr/sbin', '/usr/local/sbin']
    .join(delimiter)
    .split(delimiter);
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
}

/** The path of a program; throws an Error that says how to get it when it is not installed. */
export function needs(program: string, howToGet: string): string {
  const found = findProgram(program);
  if (found === undefined) throw new Error(`this test needs ${program}: ${howToGet}`);
  return found;
}
