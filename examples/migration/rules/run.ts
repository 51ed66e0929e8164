// `npm run example:migration`: tells the story with 1,000 clients, prints the share on DNS A after each TTL, and draws the curve.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawCurve } from '../curve.ts';
import type { Look } from '../life.ts';
import { ferrydns } from '../service.ts';
import { percent } from '../verdict.ts';
import { type StoryOptions, tell } from './story.ts';
import { complaints } from './verdict.ts';

/** How many standard deviations a share may be off before the run counts as failed. */
const tolerance = 4;

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    scale: { type: 'string', default: '0.04' },
    'in-step': { type: 'boolean', default: false },
    server: { type: 'string' },
    svg: { type: 'string', default: fileURLToPath(new URL('drain.svg', import.meta.url)) },
  },
});

const options: StoryOptions = {
  clients: positive('clients', values.clients),
  seed: positive('seed', values.seed),
  scale: positive('scale', values.scale),
  phases: values['in-step'] ? 0.1 : 'spread',
  command: values.server === undefined ? ferrydns : [values.server],
  transition: 7,
  again: 4,
  report: printLook,
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const crowd = values['in-step'] ? 'who ask in step' : 'with phases spread over the TTL';
print(`${options.clients} clients ${crowd}, seed ${options.seed}; a second of a TTL takes ${options.scale} s here\n`);
print('stage        TTLs   in stage   on DNS A     theory   one sigma');
const result = await tell(options).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
const found = complaints(result, tolerance);
writeFileSync(values.svg, drawCurve(result, options));
print(`\nTTL ${result.ttl} s; the curve is in ${values.svg}`);
print(`at the end ${result.end.join(', ')}`);
for (const complaint of found) print(`FAILED ${complaint}`);
if (found.length === 0) print(`every share is within ${tolerance} sigma of the theory, no question was lost, and no answer names A any more`);
process.exitCode = found.length === 0 ? 0 : 1;

function printLook({ stage, time, inStage, measured, expected, sigma }: Look): void {
  if (!Number.isInteger(time)) return;
  const columns = [
    `${time}`.padStart(4),
    `${inStage}`.padStart(10),
    percent(measured).padStart(10),
    percent(expected).padStart(10),
    percent(sigma).padStart(11),
  ];
  print(`${stage.padEnd(12)} ${columns.join(' ')}`);
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  print(`--${name} ${text}: expected a number above 0`);
  process.exit(1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
