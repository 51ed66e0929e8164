// The story of two databases that are switched from A to B below a vendor's cache that mixes old and new: once without a plan, once with one.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from 'ferrydns/testing';
import { Service } from '../service.ts';
import { Application, Watcher } from './application.ts';
import { addressesOf } from './places.ts';
import { Site, type SiteReport } from './site.ts';
import { startVendor, type Vendor } from './vendor.ts';

/** Seconds, as they are in this run. */
export interface Times {
  /** TTL of the vendor. */
  readonly vendor: number;
  /** How long the DNS of the cluster keeps an answer; the plan's TTL in the steady states. */
  readonly cluster: number;
  /** How long a JVM keeps an address. */
  readonly jvm: number;
  /** The plan's TTL while moving, and the least time that the TTL is counted down in. */
  readonly transition: number;
  readonly slack: number;
}

export interface StoryOptions {
  readonly times: Times;
  readonly applications: number;
  /** The server program and its first words. */
  readonly command: readonly string[];
  /** The scripted one unless given. */
  readonly startVendor?: (ttl: number) => Promise<Vendor>;
  /** Called with what happens, when it happens. */
  readonly report?: (event: string) => void;
}

/** What is read of a status. */
export interface Status {
  readonly epoch: number;
  readonly phase: string;
  readonly wait: { readonly why: string } | null;
  readonly flip: { readonly at: string; readonly committed: boolean } | null;
  readonly fence: { readonly state: string; readonly attempt: number } | null;
  readonly horizon: { readonly a_may_be_switched_off: string | null };
  readonly health: { readonly to: string };
  readonly upstream: {
    readonly now: { readonly shows: string } | null;
    readonly before: { readonly ttl: number | null; readonly mixed: boolean } | null;
    readonly longest_ttl: number;
  };
  readonly alarms: readonly { readonly text: string }[];
}

/** What is read of an entry of the journal. */
export interface Entry {
  readonly kind: string;
  readonly at: string;
  readonly why?: string;
  readonly agreement?: { readonly epoch: number; readonly phase: string; readonly fence: { readonly state: string } };
}

/** What there is to judge. Times are milliseconds of the wall clock. */
export interface Outcome {
  readonly times: Times;
  readonly applications: readonly Application[];
  readonly watcher: Watcher;
  readonly sites: { readonly A: SiteReport; readonly B: SiteReport };
  /** When the records of the vendor were changed. */
  readonly changedAt: number;
  /** When the vendor answered with A for the last time. */
  readonly vendorLastA: number;
}

/** The same of a run with the plan. */
export interface MoveOutcome extends Outcome {
  readonly statuses: readonly { readonly at: number; readonly status: Status }[];
  readonly journal: readonly Entry[];
  /** When site A was taken away. */
  readonly switchedOffAt: number;
  /** When the names had been given back. */
  readonly releasedAt: number;
}

/** What a story is told with. */
interface Stage {
  readonly options: StoryOptions;
  readonly report: (event: string) => void;
  readonly vendor: Vendor;
  readonly server: Service;
  readonly sites: { readonly A: Site; readonly B: Site };
  readonly applications: readonly Application[];
  readonly watcher: Watcher;
  readonly admin: string;
  readonly home: string;
}

const planName = 'database';
/** Milliseconds between two uses of an application, two looks of the watcher, and two looks at the status. */
const paces = { application: 150, watcher: 40, status: 100 };
/** Milliseconds that anything may take until the story is given up. */
const deadline = 60_000;

const file = (name: string) => new URL(`./${name}`, import.meta.url);

