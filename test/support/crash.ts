// A server process that is killed again and again in the middle of a move, and what its clients see over all its lives.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from 'ferrydns/testing';
import { expect } from 'vitest';
import { randomFrom } from '../../src/migration/simulator/population.ts';
import type { Status } from './migration.ts';
import { soon } from './soon.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
const phases = ['original', 'lowering', 'countdown', 'flipping', 'draining', 'done'];
/** Milliseconds that caches below hold an answer beyond its TTL. */
const caches = 700;
/** A server that answers is killed within so many milliseconds. */
const longestLife = 500;
/** The share of lives that end before the server answers. */
const stillborn = 0.15;

/** The plan of one move: two names, both times short, a fence that takes a while. */
export interface Plan {
  readonly name: string;
  readonly names: readonly [string, string];
  /** Holds the Corefile, the plan file and what the fence leaves behind. */
  readonly folder: string;
}

/** Writes a plan that goes from `start` to its end by itself within a few seconds. Every one has names of its own, as ports are used again. */
export function writePlan(name: string): Plan {
  const folder = mkdtempSync(join(tmpdir(), 'ferrydns-crash-'));
  const names = [`primary.${name}.example.org`, `replica.${name}.example.org`] as const;
  writeFileSync(join(folder, 'Corefile'), '. {\n bind 127.0.0.1\n migrate plan.yaml {\n admin 127.0.0.1:0\n}\n}\n');
  const plan = `
plan: ${name}
names:
  ${names[0]}: { from: 192.0.2.1, to: 198.51.100.1 }
  ${names[1]}: { from: 192.0.2.2, to: 198.51.100.2 }
mode: exclusive
ttl: 1
transition_ttl: 1
countdown: 1s
caches: jvm ${caches}ms
slack: 500ms
hold: 20ms
advance: auto
fence: [exec, /bin/sh, -c, "date +%s%N >> ${folder}/fenced; sleep 0.2"]
`;
  writeFileSync(join(folder, 'plan.yaml'), plan);
  return { name, names, folder };
}

/** One life of the server. */
export class Life {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  over = false;
  port = 0;
  private readonly plan: Plan;
  private admin = '';
  private output = '';
  private doom: NodeJS.Timeout | undefined;

  constructor(plan: Plan) {
    this.plan = plan;
    const words = [process.execPath, main, '-conf', 'Corefile', '-p', '0'];
    // Writing beyond a limit is to be an error, not the end.
    const [program, ...args] = ['bash', '-c', `trap '' XFSZ; exec "$@"`, 'bash', ...words] as const;
    const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ferrydns-crash-compiled') };
    this.process = spawn(program, args, { cwd: plan.folder, stdio: ['ignore', 'pipe', 'pipe'], env });
    this.ended = new Promise((resolve) => this.process.once('exit', resolve));
    void this.ended.then(() => {
      this.over = true;
    });
    const { stdout, stderr } = this.process;
    for (const stream of [stdout, stderr]) stream?.on('data', (chunk: Buffer) => this.read(String(chunk)));
  }

  /** Resolves to true when the server answers, to false when it was killed before. */
  async ready(): Promise<boolean> {
    while (this.port === 0 || this.admin === '') {
      if (this.process.exitCode !== null) throw new Error(this.output);
      if (this.over) return false;
      await delay(5);
    }
    return true;
  }

  /** Undefined when the server has been killed meanwhile. */
  async status(): Promise<Status | undefined> {
    return this.unlessOver(async () => (await (await fetch(this.url())).json()) as Status);
  }

  /** Resolves when the move has begun: the status of the reply, undefined when the server has been killed meanwhile. */
  start(): Promise<number | undefined> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"epoch":1}' };
    return this.unlessOver(async () => (await fetch(`${this.url()}/start`, init)).status);
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.process.kill(signal);
    await this.ended;
  }

  /** Kills it in so many milliseconds, unless {@link spare} comes before. */
  killIn(milliseconds: number): void {
    this.doom = setTimeout(() => void this.kill(), milliseconds);
  }

  spare(): void {
    clearTimeout(this.doom);
  }

  private url(): string {
    return `http://${this.admin}/migrations/${this.plan.name}`;
  }

  private async unlessOver<T>(asked: () => Promise<T>): Promise<T | undefined> {
    try {
      return await asked();
    } catch (error) {
      // The connection may break a little before the end is told.
      await Promise.race([this.ended, delay(soon.timeout)]);
      if (this.over) return undefined;
      throw error;
    }
  }

  private read(text: string): void {
    this.output += text;
    this.port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(this.output)?.[1] ?? 0);
    this.admin = /plans are told at (\S+)/.exec(this.output)?.[1] ?? '';
  }
}

interface Seen {
  readonly sent: number;
  readonly received: number;
  readonly addresses: readonly string[];
  readonly ttl: number;
}

/** Ask for both names all the time until they are told to stop. */
class Clients {
  readonly seen: Seen[] = [];
  life: Life | undefined;
  private readonly ledTo = new Set<string>();
  private stopped = false;
  private readonly running: readonly Promise<void>[];

  constructor(names: readonly string[]) {
    this.running = names.map((name) => this.run(name));
  }

