// A server that is killed again and again in the middle of a move: what its clients see, over all its lives.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import type { Status } from '../support/migration.ts';

const kills = 20;
const main = join(import.meta.dirname, '../../src/main.ts');
const names = ['primary.example.org', 'replica.example.org'] as const;

const planFile = (folder: string) => `
plan: database
names:
  ${names[0]}: { from: 192.0.2.1, to: 198.51.100.1 }
  ${names[1]}: { from: 192.0.2.2, to: 198.51.100.2 }
mode: exclusive
ttl: 1
transition_ttl: 1
countdown: 1s
slack: 500ms
hold: 20ms
advance: auto
fence: [exec, /bin/sh, -c, "date +%s%N >> ${folder}/fenced"]
`;

/** One life of the server. */
class Life {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  port = 0;
  admin = '';
  private output = '';

  constructor(folder: string) {
    const words = [process.execPath, main, '-conf', 'Corefile', '-p', '0'];
    // Writing beyond a limit is to be an error, not the end.
    const [program, ...args] = ['bash', '-c', `trap '' XFSZ; exec "$@"`, 'bash', ...words] as const;
    this.process = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => this.process.once('exit', resolve));
    const { stdout, stderr } = this.process;
    for (const stream of [stdout, stderr]) stream?.on('data', (chunk: Buffer) => this.read(String(chunk)));
  }

  async ready(): Promise<void> {
    while (this.port === 0 || this.admin === '') {
      if (this.process.exitCode !== null) throw new Error(this.output);
      await delay(5);
    }
  }

  async status(): Promise<Status> {
    return (await (await fetch(`http://${this.admin}/migrations/database`)).json()) as Status;
  }

  async start(): Promise<void> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"epoch":1}' };
    expect((await fetch(`http://${this.admin}/migrations/database/start`, init)).status).toBe(200);
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  private read(text: string): void {
    this.output += text;
    this.port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(this.output)?.[1] ?? 0);
    this.admin = /plans are told at (\S+)/.exec(this.output)?.[1] ?? '';
  }
}

interface Seen {
  readonly name: number;
  readonly sent: number;
  readonly received: number;
  readonly addresses: readonly string[];
  readonly ttl: number;
}

/** Asks for both names without a pause until it is told to stop. */
class Clients {
  readonly seen: Seen[] = [];
  life: Life | undefined;
  private stopped = false;
  private readonly running = names.map((_, name) => this.run(name));

  stop(): Promise<unknown> {
    this.stopped = true;
    return Promise.all(this.running);
  }

  private async run(name: number): Promise<void> {
    while (!this.stopped) {
      const sent = Date.now();
      const answer = await ask({ port: this.life?.port ?? 1, name: names[name] ?? '', timeout: 100 }).catch(() => undefined);
      if (answer !== undefined && answer.answers.length > 0) {
        const addresses = answer.answers.map((line) => line.split(' ').at(-1) ?? '');
        this.seen.push({ name, sent, received: Date.now(), addresses, ttl: Number(answer.answers[0]?.split(' ')[1]) });
      }
      await delay(10);
    }
  }
}