/** The incident: the records are changed at the vendor, and that is all. */
export async function withoutPlan(options: StoryOptions): Promise<Outcome> {
  return onStage('without.Corefile', options, async (stage) => {
    const { vendor, applications, report } = stage;
    const honest = applications.filter(({ honest }) => honest);
    await waitFor('every application to use the databases', () => applications.every(({ works }) => works));
    report(`${applications.length} applications use A`);
    const changedAt = Date.now();
    await vendor.change();
    report(`the records at the vendor lead to B; its caches hold A for another ${vendor.ttl} s`);
    await sleep(1000 * (vendor.ttl + 1));
    const after = Date.now() + 1000 * stage.options.times.cluster;
    await waitFor('every application to have asked again', () => honest.every((each) => each.hasAskedSince(after)));
    report('the caches of the vendor know B alone');
    return outcomeOf(stage, changedAt, await stage.sites.A.report());
  });
}

/** The same change with the plan: A, then B, never both. */
export async function withPlan(options: StoryOptions): Promise<MoveOutcome> {
  return onStage('with.Corefile', options, async (stage) => {
    const { applications, report, sites, vendor } = stage;
    const log: { at: number; status: Status }[] = [];
    const look = async () => {
      const status = await statusOf(stage);
      if (status.phase !== log.at(-1)?.status.phase) report(phaseReport(status));
      log.push({ at: Date.now(), status });
      return status;
    };
    const until = (what: string, holds: (status: Status) => boolean) => waitFor(what, async () => holds(await look()));
    await waitFor('every application to use the databases', () => applications.every(({ works }) => works));
    report(`${applications.length} applications use A`);
    await until('the preflight', ({ health, upstream }) => health.to === 'healthy' && (upstream.before?.ttl ?? null) !== null);
    await order(stage, 'start');
    await until('the old TTL to run out', ({ phase, wait }) => phase === 'lowering' && wait === null);
    await order(stage, 'advance');
    await until('B to be answered', ({ phase }) => phase === 'draining');
    const changedAt = Date.now();
    await vendor.change();
    report(`the records at the vendor lead to B; its caches hold A for another ${vendor.ttl} s`);
    await until('the last lease on A to be over', ({ phase, horizon }) => phase === 'done' && isPast(horizon.a_may_be_switched_off));
    const last = await sites.A.report();
    const switchedOffAt = Date.now();
    await sites.A.switchOff();
    report('A is switched off');
    await until('the names to be given back', ({ phase }) => phase === 'released');
    const releasedAt = Date.now();
    const honest = applications.filter((each) => each.honest);
    const fromVendor = releasedAt + 1000 * stage.options.times.cluster;
    await waitFor('every application to ask the vendor', () => honest.every((each) => each.hasAskedSince(fromVendor)));
    report('every application has been answered by the vendor again');
    return { ...(await outcomeOf(stage, changedAt, last)), statuses: log, journal: journalOf(stage), switchedOffAt, releasedAt };
  });
}

/** Everything is started before the story, and has ended when it resolves or rejects. */
async function onStage<T>(corefile: string, options: StoryOptions, tell: (stage: Stage) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'ferrydns-database-'));
  const endings: { stop(): Promise<void>; killNow?(): void }[] = [];
  const killNow = () => {
    for (const each of endings) each.killNow?.();
  };
  process.once('exit', killNow);
  try {
    return await tell(await setUp(corefile, options, { home, endings }));
  } finally {
    for (const each of endings.reverse()) await each.stop();
    process.removeListener('exit', killNow);
    rmSync(home, { recursive: true, force: true });
  }
}

interface SettingUp {
  readonly home: string;
  /** What is to be stopped, in the order in which it was started. */
  readonly endings: { stop(): Promise<void>; killNow?(): void }[];
}