  /** Resolves when both names have been seen to lead to B. */
  async atB(): Promise<void> {
    for (const deadline = Date.now() + soon.timeout; !this.ledTo.has('198.51.100.1') || !this.ledTo.has('198.51.100.2'); await delay(5)) {
      expect(Date.now()).toBeLessThan(deadline);
    }
  }

  stop(): Promise<unknown> {
    this.stopped = true;
    return Promise.all(this.running);
  }

  private async run(name: string): Promise<void> {
    while (!this.stopped) {
      const sent = Date.now();
      const answer = await ask({ port: this.life?.port || 1, name, timeout: 300 }).catch(() => undefined);
      if (answer !== undefined && answer.answers.length > 0) {
        const addresses = answer.answers.map((line) => line.split(' ').at(-1) ?? '');
        for (const address of addresses) this.ledTo.add(address);
        this.seen.push({ sent, received: Date.now(), addresses, ttl: Number(answer.answers[0]?.split(' ')[1]) });
      }
      await delay(20);
    }
  }
}

/** Where a server was when it was killed: a phase, "fence" while the fence ran, "starting" before it answered. */
export type Killed = Map<string, number>;

/** Runs one move to its end, killing the server at random times, and judges what its clients saw. */
async function move(plan: Plan, { random, killed }: { readonly random: () => number; readonly killed: Killed }): Promise<void> {
  const clients = new Clients(plan.names);
  const progress = { furthest: '' };
  try {
    for (;;) {
      const life = new Life(plan);
      clients.life = life;
      const early = random() < stillborn;
      // So long it takes to come up, on a machine that has nothing else to do.
      if (early) life.killIn(random() * 300);
      const { at, done } = await follow(life, { progress, lifetime: early ? undefined : random() * longestLife });
      if (done === undefined) {
        killed.set(at, (killed.get(at) ?? 0) + 1);
        continue;
      }
      life.spare();
      // Told to be done, and killed before it could be spared.
      if (life.process.killed) {
        killed.set(at, (killed.get(at) ?? 0) + 1);
        continue;
      }
      await clients.atB();
      await clients.stop();
      judge(clients.seen, plan, Date.parse(done.horizon.a_may_be_switched_off ?? ''));
      return;
    }
  } finally {
    await clients.life?.kill();
    await clients.stop();
    rmSync(plan.folder, { recursive: true, force: true });
  }
}

interface Span {
  readonly progress: { furthest: string };
  /** Milliseconds from the first answer to the end; undefined: the end comes by itself. */
  readonly lifetime: number | undefined;
}

/** Looks at a life and ends it, unless the move is done before: nothing ever goes back, over all lives. */
async function follow(life: Life, { progress, lifetime }: Span): Promise<{ readonly at: string; readonly done?: Status }> {
  let at = 'starting';
  if (!(await life.ready())) return { at };
  for (;;) {
    const status = await life.status();
    if (status === undefined) return { at };
    const reached = `${status.epoch} ${phases.indexOf(status.phase ?? '')}`;
    expect(reached >= progress.furthest, `${reached} after ${progress.furthest}`).toBe(true);
    progress.furthest = reached;
    if (at === 'starting' && lifetime !== undefined) life.killIn(lifetime);
    at = status.fence?.state === 'begun' ? 'fence' : (status.phase ?? '');
    if (status.phase === 'original') expect([200, 409, undefined]).toContain(await life.start());
    if (status.phase === 'done') return { at, done: status };
    await delay(25);
  }
}

function judge(seen: readonly Seen[], { folder }: Plan, switchedOff: number): void {
  const isA = ({ addresses }: Seen) => addresses.some((address) => address.startsWith('192.0.2.'));
  const isB = ({ addresses }: Seen) => addresses.some((address) => address.startsWith('198.51.100.'));
  expect(seen.filter((each) => isA(each) && isB(each))).toEqual([]);
  const withA = seen.filter(isA);
  const firstB = Math.min(...seen.filter(isB).map(({ received }) => received));
  // Both names are one move: B of either is the end of A of both.
  expect(withA.filter(({ sent }) => sent > firstB)).toEqual([]);
  for (const { sent, ttl } of withA) expect(switchedOff).toBeGreaterThanOrEqual(sent + ttl * 1000 + caches);
  const fenced = Number(readFileSync(join(folder, 'fenced'), 'utf8').split('\n')[0]?.slice(0, -6));
  expect(firstB).toBeGreaterThanOrEqual(fenced);
}

/** Moves, some at a time, until servers have been killed so often; returns where they were. */
export async function killServers(kills: number, { atOnce }: { readonly atOnce: number }): Promise<Killed> {
  const killed: Killed = new Map();
  const random = randomFrom(20_261);
  await compile();
  let moves = 0;
  let failed = false;
  const worker = async () => {
    while (!failed && count(killed) < kills) {
      await move(writePlan(`move-${++moves}`), { random, killed }).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  // No server outlives the test, also when one of the moves fails.
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  return killed;
}

/** Only a server that ends by itself leaves its compiled code for those that follow; it halves the time they take to come up. */
async function compile(): Promise<void> {
  const plan = writePlan('compiled');
  const life = new Life(plan);
  await life.ready();
  await life.kill('SIGTERM');
  rmSync(plan.folder, { recursive: true, force: true });
}

export function count(killed: Killed): number {
  return [...killed.values()].reduce((sum, each) => sum + each, 0);
}
