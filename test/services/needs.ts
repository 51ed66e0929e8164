// Finds the programs that tests beside real services start.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of a program; throws an Error that says how to get it when it is not installed. `FERRYDNS_PROGRAMS` names further folders. */
export function needs(program: string, howToGet: string): string {
  const folders = [process.env['FERRYDNS_PROGRAMS'], process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter).split(delimiter);
  const found = folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
  if (found === undefined) throw new Error(`this test needs ${program}: ${howToGet}`);
  return found;
}
