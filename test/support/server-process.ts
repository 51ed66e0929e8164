// A server in a process of its own, that a test pauses, kills, starts again and asks about its plans.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, ask } from 'ferrydns/testing';
import type { Status } from './migration.ts';
import { soon } from './soon.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
/** Milliseconds that a server may take to come up, on a machine with a lot to do. */
const patience = soon.timeout;

/** What a status says of several servers. */
export interface SharedStatus extends Status {
  readonly replica: string;
  readonly replicas: readonly { readonly replica: string; readonly phase: string; readonly silent_for: number }[];
  readonly store: { readonly kind: string; readonly place: string; readonly heard: boolean };
  readonly changed: { readonly why: string; readonly by: string } | null;
  readonly answers: { readonly kind: string; readonly answer?: string };
}

export interface Order {
  readonly verb: string;
  readonly epoch?: number;
  readonly replica?: string;
}

export interface ServerProcessOptions {
  readonly corefile: string;
  /** Files beside the Corefile, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** `admin 127.0.0.1:0` belongs into each plan. `await using` ends the process and removes its folder. */
export class ServerProcess implements AsyncDisposable {
  /** Holds the Corefile and, unless said otherwise, the journals. */
  readonly folder = mkdtempSync(join(tmpdir(), 'ferrydns-server-'));
  /** Where it answers, in this life; 0 while it does not yet. */
  port = 0;
  /** Everything it has logged, over all its lives. */
  log = '';
  private readonly env: NodeJS.ProcessEnv;
  private process: ChildProcess | undefined;
  private ended: Promise<unknown> = Promise.resolve();
  private admin = '';
  /** Where the log of this life begins. */
  private born = 0;

  constructor({ corefile, files = {}, env = {} }: ServerProcessOptions) {
    this.env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ferrydns-crash-compiled'), ...env };
    this.write(corefile);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text);
  }

  /** Resolves when it serves. */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const server = new ServerProcess(options);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get running(): boolean {
    return this.process !== undefined;
  }

  /** Starts a new life; resolves when it serves. */
  async start(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    this.born = this.log.length;
    const child = spawn(process.execPath, [main, '-conf', 'Corefile', '-p', '0'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.env,
    });
    this.process = child;
    this.ended = new Promise((resolve) => child.once('exit', resolve));
    void this.ended.then(() => {
      if (this.process === child) this.process = undefined;
      this.port = 0;
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => this.hear(String(chunk)));
    for (const deadline = Date.now() + patience; this.port === 0 || this.admin === ''; await delay(5)) {
      if (this.process !== child) throw new Error(`the server has ended:\n${this.life}`);
      if (Date.now() > deadline) throw new Error(`the server does not come up:\n${this.life}`);
    }
  }

  /** What it has logged in this life. */
  get life(): string {
    return this.log.slice(this.born);
  }

  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  resume(): void {
    this.process?.kill('SIGCONT');
  }

  /** Ends it; by SIGTERM it takes its leave. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGTERM'): Promise<void> {
    this.process?.kill(signal);
    await this.ended;
  }

  /** Replaces the Corefile and lets it be loaded; resolves when the log says what came of it. */
  async reload(corefile: string): Promise<void> {
    this.write(corefile);
    const before = this.log.length;
    this.process?.kill('SIGHUP');
    for (const deadline = Date.now() + patience; !/Reloading complete|reload failed/.test(this.log.slice(before)); await delay(5)) {
      if (Date.now() > deadline) throw new Error(`not reloaded:\n${this.log.slice(before)}`);
    }
  }

  ask(name: string): Promise<Answer> {
    return ask({ port: this.port, name, udpSize: 1232 });
  }

  /** Rejects when the server does not say so within a second. */
  async status(plan: string): Promise<SharedStatus> {
    return (await (await fetch(this.url(plan), { signal: AbortSignal.timeout(1000) })).json()) as SharedStatus;
  }

  /** Asks for a change; resolves to undefined when it is done, to the reason when it is refused. */
  async order(plan: string, { verb, epoch = 1, replica }: Order): Promise<string | undefined> {
    const body = JSON.stringify({ epoch, by: 'ann', ...(replica === undefined ? {} : { replica }) });
    const response = await fetch(`${this.url(plan)}/${verb}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { ok, reason } = (await response.json()) as { readonly ok: boolean; readonly reason: string };
    return ok ? undefined : reason;
  }

  /** Advances as soon as that is not refused. */
  async advance(plan: string): Promise<void> {
    let reason: string | undefined = '';
    for (const deadline = Date.now() + patience; Date.now() < deadline; await delay(100)) {
      reason = await this.order(plan, { verb: 'advance' });
      if (reason === undefined) return;
    }
    throw new Error(`${plan} cannot be advanced: ${reason}`);
  }

  /** The first status for which `holds`; an error with the log when there is none in time. */
  async until(plan: string, holds: (status: SharedStatus) => boolean, within = patience): Promise<SharedStatus> {
    let last: unknown;
    for (const deadline = Date.now() + within; Date.now() < deadline; await delay(50)) {
      try {
        const status = await this.status(plan);
        if (holds(status)) return status;
        last = status;
      } catch (error) {
        last = error;
      }
    }
    throw new Error(`not so within ${within} ms: ${last instanceof Error ? last.message : JSON.stringify(last, null, 1)}\n${this.life}`);
  }

  /** Resolves when the log of this life says so. */
  async says(what: RegExp, within = patience): Promise<void> {
    for (const deadline = Date.now() + within; !what.test(this.life); await delay(10)) {
      if (Date.now() > deadline) throw new Error(`nothing like ${what} is logged:\n${this.life}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private url(plan: string): string {
    return `http://${this.admin}/migrations/${plan}`;
  }

  private write(corefile: string): void {
    writeFileSync(join(this.folder, 'Corefile'), corefile);
  }

  private hear(text: string): void {
    this.log += text;
    this.port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(this.life)?.[1] ?? 0);
    this.admin = /plans are told at (\S+)/.exec(this.life)?.[1] ?? '';
  }
}