async function setUp(corefile: string, options: StoryOptions, { home, endings }: SettingUp): Promise<Stage> {
  const { times, command, report = () => undefined } = options;
  const vendor = await (options.startVendor ?? startVendor)(times.vendor);
  endings.push(vendor);
  const port = await freePort(...addressesOf('A'), ...addressesOf('B'));
  const sites = { A: await startSite(port, addressesOf('A'), endings), B: await startSite(port, addressesOf('B'), endings) };
  const admin = `127.0.0.1:${await freePort()}`;
  const dns = await freePort();
  const environment = { VENDOR: vendor.endpoint, CACHE: `${times.cluster}`, ADMIN: admin };
  writeFileSync(join(home, 'database.yaml'), planFor(times, port));
  for (const script of ['shut-a.ts', 'talk.ts']) copyFileSync(file(script), join(home, script));
  const server = new Service({ name: 'the DNS of the cluster', address: '127.0.0.1', port: dns, command, directory: home, environment, home });
  endings.push(server);
  await server.start(file(corefile));
  // A reply that comes later than the slack allows is none.
  const resolver = { address: '127.0.0.1', port: dns, patience: 900 * times.slack };
  const applications = Array.from({ length: options.applications }, (_, i) => {
    // The last one never asks again, as a JVM with a security manager does.
    const keep = i === options.applications - 1 ? Number.POSITIVE_INFINITY : times.jvm;
    return new Application({ name: `app-${i + 1}`, resolver, port, keep, keepFailure: times.jvm / 3, pace: paces.application });
  });
  const watcher = new Watcher();
  endings.push(watcher, ...applications);
  for (const each of applications) each.start();
  watcher.start(resolver, paces.watcher);
  return { options, report, vendor, server, sites, applications, watcher, admin, home };
}

async function startSite(port: number, addresses: readonly string[], endings: SettingUp['endings']): Promise<Site> {
  const site = await Site.start(port, addresses);
  endings.push({ stop: () => site.switchOff(), killNow: () => site.killNow() });
  return site;
}

/** The plan of the example with the times and the port of this run. */
function planFor(times: Times, port: number): string {
  const replaced = {
    'ttl: 30': `ttl: ${times.cluster}`,
    'transition_ttl: 5': `transition_ttl: ${times.transition}`,
    'slack: 3s': `slack: ${times.slack}s`,
    'countdown: 5s': `countdown: ${times.transition}s`,
    'caches: jvm 30s': `caches: jvm ${times.jvm}s`,
    'exec, node,': `exec, ${process.execPath},`,
  };
  let plan = readFileSync(file('database.yaml'), 'utf8').replaceAll('5432', `${port}`);
  for (const [words, others] of Object.entries(replaced)) {
    if (!plan.includes(`\n${words}`) && !plan.includes(`[${words}`)) throw new Error(`no '${words}' in database.yaml`);
    plan = plan.replace(words, others);
  }
  return plan;
}

async function outcomeOf({ options, vendor, sites, applications, watcher }: Stage, changedAt: number, A: SiteReport): Promise<Outcome> {
  await Promise.all([watcher.stop(), ...applications.map((each) => each.stop())]);
  return { times: options.times, applications, watcher, sites: { A, B: await sites.B.report() }, changedAt, vendorLastA: vendor.lastA };
}

/** What an operator types. */
async function order({ options, admin, report }: Stage, verb: string): Promise<void> {
  const [program = '', ...words] = options.command;
  report(`ferrydns migrate ${verb} ${planName}`);
  await promisify(execFile)(program, [...words, 'migrate', verb, planName, '-admin', admin, '-by', 'the story']);
}

async function statusOf({ admin }: Stage): Promise<Status> {
  return (await (await fetch(`http://${admin}/migrations/${planName}`)).json()) as Status;
}

function journalOf({ home }: Stage): Entry[] {
  const lines = readFileSync(join(home, 'ferrydns-migrations', `${planName}.journal`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Entry);
}

function phaseReport({ phase, flip }: Status): string {
  return phase === 'countdown' && flip !== null ? `phase ${phase}, the flip is at ${flip.at.slice(11, 23)}` : `phase ${phase}`;
}

function isPast(time: string | null): boolean {
  return time !== null && Date.parse(time) <= Date.now();
}

async function waitFor(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${deadline / 1000} s for ${what}`);
    await sleep(paces.status);
  }
}
