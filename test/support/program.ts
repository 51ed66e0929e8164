// The program as a process of its own, with files in a folder of its own.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect } from 'vitest';

const main = join(import.meta.dirname, '../../src/main.ts');

/** A plugin that answers TXT with the process that answers, and the word after its name in the Corefile. */
export const who = `import { definePlugin, Reply, record, text } from 'ferrydns/plugin';
export default definePlugin({
  name: 'who', summary: 'tells who answers', config: { args: { word: text } }, order: { before: 'whoami' },
  setup: ({ word }) => ({
    handle: (query) => Reply.answer([record({ name: query.name, type: 'TXT', ttl: 0, data: [String(process.pid), word] })]),
  }),
});`;

export interface ProgramOptions {
  /** By name; one of them is the Corefile. `{{DIR}}` in them stands for their folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether it leads a process group, which a signal can be sent to. */
  readonly group?: boolean;
  /** Words of the command line besides `-conf Corefile`. */
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The file to run instead of the source's. */
  readonly file?: string;
  /** A command that becomes the program, whose words it is given. */
  readonly through?: readonly string[];
}

/** `await using` kills it and removes its folder. */
export class Program implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'ferrydns-'));
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has printed, unless the test has emptied it. */
  readonly output = { out: '', error: '' };
  /** Resolves to the exit status, or to the signal that has ended it. */
  readonly ended: Promise<number | string>;

  constructor({ files, group = false, words = [], env: more = {}, through = [], file = main }: ProgramOptions) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ferrydns-crash-compiled'), ...more };
    const [command = '', ...args] = [...through, process.execPath, file, '-conf', 'Corefile', ...words];
    this.process = spawn(command, args, {
      cwd: this.folder,
      detached: group,
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    this.process.stdout.on('data', (chunk: Buffer) => (this.output.out += String(chunk)));
    this.process.stderr.on('data', (chunk: Buffer) => (this.output.error += String(chunk)));
    this.ended = once(this.process, 'close').then(([status, signal]) => status ?? signal);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text.replaceAll('{{DIR}}', this.folder));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGCONT');
    this.process.kill('SIGKILL');
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Resolves when it serves; an error with what it has printed when it has ended instead. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const program = new Program(options);
  const { output, process: child } = program;
  try {
    await expect.poll(() => /FerryDNS-.*\n/.test(output.out) || child.exitCode !== null || child.signalCode !== null).toBe(true);
    expect(output.out, output.error).toMatch(/FerryDNS-.*\n/);
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}
