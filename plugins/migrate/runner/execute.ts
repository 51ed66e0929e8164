// Runs the commands of a plan: its fence, and gates that are commands. Each has a process group of its own, which is ended with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { migration } from 'ferrydns/built-in/moves';
import { messageOf } from 'ferrydns/plugin';

export interface Outcome {
  /** `done`: exit status 0. `failed`: it has ended by itself, or was never begun. `unknown`: it was cut short, or something that it started went on. */
  readonly outcome: migration.FenceOutcome;
  /** Exit status or reason, and the end of what it printed. */
  readonly text: string;
}

export interface Execution {
  /** How long it may take; then it is ended, with all that it has started. */
  readonly seconds: number;
  readonly env: Record<string, string>;
  /** Ends it before its time. */
  readonly signal?: AbortSignal;
  /** The exit statuses that say that nothing was done; unless given, any but 0. */
  readonly didNothing?: readonly number[] | undefined;
  /** Whether what it has started in the background may stay when it ends with exit status 0. */
  readonly leaves?: boolean;
}

/** Characters of the output that are kept. */
const mostOutput = 2000;
/** Milliseconds that output, and the end of what a command has started, may come late. */
const lateOutput = 1000;
/** Milliseconds between two looks whether something of a command is left. */
const lookEvery = 20;

/** Runs a command without a shell; never rejects. It may print as much as it likes. */
export async function execute(command: readonly string[], how: Execution): Promise<Outcome> {
  const [program = '', ...args] = command;
  let child: ChildProcess;
  try {
    child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...how.env }, detached: true });
  } catch (error) {
    return { outcome: 'failed', text: messageOf(error) };
  }
  const output = [child.stdout, child.stderr].flatMap((stream) => (stream === null ? [] : [new Tail(stream)]));
  const { outcome, text } = await endOf(child, how);
  const printed = output
    .map((tail) => tail.end())
    .join('')
    .trim()
    .slice(-mostOutput);
  return { outcome, text: `${text}${printed === '' ? '' : `: ${printed}`}` };
}

async function endOf(child: ChildProcess, { seconds, signal, didNothing, leaves = false }: Execution): Promise<Outcome> {
  const { pid } = child;
  if (pid === undefined) return { outcome: 'failed', text: await neverBegun(child) };
  let cut: string | undefined;
  const given = Promise.withResolvers<Exit>();
  const cutShort = (why: string) => {
    cut ??= why;
    endGroup(pid);
    // A process that hangs in the kernel does not end by any signal.
    setTimeout(given.resolve, lateOutput, { status: null, signal: 'SIGKILL' });
  };
  const timer = setTimeout(cutShort, seconds * 1000, `killed after ${seconds} s`);
  const stopped = () => cutShort('killed, as the server stops');
  signal?.addEventListener('abort', stopped);
  if (signal?.aborted === true) stopped();
  const how = await Promise.race([exitOf(child), given.promise]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', stopped);
  if (cut !== undefined) return { outcome: 'unknown', text: cut };
  if (how.status === null) {
    endGroup(pid);
    return { outcome: 'unknown', text: `ended by ${how.signal}` };
  }
  const text = `exit status ${how.status}`;
  if (how.status === 0) {
    if (!leaves) endGroup(pid);
    return { outcome: 'done', text };
  }
  // What goes on may still do what the command was to do.
  if (await outlives(pid)) {
    endGroup(pid);
    return { outcome: 'unknown', text: `${text}, and what it has started went on and was killed` };
  }
  return { outcome: didNothing === undefined || didNothing.includes(how.status) ? 'failed' : 'unknown', text };
}

async function neverBegun(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.once('error', (error) => resolve(error.message));
  return await promise;
}

interface Exit {
  readonly status: number | null;
  readonly signal: string | null;
}

/** Its exit, and its output as far as that comes soon: what a command has started may outlive it and keep its output open. */
function exitOf(child: ChildProcess): Promise<Exit> {
  const { promise, resolve } = Promise.withResolvers<Exit>();
  child.once('error', ({ message }) => resolve({ status: null, signal: message }));
  child.once('exit', (status, signal) => {
    const exit = { status, signal };
    const timer = setTimeout(resolve, lateOutput, exit);
    child.once('close', () => {
      clearTimeout(timer);
      resolve(exit);
    });
  });
  return promise;
}

/** Whether something of the group is there for longer than an orderly end takes. */
async function outlives(group: number): Promise<boolean> {
  for (let waited = 0; waited < lateOutput; waited += lookEvery) {
    if (!signalGroup(group, 0) || !(await hasLiving(group))) return false;
    await delay(lookEvery);
  }
  return true;
}

/** Signals reach as well what has ended and was not waited for, as where the first process of a container adopts it. */
async function hasLiving(group: number): Promise<boolean> {
  const entries = await readdir('/proc').catch(() => undefined);
  if (entries === undefined) return true;
  const stats = await Promise.all(entries.filter((entry) => /^\d+$/.test(entry)).map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.some((stat) => {
    // After the name, which may hold anything: state, parent, group (proc_pid_stat(5)).
    const [state, , its] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(its) === group && state !== 'Z' && state !== 'X';
  });
}

function endGroup(group: number): void {
  signalGroup(group, 'SIGKILL');
}

/** False when nobody is left in the group. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/** Reads a stream to its end, so that whoever writes to it never waits, and keeps the end of it. */
class Tail {
  private readonly stream: Readable;
  private kept = '';

  constructor(stream: Readable) {
    this.stream = stream;
    stream.setEncoding('utf8').on('data', (text: string) => {
      this.kept = `${this.kept}${text}`.slice(-mostOutput);
    });
  }

  /** What was printed last. What comes later is dropped, and keeps no process from ending. */
  end(): string {
    if (this.stream instanceof Socket) this.stream.unref();
    return this.kept;
  }
}
