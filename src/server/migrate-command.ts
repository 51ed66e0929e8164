// `ferrydns migrate`: what a plan will take, how it stands, and what an operator wants done, asked of the server over its admin address.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { phases } from '../migration/agreement.ts';
import { departureOf, forecastOf } from '../migration/forecast.ts';
import type { Plan, Target } from '../migration/plan.ts';
import { type PlanFile, readPlanFile } from '../plans/plan-file.ts';
import { reversedPlanFile } from '../plans/reverse.ts';
import { simulated, type Wishes } from './simulate-command.ts';

const usage = `usage: ferrydns migrate plan FILE [-ttl N] [-upstream-ttl N] [-clients N] [-json]
       ferrydns migrate simulate FILE [-ttl N] [-clients N] [-until N] [-violators PERCENT] [-stretch N] [-forever PERCENT] [-seed N] [-json]
       ferrydns migrate reverse FILE
       ferrydns migrate status [NAME|FILE] [-admin HOST:PORT] [-json]
       ferrydns migrate start|advance|pause|resume|rollback NAME|FILE [-epoch N] [-by WHO] [-force] [-admin HOST:PORT] [-json]`;

const orders = ['start', 'advance', 'pause', 'resume', 'rollback'];

/** What is read of a status; the server sends more. */
interface Status {
  readonly plan: string;
  readonly mode: string;
  readonly role: string;
  readonly epoch: number;
  readonly phase: string | null;
  readonly paused: boolean;
  readonly damage: string | null;
  readonly names: readonly { readonly name: string; readonly from: readonly string[]; readonly to: readonly string[] }[];
  readonly wait: { readonly why: string; readonly until: string | null } | null;
  readonly horizon: { readonly a_may_be_switched_off: string | null };
  readonly leases: { readonly from: number; readonly to: number; readonly pinned: readonly unknown[] };
  readonly health: { readonly from: string; readonly to: string };
  readonly alarms: readonly { readonly text: string }[];
}

interface Asked extends Wishes {
  readonly admin: string;
  readonly epoch: string | undefined;
  readonly by: string;
  readonly force: boolean;
  readonly ttl: number | null;
  readonly upstreamTtl: number;
}

/** Runs one `migrate` command and returns what it prints. Rejects with the reason when it is refused. */
export async function runMigrate(words: readonly string[]): Promise<string> {
  const { asked, verb, subject } = read(words);
  if (verb === 'plan' && subject !== undefined) return printPlan(readPlanFile(readFileSync(subject, 'utf8'), subject), asked);
  if (verb === 'simulate' && subject !== undefined) return simulated(moveOf(subject, asked), asked);
  if (verb === 'reverse' && subject !== undefined) return reversedPlanFile(moveOf(subject, asked));
  if (verb === 'status') return printStatuses(await statuses(asked, subject === undefined ? undefined : nameOf(subject)), asked);
  if (verb !== undefined && orders.includes(verb) && subject !== undefined) return await order(verb, nameOf(subject), asked);
  throw new Error(usage);
}

function read(words: readonly string[]): { readonly asked: Asked; readonly verb: string | undefined; readonly subject: string | undefined } {
  const args = words.map((word) => (/^-[a-z]/.test(word) ? `-${word}` : word));
  const { values, positionals } = parseWords(args);
  if (values.help === true || positionals.length > 2) throw new Error(usage);
  const [verb, subject] = positionals;
  const asked: Asked = {
    json: values.json ?? false,
    admin: values.admin ?? '127.0.0.1:9180',
    epoch: values.epoch,
    by: values.by ?? process.env['USER'] ?? 'an operator',
    force: values.force ?? false,
    ttl: values.ttl === undefined ? null : whole('ttl', values.ttl),
    upstreamTtl: whole('upstream-ttl', values['upstream-ttl'] ?? values.ttl ?? '0'),
    clients: whole('clients', values.clients ?? '1000'),
    seed: whole('seed', values.seed ?? '1'),
    until: values.until === undefined ? undefined : whole('until', values.until),
    violators: share('violators', values.violators ?? '0'),
    stretch: whole('stretch', values.stretch ?? '300'),
    forever: share('forever', values.forever ?? '0'),
  };
  return { asked, verb, subject };
}

