// `ferrydns check` and `format`: what reads a configuration and serves nothing.
import { writeFileSync } from 'node:fs';
import { formatCorefile } from '../config/format.ts';
import { fileSource } from '../server/configuration.ts';
import type { Registry } from '../server/registry.ts';
import { Server } from '../server/server.ts';
import { readFlags, textOf } from './flags.ts';

export interface FileContext {
  readonly registry: Registry;
  /** Takes what is to be known of the result; it goes to standard error. */
  readonly tell: (line: string) => void;
}

const checkUsage = `usage: ferrydns check FILE
  sets everything up as a start would, opens nothing, and prints every error with its place; variables that are not set are named`;

const formatUsage = `usage: ferrydns format [-w | -check] FILE...
  prints the Corefile in its usual layout
  -w      writes the files instead
  -check  changes nothing, names the files that have another layout, exit status 1 if there is one`;

const help = { help: { type: 'boolean', short: 'h' } } as const;

/** Rejects with ConfigErrors that hold every problem. Returns what is printed, as the other commands do. */
export async function check(words: readonly string[], { registry, tell }: FileContext): Promise<string> {
  const file = oneFile(words, checkUsage);
  await new Server({ source: fileSource(file), registry, output: tell }).check();
  return `${file}: ok\n`;
}

/** Throws when `-check` finds a file that has another layout. */
export function format(words: readonly string[]): string {
  const { values, positionals: files } = readFlags(words, { w: { type: 'boolean', short: 'w' }, check: { type: 'boolean' }, ...help }, formatUsage);
  if (values.help === true || files.length === 0) throw new Error(formatUsage);
  if (values.w === true && values.check === true) throw new Error(`-w and -check exclude each other\n${formatUsage}`);
  const formatted = files.map((file) => ({ file, before: textOf(file), after: formatCorefile(textOf(file)) }));
  const others = formatted.filter(({ before, after }) => before !== after);
  if (values.check === true) {
    if (others.length > 0)
      throw new Error(others.map(({ file }) => `${file}: has another layout, 'ferrydns format -w ${file}' changes it`).join('\n'));
    return '';
  }
  if (values.w !== true) return formatted.map(({ after }) => after).join('\n');
  for (const { file, after } of others) writeFileSync(file, after);
  return others.map(({ file }) => `${file}\n`).join('');
}

/** The only word; throws the usage where there is none or more. */
export function oneFile(words: readonly string[], usage: string): string {
  const { values, positionals } = readFlags(words, help, usage);
  const [file, extra] = positionals;
  if (extra !== undefined && values.help !== true) throw new Error(`unexpected "${extra}"\n${usage}`);
  if (values.help === true || file === undefined) throw new Error(usage);
  return file;
}
