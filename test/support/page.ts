// What a page of the documentation has somebody write and type, to be written and typed by a test.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { soon } from './soon.ts';

const root = join(import.meta.dirname, '../..');

/** What stands under a heading of a page, with what is not of this machine replaced; each of that must be there. */
export function sectionOf(page: string, heading: string, replacing: Readonly<Record<string, string>> = {}): string {
  const text = readFileSync(join(root, page), 'utf8');
  const [, behind] = text.split(`\n## ${heading}\n`);
  if (behind === undefined) throw new Error(`${page} has no section '${heading}'`);
  let [section = ''] = behind.split('\n## ');
  for (const [there, here] of Object.entries(replacing)) {
    if (!section.includes(there)) throw new Error(`'${there}' does not stand in section '${heading}' of ${page}`);
    section = section.replaceAll(there, here);
  }
  return section;
}

interface Fence {
  readonly info: string;
  readonly lines: readonly string[];
}

/** The blocks of a section, also those within a list. */
export function fencesOf(section: string): Fence[] {
  return [...section.matchAll(/^( *)```(.*)\n([\s\S]*?)^\1```$/gm)].map(([, indent = '', info = '', text = '']) => ({
    info,
    lines: text
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(indent.length)),
  }));
}

/** A command as a page shows it, and the lines of its output that are shown. */
export interface Typed {
  readonly command: string;
  readonly shown: readonly string[];
}

export function typedIn({ lines }: Fence): Typed[] {
  const typed: { command: string; shown: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) typed.push({ command: line.slice(2), shown: [] });
    else if (!/^\s*…?$/.test(line)) typed.at(-1)?.shown.push(words(line));
  }
  return typed;
}

/** Types a command, again and again as a person would, until it is not refused and prints what is shown. */
export async function type({ command, shown }: Typed, { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }): Promise<void> {
  const run = () =>
    new Promise<string>((resolve) => {
      execFile('bash', ['-c', command], { cwd, env }, (error, stdout, stderr) => {
        const printed = stdout.split('\n').map(words);
        const well = error === null && shown.every((line) => printed.includes(line));
        resolve(well ? 'as shown' : `${command}: ${stderr}${stdout}`);
      });
    });
  await expect.poll(run, { ...soon, interval: 300 }).toBe('as shown');
}

/** However wide the columns are. */
function words(line: string): string {
  return line.trim().replace(/\s+/g, ' ');
}
