// Runs the commands of a plan: its fence, and gates that are commands.
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { messageOf } from 'ferrydns/plugin';

export interface Outcome {
  readonly ok: boolean;
  /** Exit status or reason, and the end of what it printed. */
  readonly text: string;
}

/** Characters of the output that are kept. */
const mostOutput = 2000;
/** Milliseconds that output may come late: what a command has started may outlive it and keep its output open. */
const lateOutput = 1000;

/** Runs a command without a shell; never rejects. `seconds` is how long it may take, then it is killed. It may print as much as it likes. */
export function execute(
  command: readonly string[],
  { seconds, env }: { readonly seconds: number; readonly env: Record<string, string> },
): Promise<Outcome> {
  const [program = '', ...args] = command;
  try {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    return outcomeOf(child, { seconds, output: [new Tail(child.stdout), new Tail(child.stderr)] });
  } catch (error) {
    return Promise.resolve({ ok: false, text: messageOf(error) });
  }
}

function outcomeOf(child: ChildProcess, { seconds, output }: { readonly seconds: number; readonly output: readonly Tail[] }): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let late = false;
  let timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
    timer = setTimeout(() => end(false, killed), lateOutput);
  }, seconds * 1000);
  const killed = `killed after ${seconds} s`;
  const end = (ok: boolean, how: string) => {
    clearTimeout(timer);
    const printed = output
      .map((tail) => tail.end())
      .join('')
      .trim()
      .slice(-mostOutput);
    resolve({ ok, text: `${how}${printed === '' ? '' : `: ${printed}`}` });
  };
  child.once('error', (error) => end(false, error.message));
  child.once('exit', (status, signal) => {
    const [ok, how] = late ? [false, killed] : [status === 0, status === null ? `ended by ${signal}` : `exit status ${status}`];
    clearTimeout(timer);
    timer = setTimeout(() => end(ok, how), lateOutput);
    child.once('close', () => end(ok, how));
  });
  return promise;
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
