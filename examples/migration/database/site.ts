// A site with databases, started and ended: a process that runs database.ts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { talk } from './talk.ts';

/** Somebody was served. */
export interface Served {
  readonly who: string;
  readonly address: string;
  /** Milliseconds of the wall clock. */
  readonly at: number;
}

/** What a site says of itself. */
export interface SiteReport {
  /** Whether it refuses everybody. */
  readonly shut: boolean;
  readonly served: readonly Served[];
}

const program = fileURLToPath(new URL('database.ts', import.meta.url));

export class Site {
  readonly port: number;
  readonly addresses: readonly string[];
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, { port, addresses }: { readonly port: number; readonly addresses: readonly string[] }) {
    this.child = child;
    this.port = port;
    this.addresses = addresses;
  }

  /** Resolves when all of its databases can be reached. */
  static async start(port: number, addresses: readonly string[]): Promise<Site> {
    const child = spawn(process.execPath, [program, `${port}`, ...addresses], { stdio: ['ignore', 'pipe', 'inherit'] });
    const failed = once(child, 'exit').then(() => Promise.reject(new Error(`the databases at ${addresses.join(' and ')} have ended`)));
    failed.catch(() => undefined);
    await Promise.race([once(child.stdout, 'data'), failed]);
    return new Site(child, { port, addresses });
  }

  async report(): Promise<SiteReport> {
    const [address = ''] = this.addresses;
    return JSON.parse(await talk({ address, port: this.port, line: 'report' })) as SiteReport;
  }

  /** Takes it away at once, with all that is in it. */
  async switchOff(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  /** For the exit of this process, when there is no time to wait. */
  killNow(): void {
    this.child.kill('SIGKILL');
  }
}
