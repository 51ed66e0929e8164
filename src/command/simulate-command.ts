// `ferrydns migrate simulate`: a plan run by its engine on a virtual clock, with clients around it.
import { writeFileSync } from 'node:fs';
import { formatWarning } from '../config/error.ts';
import { wrongOnceIn } from '../migration/draws.ts';
import { forecastOf } from '../migration/forecast.ts';
import { isTargetChecked, type Plan } from '../migration/plan.ts';
import { type Cache, cachesOf } from '../migration/simulator/caches.ts';
import { drawDrain } from '../migration/simulator/drain-chart.ts';
import { mostPresent, type Outcome } from '../migration/simulator/outcome.ts';
import type { Simulation } from '../migration/simulator/run.ts';
import { simulate } from '../migration/simulator/simulate.ts';
import { readPlanFile } from '../plans/plan-file.ts';
import { readFlags, share, textOf, whole } from './flags.ts';
import { readArrival, readCaches, readFence, readOutage } from './simulate-words.ts';
import { bar, seconds } from './text-table.ts';

const usage = `usage: ferrydns migrate simulate FILE [FLAGS]
  -clients N           how many clients there are; 10000 unless given
  -arrival spread      they ask when their caches have run out, at times spread evenly; so it is unless given
  -arrival step        all of their caches run out in the same moment
  -arrival "poisson N" N clients per second come, look the name up, stay for as long as the answer is good, and go
  -caches LIST         what stands between server and clients, as in "resolver 30s x20, jvm 30s"; the caches of the plan unless given
      resolver [CAP] [xN]  N resolvers with a group of clients each that keep to TTLs, of CAP at most; what is left of a TTL is handed on
      clamp MIN [xN]       keeps every answer for MIN at least: N resolvers, or one of each client's own
      jvm TIME [FAILURES]  keeps every answer for TIME whatever its TTL, and a failure for 10s
      forever              never asks again
      pool TIME            a connection stays where it leads for TIME, or until A is shut
      none                 clients keep to TTLs themselves
  -violators PERCENT   clients whose own resolver keeps every answer for -stretch, 300 seconds unless given
  -forever PERCENT     clients that never ask again
  -fence TIME|fails|cut  how long the fence of the plan takes, no time unless given; or that it fails; or that it is cut short at its timeout and has shut A
  -outage FROM-TO      when B is down, as in 100s-130s after the start; the check of the plan tells it at once
  -until N             seconds to simulate; the plan's own time and a margin unless given
  -ttl N               the TTL so far, where the plan says none
  -mixed N             the names of FILE, but not its plan: for N seconds an upstream hands out A and B by chance, then B
  -seed N              the same seed gives the same outcome
  -svg FILE            draws the outcome
  -json                prints the outcome with a value for every second`;

