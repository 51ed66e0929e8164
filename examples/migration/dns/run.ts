// `npm run example:dns`: moves a DNS service by a plan, with 1,000 clients, and prints what the servers know of them beside the truth.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawCurve } from '../curve.ts';
import type { Look } from '../life.ts';
import { ferrydns } from '../service.ts';
import { percent } from '../verdict.ts';
import { type Account, type PlanStoryOptions, promised, tell } from './story.ts';
import { complaints } from './verdict.ts';

/** How many standard deviations a share may be off before the run counts as failed. */
const tolerance = 4;

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    late: { type: 'boolean', default: false },
    rollback: { type: 'boolean', default: false },
    svg: { type: 'string' },
  },
});

const options: PlanStoryOptions = {
  clients: whole('clients', values.clients),
  seed: whole('seed', values.seed),
  command: ferrydns,
  transition: values.rollback || values.late ? 3 : 5,
  ending: values.rollback ? { kind: 'rollback' } : values.late ? { kind: 'late' } : { kind: 'move', again: 3 },
  report: printLook,
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const side = values.rollback ? 'B' : 'A';
print(
  `${options.clients} clients, seed ${options.seed}; "hold ${side}" is how many hold an answer with ${side}, "ledger" how many the servers count\n`,
);
print(row(['stage', 'TTLs', 'phase of A', 'phase of B', 'on DNS A', 'theory', `hold ${side}`, 'ledger', `${side} may be switched off`]));
const result = await tell(options).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
const told = promised(result.last) ?? 0;
const lastUse = Math.max(result.lastUse.a, result.lastUse.b);
print(`\nthe last answer with ${side} was over at ${clock(lastUse)}`);
print(`the time that the servers told  ${clock(told)}, ${((told - lastUse) / 1000).toFixed(3)} s later`);
print(`DNS ${side} was switched off at     ${clock(result.switchedOff)}`);
print(`at the end ${result.end.join(', ')}`);
if (values.svg !== undefined) writeFileSync(values.svg, drawCurve(result, { clients: options.clients, phases: 'spread' }));
const found = complaints(result, tolerance);
for (const complaint of found) print(`FAILED ${complaint}`);
if (found.length === 0) print(`every share is within ${tolerance} sigma of the theory, no question was lost, and every promise was kept`);
process.exitCode = found.length === 0 ? 0 : 1;

function printLook({ stage, time, measured, expected }: Look, account: Account): void {
  if (!Number.isInteger(time)) return;
  const { phases, holding, ledger } = account;
  const end = promised(account);
  const off = end === null ? '' : end > Date.now() ? `in ${((end - Date.now()) / 1000).toFixed(1)} s` : 'now';
  print(row([stage, `${time}`, phases.a ?? '-', phases.b ?? '-', percent(measured), percent(expected), `${holding}`, `${ledger}`, off]));
}

function row(cells: readonly string[]): string {
  const widths = [14, -4, 11, 11, -9, -9, -6, -6, -22];
  const padded = cells.map((cell, i) => ((widths[i] ?? 0) < 0 ? cell.padStart(-(widths[i] ?? 0)) : cell.padEnd(widths[i] ?? 0)));
  return padded.join('  ').trimEnd();
}

/** The time of day, to the millisecond. */
function clock(time: number): string {
  return new Date(time).toISOString().slice(11, 23);
}

function whole(name: string, text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  process.stderr.write(`--${name} is '${text}', expected a whole number from 1 to 99999\n`);
  process.exit(1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
