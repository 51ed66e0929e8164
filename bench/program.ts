// Finds the programs that a bench needs, and asks them for their version.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first executable file of that name in PATH, or undefined. */
export function findOnPath(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Whether `file` is a file that this user may run. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The first line a program prints when asked for its version, or `unknown`. */
export function versionOf(command: readonly string[], args: readonly string[]): string {
  const [file = '', ...rest] = command;
  try {
    const output = execFileSync(file, [...rest, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
    return (
      output
        .split('\n')
        .find((line) => line.trim() !== '')
        ?.trim() ?? 'unknown'
    );
  } catch {
    return 'unknown';
  }
}