/** Runs one move to its end, killing the server at random times; returns how often it was killed. */
async function move(seed: () => number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ferrydns-crash-'));
  writeFileSync(join(folder, 'Corefile'), '. {\n bind 127.0.0.1\n migrate database.yaml {\n admin 127.0.0.1:0\n}\n}\n');
  writeFileSync(join(folder, 'database.yaml'), planFile(folder));
  const clients = new Clients();
  let killed = 0;
  let progress = '';
  let started = false;
  try {
    for (;;) {
      const life = new Life(folder);
      await life.ready();
      clients.life = life;
      const first = await life.status();
      expect(progressOf(first) >= progress, `${progressOf(first)} after ${progress}`).toBe(true);
      if (!started) await life.start();
      started = true;
      const deadline = Date.now() + 100 + seed() * 1200;
      let status = await life.status();
      while (Date.now() < deadline && status.phase !== 'done') {
        expect(progressOf(status) >= progress, `${progressOf(status)} after ${progress}`).toBe(true);
        progress = progressOf(status);
        await delay(5);
        status = await life.status();
      }
      await life.kill();
      if (status.phase === 'done') {
        await clients.stop();
        judge(clients.seen, { folder, switchedOff: Date.parse(status.horizon.a_may_be_switched_off ?? '') });
        return killed;
      }
      killed++;
    }
  } finally {
    await clients.life?.kill();
    await clients.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function progressOf({ epoch, phase }: Status): string {
  return `${epoch} ${['original', 'lowering', 'countdown', 'flipping', 'draining', 'done'].indexOf(phase ?? '')}`;
}

function judge(seen: readonly Seen[], { folder, switchedOff }: { readonly folder: string; readonly switchedOff: number }): void {
  const isA = ({ addresses }: Seen) => addresses.some((address) => address.startsWith('192.0.2.'));
  const isB = ({ addresses }: Seen) => addresses.some((address) => address.startsWith('198.51.100.'));
  expect(seen.filter((each) => isA(each) && isB(each))).toEqual([]);
  const firstB = seen.filter(isB).sort((x, y) => x.received - y.received)[0];
  const withA = seen.filter(isA);
  if (firstB !== undefined) expect(withA.filter(({ sent }) => sent > firstB.received)).toEqual([]);
  expect(withA.length).toBeGreaterThan(0);
  for (const { sent, ttl } of withA) expect(switchedOff).toBeGreaterThanOrEqual(sent + ttl * 1000);
  expect(existsSync(join(folder, 'fenced'))).toBe(true);
  const fenced = Number(readFileSync(join(folder, 'fenced'), 'utf8').split('\n')[0]?.slice(0, -6));
  if (firstB !== undefined) expect(firstB.received).toBeGreaterThanOrEqual(fenced);
}

test('killed at 20 points of its moves, a server never goes back, never mixes, and never says too early that A may be switched off', {
  timeout: 180_000,
}, async () => {
  let state = 20_261;
  const seed = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  let killed = 0;
  while (killed < kills) killed += (await Promise.all([move(seed), move(seed), move(seed), move(seed)])).reduce((sum, each) => sum + each, 0);
  expect(killed).toBeGreaterThanOrEqual(kills);
});

test.skipIf(!existsSync('/usr/bin/prlimit'))(
  'while the disk is full no phase begins, answers go on, and an alarm says so; when there is room again the move goes on',
  {
    timeout: 60_000,
  },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ferrydns-full-'));
    writeFileSync(join(folder, 'Corefile'), '. {\n bind 127.0.0.1\n migrate database.yaml {\n admin 127.0.0.1:0\n}\n}\n');
    writeFileSync(join(folder, 'database.yaml'), planFile(folder));
    const journal = join(folder, 'ferrydns-migrations/database.journal');
    const life = new Life(folder);
    const limit = (octets: number) => execFileSync('bash', ['-c', `prlimit --pid ${life.process.pid} --fsize=${octets}:`]);
    try {
      await life.ready();
      while (!readFileSync(journal, 'utf8').includes('obeys epoch 1, original')) await delay(5);
      // A part of the next entry still fits.
      limit(statSync(journal).size + 100);
      const answered = () => ask({ port: life.port, name: names[0] });
      const started = life.start();
      while ((await life.status()).alarms.length === 0) await delay(5);
      expect(await life.status()).toMatchObject({ phase: 'original', alarms: [{ about: 'disk', text: expect.stringContaining('EFBIG') }] });
      expect((await answered()).answers).toEqual([`${names[0]}. 1 IN A 192.0.2.1`]);
      await delay(1500);
      expect((await life.status()).phase).toBe('original');
      limit(1e9);
      await started;
      while ((await life.status()).phase !== 'done') await delay(20);
      expect((await life.status()).alarms).toEqual([]);
      expect((await answered()).answers).toEqual([`${names[0]}. 1 IN A 198.51.100.1`]);
    } finally {
      await life.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
