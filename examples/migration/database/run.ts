// `npm run example:database`: the switch of two databases without a plan and with one, side by side in a table. Ends with 1 when a promise is broken.
import { parseArgs } from 'node:util';
import { ferrydns } from '../service.ts';
import { type Account, accountOf, type MoveAccount, moveAccountOf } from './account.ts';
import { type StoryOptions, withoutPlan, withPlan } from './story.ts';
import { complaintsWith, complaintsWithout } from './verdict.ts';

const { values } = parseArgs({ options: { applications: { type: 'string', default: '24' } } });
const applications = Number(values.applications);
if (!Number.isInteger(applications) || applications < 2) fail(`--applications ${values.applications}: expected a whole number above 1`);

// Seconds, where the incident had 3600, 30, 30 and the plan has 5 and 3.
const times = { vendor: 7, cluster: 2, jvm: 1, transition: 1, slack: 1 };
let began = Date.now();
const options: StoryOptions = { times, applications, command: ferrydns, report: printEvent };

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

try {
  print(`${applications} applications; the vendor's TTL is ${times.vendor} s here, the cluster keeps ${times.cluster} s, a JVM ${times.jvm} s\n`);
  print('without a plan');
  const without = accountOf(await withoutPlan(options));
  print('\nwith the plan');
  began = Date.now();
  const outcome = await withPlan(options);
  const planned = moveAccountOf(outcome);
  printTable(without, planned);
  printFigures(planned);
  const found = [...complaintsWithout(without), ...complaintsWith(planned, outcome)];
  for (const complaint of found) print(`FAILED ${complaint}`);
  if (found.length === 0)
    print('\nwithout a plan the databases were both in use; with it A and then B, never both, and A was switched off unnoticed');
  process.exitCode = found.length === 0 ? 0 : 1;
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function printTable(without: Account, planned: Account): void {
  const rows: [string, keyof Account][] = [
    ['applications led from B back to A', 'wentBack'],
    ['applications that wrote to A after B', 'wroteToBoth'],
    ['applications served by A after B', 'usedBoth'],
    ['answers with A after the first with B', 'mixedAnswers'],
    ['looks with one name at A, the other at B', 'mixedLooks'],
    ['times A served after B had begun to', 'servedByAAfterB'],
    ['times the shut A refused', 'refusedByA'],
  ];
  print(`\n${''.padEnd(42)}   without     with`);
  for (const [words, field] of rows) print(`${words.padEnd(42)} ${`${without[field]}`.padStart(9)} ${`${planned[field]}`.padStart(8)}`);
}

function printFigures(planned: MoveAccount): void {
  const { slack, jvm, vendor } = times;
  const said = (number: number) => `${number.toFixed(1)} s`;
  print('');
  print(`without an answer for   ${said(planned.silence)}: slack ${slack} s, while the fence took ${said(planned.fenceTook)}`);
  print(`refused by the shut A   for ${said(planned.refusals)}: a JVM keeps an address for ${jvm} s`);
  print(`last use of A           ${said((planned.horizon - planned.lastAtA) / 1000)} before the time from which the status let it be switched off`);
  print(`given back              ${said(planned.cleanFor)} after the vendor's last answer with A: its TTL is ${vendor} s`);
  const ended = planned.phases.slice(0, -1).map(({ phase, seconds }) => `${phase} ${said(seconds)}`);
  print(`phases                  ${ended.join(', ')}`);
}

function printEvent(event: string): void {
  print(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${event}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}
