// `ferrydns migrate`: what a plan will take, how it stands, and what an operator wants done, asked of the server over its admin address.
import { readPlanFile } from '../plans/plan-file.ts';
import type { PlanStatus } from '../plans/plan-status.ts';
import { AdminClient, connectionFlags, connectionUsage } from './admin-client.ts';
import { readFlags, textOf, userName, whole } from './flags.ts';
import { printForecast, printReverse } from './migrate-forecast.ts';
import { printStatuses } from './migrate-status.ts';
import { type Screen, watch } from './migrate-watch.ts';
import { runSimulate } from './simulate-command.ts';

const usage = `usage: ferrydns migrate plan FILE [-ttl N] [-upstream-ttl N] [-clients N] [-json]
       ferrydns migrate simulate FILE ...   a plan before it is run: see ferrydns migrate simulate
       ferrydns migrate reverse FILE [-ttl N] [-json]
       ferrydns migrate status [NAME|FILE] [-json]
       ferrydns migrate watch [NAME|FILE] [-json]
       ferrydns migrate start|advance|pause|resume|rollback NAME|FILE [-epoch N] [-by WHO] [-force] [-json]
       ferrydns migrate rollback NAME|FILE -a-is-open ...   you have seen that A is open, though a fence may have run
       ferrydns migrate forget NAME|FILE REPLICA [-epoch N] [-by WHO] [-json]
all but plan, simulate and reverse ask a server:
${connectionUsage}`;

const flags = {
  ...connectionFlags,
  json: { type: 'boolean' },
  epoch: { type: 'string' },
  by: { type: 'string' },
  force: { type: 'boolean' },
  'a-is-open': { type: 'boolean' },
  ttl: { type: 'string' },
  'upstream-ttl': { type: 'string' },
  clients: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof readFlags<typeof flags>>['values'];

/** What a command may use of the process. */
export interface MigrateContext {
  readonly stdout: Screen;
  /** Ends what would go on; Ctrl-C by default. */
  readonly signal?: AbortSignal;
}

const verbs = ['plan', 'reverse', 'status', 'watch', 'start', 'advance', 'pause', 'resume', 'rollback', 'forget'];

/** Runs one `migrate` command and returns what it prints at its end. Rejects with the reason when it is refused. */
export async function runMigrate(words: readonly string[], context: MigrateContext): Promise<string> {
  if (words[0] === 'simulate') return runSimulate(words.slice(1));
  const { values, positionals } = readFlags(words, flags, usage);
  const [verb = '', subject = '', replica] = positionals;
  const json = values.json ?? false;
  if (values.help === true || verb === '') throw new Error(usage);
  const wrong = faultOf(positionals);
  if (wrong !== undefined) throw new Error(`${wrong}\n${usage}`);
  if (values['a-is-open'] === true && verb !== 'rollback') throw new Error(`-a-is-open with ${verb}, expected it with rollback\n${usage}`);
  if (verb === 'status') return await showStatus(positionals[1], values);
  if (verb === 'watch') return await follow(positionals[1], values, context);
  const ttl = values.ttl === undefined ? null : whole('ttl', values.ttl);
  switch (verb) {
    case 'plan': {
      const upstreamTtl = values['upstream-ttl'] === undefined ? ttl : whole('upstream-ttl', values['upstream-ttl']);
      return printForecast(subject, { json, ttl, upstreamTtl, clients: whole('clients', values.clients ?? '1000') });
    }
    case 'reverse':
      return printReverse(subject, { json, ttl });
    default:
      return await order(verb, values, { plan: nameOf(subject), replica });
  }
}

/** What is wrong with the words: none may be left over, and none may be missing. */
function faultOf([verb = '', ...words]: readonly string[]): string | undefined {
  if (!verbs.includes(verb)) return `unknown command "${verb}"`;
  const asksAll = verb === 'status' || verb === 'watch';
  const wanted = [verb === 'plan' || verb === 'reverse' ? 'plan file' : 'plan', ...(verb === 'forget' ? ['replica'] : [])];
  if (words.length > wanted.length) return `unexpected "${words[wanted.length]}"`;
  const missing = wanted[words.length];
  return missing === undefined || asksAll ? undefined : `${verb}: no ${missing}, expected one`;
}

async function showStatus(subject: string | undefined, values: Values): Promise<string> {
  const client = new AdminClient(values);
  const found = await client.get(subject === undefined ? '/migrations' : pathOf(nameOf(subject)));
  if (values.json === true) return JSON.stringify(found, null, 2);
  return printStatuses(Array.isArray(found) ? (found as PlanStatus[]) : [found as PlanStatus]);
}

async function follow(subject: string | undefined, values: Values, { stdout, signal }: MigrateContext): Promise<string> {
  const plan = subject === undefined ? undefined : nameOf(subject);
  const interrupted = new AbortController();
  const end = () => interrupted.abort();
  process.once('SIGINT', end);
  // Whoever reads it may have seen enough.
  stdout.on?.('error', end);
  try {
    await watch({ client: new AdminClient(values), plan, json: values.json ?? false, screen: stdout, signal: signal ?? interrupted.signal });
  } finally {
    process.off('SIGINT', end);
  }
  return '';
}

/** The epoch is the one that is seen now, unless it is said: then it is refused where that has gone by. */
async function order(verb: string, values: Values, about: { readonly plan: string; readonly replica: string | undefined }): Promise<string> {
  const client = new AdminClient(values);
  const path = pathOf(about.plan);
  const seen = values.epoch === undefined || values['a-is-open'] === true ? ((await client.get(path)) as PlanStatus) : undefined;
  const epoch = values.epoch === undefined ? (seen?.epoch ?? 0) : whole('epoch', values.epoch);
  const by = { by: values.by ?? userName() };
  const replica = about.replica === undefined ? {} : { replica: about.replica };
  // The word that A is open is for the attempt that is seen now.
  const attempt = seen?.fence?.attempt ?? 0;
  const open = values['a-is-open'] === true && attempt > 0 ? { a_is_open: attempt } : {};
  const { status } = (await client.post(`${path}/${verb}`, { epoch, ...by, force: values.force ?? false, ...replica, ...open })) as {
    readonly status: PlanStatus;
  };
  return values.json === true ? JSON.stringify(status, null, 2) : printStatuses([status]);
}

function pathOf(plan: string): string {
  return `/migrations/${encodeURIComponent(plan)}`;
}

function nameOf(subject: string): string {
  return /\.ya?ml$/.test(subject) ? readPlanFile(textOf(subject), subject).move.plan.name : subject;
}