function parseWords(args: string[]) {
  const options = {
    json: { type: 'boolean' },
    admin: { type: 'string' },
    epoch: { type: 'string' },
    by: { type: 'string' },
    force: { type: 'boolean' },
    ttl: { type: 'string' },
    'upstream-ttl': { type: 'string' },
    clients: { type: 'string' },
    seed: { type: 'string' },
    until: { type: 'string' },
    violators: { type: 'string' },
    stretch: { type: 'string' },
    forever: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`);
  }
}

function whole(flag: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`invalid value "${text}" for flag -${flag}, expected a whole number`);
  return Number(text);
}

function share(flag: string, text: string): number {
  const number = Number(text.replace(/%$/, ''));
  if (!/^\d{1,3}(\.\d+)?%?$/.test(text) || number > 100) throw new Error(`invalid value "${text}" for flag -${flag}, expected 0% to 100%`);
  return number;
}

/** The plan of a file, with the TTL that is assumed where it says none. */
function moveOf(file: string, { ttl }: Asked): PlanFile['move'] {
  const { move } = readPlanFile(readFileSync(file, 'utf8'), file);
  return { ...move, plan: { ...move.plan, ttl: move.plan.ttl ?? ttl } };
}

function nameOf(subject: string): string {
  return /\.ya?ml$/.test(subject) ? readPlanFile(readFileSync(subject, 'utf8'), subject).move.plan.name : subject;
}

function printPlan({ move, warnings }: PlanFile, asked: Asked): string {
  const { plan } = move;
  const forecast = forecastOf(plan, { ttl: asked.ttl, upstreamTtl: asked.upstreamTtl });
  const departure = plan.names.length > 0 ? departureOf(plan, asked.clients) : null;
  if (asked.json) return JSON.stringify({ plan: plan.name, ...forecast, clients: asked.clients, departure, warnings }, null, 2);
  const rows = forecast.phases.map(({ phase, least, open, because }) => [phase, `${open ? 'from ' : ''}${duration(least)}`, because]);
  const unknown =
    plan.ttl === null && asked.ttl === null ? ['the TTL is learnt from the upstream when the server runs: say -ttl N to reckon with one'] : [];
  return [
    ...warnings,
    `plan ${plan.name}: ${plan.mode}, role ${plan.role}`,
    ...move.names.map(({ name, from, to }) => `  ${name}  ${from.map(show).join(', ')} -> ${to.map(show).join(', ')}`),
    '',
    ...table([['phase', 'lasts', 'because'], ...rows]),
    '',
    `A may be switched off ${duration(forecast.untilOff)} after the start at the earliest`,
    `longest time without an answer: ${duration(forecast.silence)}`,
    ...(plan.mode === 'exclusive' ? [`longest time that a cache may lead to an A that is shut: ${duration(forecast.errors)}`] : []),
    ...departureLines(plan, departure, asked.clients),
    ...unknown,
  ].join('\n');
}

function departureLines(plan: Plan, departure: ReturnType<typeof departureOf>, clients: number): readonly string[] {
  if (departure === null || (plan.role === 'shared' && plan.weight === null)) return [];
  const { evenOdds, almostSure } = departure;
  return [
    `by chance alone the last of ${clients} clients has left after ${evenOdds} TTLs with even odds, after ${almostSure} with 99%; or at once, in one TTL, by the next step`,
  ];
}

async function statuses({ admin }: Asked, name: string | undefined): Promise<readonly Status[]> {
  if (name === undefined) return (await call(admin, '/migrations')) as readonly Status[];
  return [(await call(admin, `/migrations/${encodeURIComponent(name)}`)) as Status];
}

function printStatuses(found: readonly Status[], { json }: Asked): string {
  if (json) return JSON.stringify(found.length === 1 ? found[0] : found, null, 2);
  return found.length === 0 ? 'no plan' : found.map(printStatus).join('\n\n');
}

function printStatus(status: Status): string {
  const { wait, horizon, leases, health } = status;
  const rows = [
    ['phase', `${bar(status.phase)} ${status.phase ?? 'not known'}${status.paused ? ', paused' : ''}`],
    ['epoch', String(status.epoch)],
    ...status.names.map(({ name, from, to }) => ['name', `${name}  ${from.join(', ')} -> ${to.join(', ')}`]),
    ['waits', wait === null ? 'for nothing' : `${wait.why}${wait.until === null ? '' : `, until ${wait.until}`}`],
    ['health', `A ${health.from}, B ${health.to}`],
    ['leases', `${leases.from} clients may hold A, ${leases.to} may hold B, ${leases.pinned.length} look pinned to A`],
    ['A may be switched off', horizon.a_may_be_switched_off ?? 'not known yet'],
    ...status.alarms.map(({ text }) => ['alarm', text]),
    ...(status.damage === null ? [] : [['stopped', status.damage]]),
  ];
  return [`plan ${status.plan}: ${status.mode}, role ${status.role}`, ...table(rows).map((line) => `  ${line}`)].join('\n');
}

/** How far the plan has come. */
function bar(phase: string | null): string {
  const at = (phases as readonly (string | null)[]).indexOf(phase);
  return `[${'#'.repeat(at + 1)}${'.'.repeat(phases.length - at - 1)}]`;
}

async function order(verb: string, name: string, asked: Asked): Promise<string> {
  const path = `/migrations/${encodeURIComponent(name)}`;
  const epoch = asked.epoch === undefined ? ((await call(asked.admin, path)) as Status).epoch : whole('epoch', asked.epoch);
  const found = (await call(asked.admin, `${path}/${verb}`, { epoch, by: asked.by, force: asked.force })) as { readonly status: Status };
  return printStatuses([found.status], asked);
}

async function call(admin: string, path: string, body?: unknown): Promise<unknown> {
  const url = `http://${admin}${path}`;
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) }).catch((error: Error) => {
    const { cause } = error;
    throw new Error(`${url}: ${cause instanceof Error ? cause.message : error.message}`);
  });
  const text = await response.text();
  if (response.status === 404) throw new Error(`the server at ${admin} has no such plan: ${path.replace(/^\/migrations\//, '')}`);
  if (!response.ok) throw new Error(reasonIn(text) ?? `${url}: status ${response.status}`);
  return JSON.parse(text);
}

function reasonIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { readonly reason?: string }).reason;
  } catch {
    return undefined;
  }
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function duration(seconds: number): string {
  return `${Number(seconds.toFixed(1))} s`;
}

function show(target: Target): string {
  if (target.kind === 'address') return target.address;
  return target.kind === 'name' ? target.name : `pool ${target.pool}`;
}
