// A server under test: a process, what it uses, what it says, and what it answers.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, ask } from 'ferrydns/testing';
import { type Child, type Children, hasEnded, lastOutput } from '../bench/children.ts';
import { processMemory } from '../bench/process-time.ts';
import type { Ports } from './setup.ts';

export interface Asked {
  readonly milliseconds: number;
  readonly answer: Answer;
}

export class Subject {
  readonly name: string;
  readonly ports: Ports;
  /** Of its configuration. */
  readonly folder: string;
  readonly child: Child;
  private readonly children: Children;

  constructor(options: { name: string; ports: Ports; folder: string; child: Child; children: Children }) {
    this.name = options.name;
    this.ports = options.ports;
    this.folder = options.folder;
    this.child = options.child;
    this.children = options.children;
  }

  /** Its process and those that it has started. */
  get pids(): readonly number[] {
    return [this.child.pid, ...this.workers];
  }

  get workers(): readonly number[] {
    return childrenOf(this.child.pid);
  }

  get alive(): boolean {
    return !hasEnded(this.child);
  }

  /** Throws, with what it said last, when it has ended. */
  assertAlive(): void {
    if (this.alive) return;
    const { exitCode, signalCode } = this.child.process;
    throw new Error(`it has ended with ${signalCode ?? `code ${exitCode}`}: ${lastOutput(this.child)}`);
  }

  /** Resident memory in MiB, of all its processes. */
  get memory(): number {
    return this.pids.reduce((sum, pid) => sum + processMemory(pid).resident, 0);
  }

  /** Open file descriptors of all its processes. */
  get descriptors(): number {
    return this.pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
  }

  /** What it has printed. */
  get log(): string {
    return readFileSync(this.child.output, 'utf8');
  }

  /** A metric of its page, summed over its labels; NaN where there is none. */
  async metric(name: string, labels = ''): Promise<number> {
    const page = await (await fetch(`http://127.0.0.1:${this.ports.metrics}/metrics`, { signal: AbortSignal.timeout(5000) })).text();
    const found = [...page.matchAll(new RegExp(`^${name}(\\{.*\\})? (\\S+)$`, 'gm'))].filter(([, given = '']) => given.includes(labels));
    return found.length === 0 ? Number.NaN : found.reduce((sum, [, , value]) => sum + Number(value), 0);
  }

  /** One question with EDNS. */
  async ask(name: string, options: { readonly transport?: 'udp' | 'tcp'; readonly timeout?: number } = {}): Promise<Asked> {
    const asked = performance.now();
    const answer = await ask({ port: this.ports.dns, name, udpSize: 1232, timeout: 6000, ...options });
    return { milliseconds: performance.now() - asked, answer };
  }

  /** Milliseconds until a name that nobody has asked for yet is answered, asked every 20 ms; NaN if it is not in time. */
  async untilAnswered(names: () => string, within = 10_000): Promise<number> {
    const begun = performance.now();
    while (performance.now() - begun < within) {
      this.assertAlive();
      const answered = await this.ask(names(), { timeout: 200 }).then(
        ({ answer }) => answer.rcode === 'NOERROR',
        () => false,
      );
      if (answered) return performance.now() - begun;
      await delay(20);
    }
    return Number.NaN;
  }

  signal(signal: NodeJS.Signals): void {
    for (const pid of this.pids) process.kill(pid, signal);
  }

  /** Ends it and all it has started. */
  async stop(): Promise<void> {
    this.signalIfAlive('SIGCONT');
    await this.children.stop(this.child);
  }

  private signalIfAlive(signal: NodeJS.Signals): void {
    if (this.alive) this.signal(signal);
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const direct = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return direct.flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    // It has just ended.
    return [];
  }
}
