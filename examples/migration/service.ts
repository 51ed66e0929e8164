// One DNS service of the story: a real server in a process of its own, whose Corefile an operator changes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a service runs and what runs it. */
export interface ServiceOptions {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The program and its first words; a Corefile and a port are added. */
  readonly command: readonly string[];
  /** A folder for the Corefile in use. */
  readonly directory: string;
  /** Variables for the Corefile, beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder that the server runs in; that of this process unless given. */
  readonly home?: string;
}

/** The server of this repository, as a program and its first words. */
export const ferrydns: readonly string[] = [process.execPath, fileURLToPath(new URL('../../src/main.ts', import.meta.url))];

/** Milliseconds that a server gets to say that it has started, reloaded or stopped. */
const patience = 30_000;

export class Service {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  private readonly options: ServiceOptions;
  private readonly corefile: string;
  private child: ChildProcess | undefined;
  private output = '';
  private heard: () => void = () => {};

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.address = options.address;
    this.port = options.port;
    this.options = options;
    this.corefile = join(options.directory, `${options.address}.Corefile`);
  }

  /** Starts the server with a copy of this Corefile. Rejects with what the server printed when it does not come up. */
  async start(corefile: URL): Promise<void> {
    copyFileSync(corefile, this.corefile);
    const { command, environment, home } = this.options;
    const [program = '', ...words] = command;
    this.output = '';
    const child = spawn(program, [...words, '-conf', this.corefile, '-dns.port', `${this.port}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
      cwd: home,
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => this.hear(chunk.toString()));
    child.on('error', (error) => this.hear(`${error.message}\n`));
    child.on('close', () => {
      if (this.child === child) this.child = undefined;
      this.heard();
    });
    // The line with the version comes when every socket is open.
    await this.said(/^\w+DNS-\d/m, 0);
  }

  get running(): boolean {
    return this.child !== undefined;
  }

  /** What the server has printed since it was started. */
  get printed(): string {
    return this.output;
  }

  /** Gives the running server another Corefile, which it loads without closing its sockets. */
  async reload(corefile: URL): Promise<void> {
    const from = this.output.length;
    copyFileSync(corefile, this.corefile);
    this.child?.kill('SIGUSR1');
    await this.said(/Reloading complete/, from);
  }

  /** Ends the server at once, as a crash does. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Asks the server to stop. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** For the exit of this process, when there is no time to wait. */
  killNow(): void {
    this.child?.kill('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const lastResort = setTimeout(() => child.kill('SIGKILL'), patience);
    child.kill(signal);
    await once(child, 'close');
    clearTimeout(lastResort);
  }

  private hear(text: string): void {
    this.output += text;
    this.heard();
  }

  private async said(pattern: RegExp, from: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const complain = (reason: string) => reject(new Error(`${this.name} ${reason}:\n${this.output}`));
    const timer = setTimeout(() => complain(`did not say ${pattern} in ${patience} ms`), patience);
    this.heard = () => {
      if (pattern.test(this.output.slice(from))) resolve();
      else if (this.child === undefined) complain('has ended');
    };
    this.heard();
    await promise.finally(() => {
      clearTimeout(timer);
      this.heard = () => {};
    });
  }
}
