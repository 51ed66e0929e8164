// One worker process, as the main process has it.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../log/logger.ts';
import type { Collected } from '../metrics/registry.ts';
import { type Given, type Got, Link } from './link.ts';
import { Outbox } from './outbox.ts';
import type { MainCalls, WorkerCalls } from './protocol.ts';

/** Milliseconds that a worker gets to end when it was asked to, before it is made to. */
const endTime = 2000;

const program = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../worker.ts' : '../worker.js', import.meta.url));

export class WorkerProcess {
  /** What it had counted when it was asked last. */
  counted: Collected = [];
  /** Resolves with what it ended by: an exit status or a signal. */
  readonly ended: Promise<string>;
  readonly startedAt = performance.now();
  private readonly child: ChildProcess;
  private readonly link: Link<MainCalls, WorkerCalls>;
  private readonly outbox: Outbox;

  constructor(calls: (outbox: Outbox) => MainCalls, log: Logger) {
    // A debugger's port can be opened by one process alone.
    const execArgv = process.execArgv.filter((word) => !word.startsWith('--inspect'));
    this.child = fork(program, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced', execArgv });
    this.outbox = new Outbox((piece) => this.link.call('update', piece), log);
    this.link = new Link(this.child, calls(this.outbox));
    this.ended = new Promise((resolve) => {
      const end = (reason: string) => {
        const error = new Error(`worker ${this.child.pid} ended with ${reason}`);
        this.link.end(error);
        this.outbox.end(error);
        resolve(reason);
      };
      this.child.on('exit', (status, signal) => end(signal ?? `status ${status}`));
      this.child.on('error', (error) => end(error.message));
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Asks it. Rejects when it fails, has ended, or does not answer in so many milliseconds. */
  ask<K extends keyof WorkerCalls>(name: K, value: Given<WorkerCalls, K>, milliseconds: number): Promise<Got<WorkerCalls, K>> {
    return this.inTime(this.link.call(name, value), milliseconds);
  }

  /** Resolves when it knows what the instances of this process share now. Rejects when it has ended, or takes longer than so many milliseconds. */
  caughtUp(milliseconds: number): Promise<void> {
    return this.inTime(this.outbox.caughtUp(), milliseconds);
  }

  tell<K extends keyof WorkerCalls>(name: K, value: Given<WorkerCalls, K>): void {
    this.link.tell(name, value);
  }

  /** What it has counted; what it had counted before when it does not answer. */
  async collect(milliseconds: number): Promise<Collected> {
    this.counted = await this.ask('collect', undefined, milliseconds).catch(() => this.counted);
    return this.counted;
  }

  /** Lets it finish what is in hand for so many milliseconds, and ends it. */
  async stop(how: { readonly alone: boolean }, milliseconds: number): Promise<void> {
    this.counted = await this.ask('stop', how, milliseconds).catch(() => this.counted);
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.kill(), endTime);
    await this.ended;
    clearTimeout(timer);
  }

  private inTime<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(new Error(`worker ${this.pid} does not answer`)), milliseconds);
    answer.then(resolve, reject);
    return promise.finally(() => clearTimeout(timer));
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
