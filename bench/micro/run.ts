// npm run bench:micro: nanoseconds per call of the hot functions, and how they compare with an earlier run.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findCores, pinned } from '../cores.ts';
import { type Figures, time } from './bench.ts';
import { formatFigures } from './format.ts';
import { modules } from './index.ts';

const USAGE = `usage: npm run bench:micro -- [--only TEXT] [--rounds N] [--json FILE] [--compare FILE]
  --only     only modules and benches whose name has TEXT in it
  --rounds   how often each is timed, 40 ms each, 1 to 100 (9)
  --json     writes the figures into FILE
  --compare  shows the ratio to the figures in FILE`;

const MODULE_LIMIT = 120_000;

async function main(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      only: { type: 'string', default: '' },
      rounds: { type: 'string', default: '9' },
      json: { type: 'string' },
      compare: { type: 'string' },
      // For the processes that this one starts.
      module: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return print(USAGE);
  const rounds = Number(values.rounds);
  if (!/^\d+$/.test(values.rounds) || rounds < 1 || rounds > 100)
    throw new Error(`--rounds is "${values.rounds}", expected a whole number from 1 to 100`);
  if (values.module !== undefined) return print(JSON.stringify(await timeModule(values.module, values.only, rounds)));
  const before = values.compare === undefined ? undefined : (JSON.parse(readFileSync(values.compare, 'utf8')) as { figures: Figures }).figures;
  const figures = timeAll(values.only, rounds);
  if (Object.keys(figures).length === 0) throw new Error(`no bench has "${values.only}" in its name`);
  print(formatFigures(figures, before));
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), node: process.version, figures }, null, 2)}\n`);
}

function timeAll(only: string, rounds: number): Figures {
  const core = findCores()?.server;
  const figures = Object.keys(modules).map((module) => {
    const [file = '', ...args] = pinned(core, [
      process.execPath,
      import.meta.filename,
      ...['--module', module, '--only', only, '--rounds', String(rounds)],
    ]);
    const output = execFileSync(file, args, { encoding: 'utf8', timeout: MODULE_LIMIT, stdio: ['ignore', 'pipe', 'inherit'] });
    return JSON.parse(output) as Figures;
  });
  return Object.assign({}, ...figures);
}

async function timeModule(module: string, only: string, rounds: number): Promise<Figures> {
  const load = modules[module];
  if (load === undefined) throw new Error(`unknown module "${module}", expected one of ${Object.keys(modules).join(', ')}`);
  const { benches } = await load();
  const figures: Record<string, Figures[string]> = {};
  for (const bench of benches) {
    const name = `${module}: ${bench.name}`;
    if (name.includes(only)) figures[name] = await time(bench, rounds);
  }
  return figures;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// The servers of the benches are left as they are.
process.exit();