const flags = {
  json: { type: 'boolean' },
  arrival: { type: 'string' },
  caches: { type: 'string' },
  clients: { type: 'string' },
  fence: { type: 'string' },
  forever: { type: 'string' },
  mixed: { type: 'string' },
  outage: { type: 'string' },
  seed: { type: 'string' },
  stretch: { type: 'string' },
  svg: { type: 'string' },
  ttl: { type: 'string' },
  until: { type: 'string' },
  violators: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Lines of the table, but for those where a phase begins. */
const rows = 12;
/** Seconds after the plan's own time, in which stragglers are seen. */
const margin = 60;
const mostClients = 10_000_000;
const longest = 604_800;

interface Flags {
  readonly [flag: string]: string | boolean | undefined;
}

/** Runs `migrate simulate` with the words after it and returns what it prints. Throws the reason when it is refused. */
export function runSimulate(words: readonly string[]): string {
  const { values, positionals } = readFlags(words, flags, usage);
  const [file] = positionals;
  if (values.help === true || file === undefined || positionals.length > 1) throw new Error(usage);
  const { move, ...found } = readPlanFile(textOf(file), file);
  const { plan } = move;
  const warnings = found.warnings.map(({ place, message }) => formatWarning(place, message));
  const options = simulationOf(plan, values);
  const outcome = simulate(options);
  if (values.svg !== undefined) writeFileSync(values.svg, drawDrain(outcome, options));
  if (values.json === true) return json(outcome, options, warnings);
  return [...warnings, text(outcome, options, plan.ttl === null && values.ttl === undefined)].join('\n');
}

/** Every step is begun as soon as it may be; checks and gates hold. */
export function simulationOf(given: Plan, asked: Flags): Simulation {
  const ttl = given.ttl ?? number(asked, 'ttl', given.transitionTtl);
  if (ttl < 1) throw new Error(`invalid value "${ttl}" for flag -ttl, expected 1 or more`);
  const plan: Plan = { ...given, ttl, advance: 'auto', handback: false };
  const people = peopleOf(asked);
  const trouble = troubleOf(plan, asked);
  const caches = asked['caches'] === undefined ? cachesOf(plan) : readCaches(String(asked['caches']));
  const mixed = asked['mixed'] === undefined ? undefined : number(asked, 'mixed', 0);
  const own = mixed ?? forecastOf(plan, { ttl: null, upstreamTtl: 0 }).untilOff + secondsOf(trouble.fenceTakes, plan) + (trouble.outage?.to ?? 0);
  const until = number(asked, 'until', Math.ceil(own + longestHeld(caches) + (people.violators > 0 ? people.stretch : 0) + margin));
  if (until < 1 || until > longest) throw new Error(`${until} s are too many or too few to simulate, expected -until from 1 to ${longest}`);
  return {
    plan,
    until,
    caches,
    ...people,
    ...trouble,
    seed: number(asked, 'seed', 1),
    arrival: readArrival(String(asked['arrival'] ?? 'spread')),
    dnsService: plan.role !== 'shared',
    ...(mixed === undefined ? {} : { mixed }),
  };
}

function number(asked: Flags, flag: string, fallback: number): number {
  return asked[flag] === undefined ? fallback : whole(flag, String(asked[flag]));
}

/** How many clients there are, and how many of them do not keep to TTLs. */
function peopleOf(asked: Flags): Pick<Simulation, 'clients'> & Required<Pick<Simulation, 'violators' | 'stretch' | 'forever'>> {
  const percent = (flag: string) => share(flag, String(asked[flag] ?? '0'));
  const [violators, forever] = [percent('violators'), percent('forever')];
  if (violators + forever > 100) throw new Error(`-violators ${violators}% and -forever ${forever}% together, expected 100% of the clients at most`);
  const stretch = number(asked, 'stretch', 300);
  if (stretch < 1) throw new Error(`invalid value "${stretch}" for flag -stretch, expected 1 or more`);
  const clients = number(asked, 'clients', 10_000);
  if (clients < 1 || clients > mostClients) throw new Error(`invalid value "${clients}" for flag -clients, expected 1 to ${mostClients}`);
  return { clients, violators: violators / 100, stretch, forever: forever / 100 };
}

/** What goes wrong meanwhile. */
function troubleOf(plan: Plan, { fence, outage, mixed }: Flags): Pick<Simulation, 'fenceTakes' | 'outage'> {
  const given = fence === undefined ? '-outage' : '-fence';
  if (mixed !== undefined && (fence ?? outage) !== undefined) throw new Error(`${given} beside -mixed, which runs no plan, expected one of them`);
  if (outage !== undefined && !isTargetChecked(plan))
    throw new Error('-outage of a B that the plan does not check, expected a check of to in the plan');
  return {
    ...(fence === undefined ? {} : { fenceTakes: readFence(String(fence), plan.fence?.timeout ?? null) }),
    ...(outage === undefined ? {} : { outage: readOutage(String(outage)) }),
  };
}

/** Seconds for which caches that do not keep to TTLs may lead to A when it is no longer handed out. */
function longestHeld(caches: readonly Cache[]): number {
  return caches.reduce((sum, { kind, seconds }) => (kind === 'resolver' ? sum : sum + seconds), 0);
}

function json(outcome: Outcome, { plan, clients, seed, until }: Simulation, warnings: readonly string[]): string {
  const plainly = (_: string, value: unknown) => (value instanceof Uint32Array ? [...value] : value);
  return JSON.stringify({ plan: plan.name, clients, seed, until, ...outcome, warnings }, plainly, 2);
}

function text(outcome: Outcome, options: Simulation, ttlUnknown: boolean): string {
  const { plan, clients, until, mixed } = options;
  const course =
    mixed === undefined
      ? `every step begun as soon as it may be${troubleIn(options)}`
      : `without a plan: an upstream hands out A and B by chance for ${mixed} s`;
  return [
    `plan ${plan.name}: ${clients} clients for ${until} s, ${course}`,
    ...curve(outcome, options),
    '',
    ...outcome.refused.map((reason) => `refused: ${reason}`),
    ...departure(outcome, options),
    ...load(outcome, options),
    ...harm(outcome, options),
    ...afterwards(options),
    ...(ttlUnknown ? [`the TTL is learnt from the upstream when the server runs; ${plan.ttl} s is taken for it: say -ttl N`] : []),
  ].join('\n');
}

/** How long the fence keeps everybody waiting. */
function secondsOf(fence: Simulation['fenceTakes'], plan: Plan): number {
  if (fence === 'cut') return plan.fence?.timeout ?? 0;
  return typeof fence === 'number' ? fence : 0;
}

function troubleIn({ fenceTakes, outage, plan }: Simulation): string {
  const ends = { fails: ', the fence fails', cut: `, the fence is cut short after ${seconds(plan.fence?.timeout ?? 0)}` };
  const fence = fenceTakes === undefined ? '' : typeof fenceTakes === 'string' ? ends[fenceTakes] : `, the fence takes ${seconds(fenceTakes)}`;
  return outage === undefined ? fence : `${fence}, B is down from ${seconds(outage.from)} to ${seconds(outage.to)}`;
}

/** The drain curve: a line every so often, and where a phase begins. */
function curve(outcome: Outcome, { until, clients }: Simulation): readonly string[] {
  const { onA, onB, waiting, phases } = outcome;
  const most = mostPresent(outcome);
  const every = Math.max(1, Math.ceil(until / rows));
  const begins = phases.map(({ at }) => Math.ceil(at)).filter((second) => second < until);
  const regular = Array.from({ length: Math.ceil(until / every) }, (_, i) => i * every);
  const seconds = [...begins, ...regular.filter((second) => begins.every((begin) => Math.abs(begin - second) * 3 >= every))].sort((a, b) => a - b);
  const width = Math.max(String(clients).length, 7) + 2;
  const line = (cells: readonly (string | number | undefined)[]) => cells.map((cell) => String(cell).padStart(width)).join('');
  const lines = seconds.map((second) => {
    const phase = phases.findLast(({ at }) => at <= second)?.phase ?? '';
    return `${line([`${second} s`, onA[second], onB[second], waiting[second]])}  ${bar((onA[second] ?? 0) / most)}  ${phase}`;
  });
  return [`${line(['time', 'on A', 'on B', 'waiting'])}  ${'share on A'.padEnd(22)}  phase`, ...lines];
}

function departure({ lastOnA, stayed, horizon }: Outcome, { plan, mixed }: Simulation): readonly string[] {
  const last = `the last client leaves A: ${lastOnA === null ? `not within this time, ${stayed} are on A at its end` : `after ${seconds(lastOnA)}`}`;
  if (mixed !== undefined) return [last];
  const late = horizon !== null && (lastOnA === null || lastOnA > horizon);
  return [
    last,
    `the plan says that A may be switched off: ${horizon === null ? 'not within this time' : `after ${seconds(horizon)}`}`,
    ...(late
      ? [`  which is too early for caches that the plan does not name${plan.fence === null ? '' : '; A is shut, so these clients fail'}`]
      : []),
  ];
}

function load({ peakA, peakB, peakQueries }: Outcome, { dnsService }: Simulation): readonly string[] {
  if (dnsService === true) return [`peak load in a second: ${peakA} queries at DNS A, ${peakB} at DNS B`];
  return [`peak load in a second: ${peakA} lookups lead to A, ${peakB} to B; ${peakQueries} queries at the server`];
}

function harm({ split, splitBrain, errors, silence, wentBack, metBoth }: Outcome, { plan, mixed }: Simulation): readonly string[] {
  const name = plan.mode === 'exclusive' ? 'split brain, A and B in use side by side' : 'A and B in use side by side';
  const window = split === null ? 'never' : `for ${seconds(splitBrain)}, from ${seconds(split.from)} to ${seconds(split.to)}`;
  return [
    `${name}: ${window}`,
    ...(plan.fence === null || mixed !== undefined ? [] : [`clients led to an A that is shut: for ${seconds(errors)}`]),
    `longest without an answer: ${seconds(silence)}`,
    `clients given A after B: ${wentBack === 0 ? 'none' : `${wentBack} times`}`,
    ...(mixed === undefined ? [] : [`clients given both: ${metBoth.at(-1)}`]),
  ];
}

/** What only a person can see to, and when the names could be given back to an upstream that mixes. */
function afterwards({ plan, fenceTakes, mixed }: Simulation): readonly string[] {
  if (fenceTakes === 'cut')
    return ["the fence may have shut A: the plan waits for 'advance', or for 'rollback -a-is-open' by somebody who has seen that A is open"];
  if (mixed === undefined) return [];
  const { least, because } = handbackOf(plan);
  return [
    `a plan that is done would give the names back after ${seconds(mixed + least)} at the earliest: ${because}`,
    `that it would do so while A and B are still handed out half and half: once in ${wrongOnceIn(plan.handbackAnswers)}`,
  ];
}

function handbackOf(plan: Plan): { readonly least: number; readonly because: string } {
  const done = forecastOf({ ...plan, handback: true }, { ttl: plan.ttl, upstreamTtl: plan.ttl }).phases.find(({ phase }) => phase === 'done');
  return { least: done?.least ?? 0, because: done?.because ?? '' };
}
