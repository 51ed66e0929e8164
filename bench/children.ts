// The processes and files of one bench: whatever way it ends, none of them stays behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from './program.ts';

/** One process, with what it printed (standard output and errors) in a file. */
export interface Child {
  readonly pid: number;
  readonly output: string;
  readonly process: ChildProcess;
}

interface ChildOptions {
  readonly command: readonly string[];
  /** File name, inside the bench's folder, for what it prints. */
  readonly output: string;
  /** Opens a message channel, for a child that is a Node program. */
  readonly messages?: boolean;
}

/** Starts processes, and ends those that are left when this process ends. */
export interface Children {
  /** A temporary folder that lives as long as this process. */
  readonly folder: string;
  start(options: ChildOptions): Child;
  /** SIGTERM, and SIGKILL if that has not helped after a second. */
  stop(child: Child): Promise<void>;
  /** Exit code of a process that must end by itself within `milliseconds`; it is killed if it does not. */
  finish(child: Child, milliseconds: number): Promise<number>;
  /** Kills whatever still runs and removes the folder; happens by itself at the 'exit' of this process. */
  end(): void;
}

/** Makes the folder. A signal ends the children only if the program makes an 'exit' of it. */
export function createChildren(): Children {
  const folder = mkdtempSync(join(tmpdir(), 'ferrydns-bench-'));
  const living = new Set<Child>();
  const end = (): void => {
    for (const child of living) child.process.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', end);

  function start(options: ChildOptions): Child {
    const child = startProcess(folder, options);
    living.add(child);
    child.process.once('exit', () => living.delete(child));
    return child;
  }
  return { folder, start, stop, finish, end };
}

/** The last lines that a child printed, for a message. */
export function lastOutput(child: Child, lines = 8): string {
  return readFileSync(child.output, 'utf8').trim().split('\n').slice(-lines).join('\n');
}

/** Whether the process has ended. */
export function hasEnded(child: Child): boolean {
  return child.process.exitCode !== null || child.process.signalCode !== null;
}

function startProcess(folder: string, options: ChildOptions): Child {
  // Where setpriv exists, the kernel ends the child even if this process is killed without a chance to clean up.
  const guard = findOnPath('setpriv') === undefined ? [] : ['setpriv', '--pdeathsig', 'SIGKILL', '--'];
  const [file = '', ...args] = [...guard, ...options.command];
  const output = join(folder, options.output);
  const descriptor = openSync(output, 'w');
  const child = spawn(file, args, {
    cwd: folder,
    stdio: options.messages ? ['ignore', descriptor, descriptor, 'ipc'] : ['ignore', descriptor, descriptor],
  });
  closeSync(descriptor);
  child.on('error', () => {});
  if (child.pid === undefined) throw new Error(`cannot start ${options.command.join(' ')}`);
  return { pid: child.pid, output, process: child };
}

async function stop(child: Child): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child.process, 'exit');
  child.process.kill('SIGTERM');
  const killer = setTimeout(() => child.process.kill('SIGKILL'), 1000);
  await ended;
  clearTimeout(killer);
}

async function finish(child: Child, milliseconds: number): Promise<number> {
  const killer = setTimeout(() => child.process.kill('SIGKILL'), milliseconds);
  if (!hasEnded(child)) await once(child.process, 'exit');
  clearTimeout(killer);
  if (child.process.signalCode !== null) throw new Error(`ended by ${child.process.signalCode}: ${lastOutput(child)}`);
  return child.process.exitCode ?? 0;
}
