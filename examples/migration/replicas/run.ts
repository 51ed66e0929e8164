// `npm run example:replicas`: tells the story of the replicas with real processes and prints what was promised beside what was found.
import { parseArgs } from 'node:util';
import { ferrydns } from '../service.ts';
import type { Kept } from './stage.ts';
import { tell } from './story.ts';

const { values } = parseArgs({ options: { readers: { type: 'string', default: '100' }, answers: { type: 'string', default: '10000' } } });

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const started = performance.now();
const promises = await tell({ readers: whole('readers', 254), answers: whole('answers', 1_000_000), command: ferrydns, report: print }).catch(
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
const broken = promises.filter(({ kept }) => !kept).length;
const seconds = ((performance.now() - started) / 1000).toFixed(0);
process.stdout.write(`\n${broken === 0 ? `all ${promises.length} promises were kept` : `FAILED: ${broken} promises were broken`}, in ${seconds} s\n`);
process.exitCode = broken === 0 ? 0 : 1;

function print({ what, promised, found, kept }: Kept): void {
  process.stdout.write(`${kept ? 'kept  ' : 'BROKEN'} ${what.padEnd(26)} ${promised}\n${' '.repeat(34)}${found}\n`);
}

function whole(name: 'readers' | 'answers', most: number): number {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  process.stderr.write(`--${name} is '${values[name]}', expected a whole number from 1 to ${most}\n`);
  process.exit(1);
}
