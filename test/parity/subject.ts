// The two servers that parity cases run against: the CoreDNS binary as a process, ferrydns in this process.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeFiles } from './files.ts';

/** A server that is running, or the reason why it refused the Corefile. */
export interface Running {
  /** The folder that relative names in the Corefile start from. */
  readonly directory: string;
  readonly output: readonly string[];
  stop(): Promise<void>;
}
interface Refused {
  readonly refused: { readonly line?: number; readonly message: string };
}
interface StartOptions {
  readonly corefile: string;
  readonly files: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}
export type Subject = (options: StartOptions) => Promise<Running | Refused>;

/** CoreDNS from a binary; started when it prints its version, refused when it exits before. */
export function coredns(binary: string): Subject {
  return async ({ corefile, files, env }) => {
    const directory = await mkdtemp(join(tmpdir(), 'parity-'));
    await writeFiles(directory, { ...files, Corefile: corefile });
    const child = spawn(binary, ['-conf', 'Corefile'], { cwd: directory, env: { ...env, GODEBUG: 'netdns=go' } });
    const output: string[] = [];
    const errors: string[] = [];
    const ended = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(line);
      if (line.startsWith('CoreDNS-')) started.resolve();
    });
    createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
    child.on('close', () => ended.resolve());
    await Promise.race([started.promise, ended.promise]);
    const clean = (): Promise<void> => rm(directory, { recursive: true });
    if (child.exitCode !== null || !output.some((line) => line.startsWith('CoreDNS-'))) {
      await ended.promise;
      await clean();
      return { refused: refusal([...errors, ...output].map((line) => line.replaceAll(directory, '{{DIR}}'))) };
    }
    const stop = async (): Promise<void> => {
      child.kill('SIGKILL');
      await ended.promise;
      await clean();
    };
    return { directory, output, stop };
  };
}

function refusal(lines: readonly string[]): Refused['refused'] {
  const text = lines
    .filter((line) => !/^(\[WARNING\]|\[INFO\]|maxprocs:)/.test(line))
    .join(' ')
    .trim();
  const place = /\S+:(\d+) - ((?:Error during parsing|Syntax error).*)$/.exec(text);
  return place === null ? { message: text } : { line: Number(place[1]), message: place[2] ?? '' };
}

/** What `ferrydns/testing` offers, as far as these tests use it. */
export type Serve = (corefile: string, options: ServeOptions) => Promise<{ readonly directory: string; stop(): Promise<void> }>;
interface ServeOptions {
  readonly files: Readonly<Record<string, string>>;
  output(line: string): void;
}

/** ferrydns through its door for tests. */
export function ferrydns(serve: Serve): Subject {
  return async ({ corefile, files, env }) => {
    const output: string[] = [];
    Object.assign(process.env, env);
    try {
      const server = await serve(corefile, { files, output: (line) => void output.push(line) });
      return { directory: server.directory, output, stop: () => server.stop() };
    } catch (error) {
      return { refused: firstProblem(error) };
    }
  };
}

function firstProblem(error: unknown): Refused['refused'] {
  if (!(error instanceof Error)) throw error;
  // Not what the Corefile says, but that it cannot be had here, as a port.
  if (!('problems' in error) || !Array.isArray(error.problems)) return { message: error.message };
  const problems = error.problems as readonly { readonly message: string; readonly place?: { readonly line?: number } }[];
  const first = problems[0];
  if (first === undefined) throw error;
  const line = first.place?.line;
  return { ...(line === undefined ? {} : { line }), message: problems.map((problem) => problem.message).join('; ') };
}
