// The machines behind the pools: processes that are started, killed, and told what their agent is to say.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Every member of the Corefile. */
export const addresses = [1, 2, 11, 12, 21, 22, 31, 32, 33, 41, 42, 43].map((host) => `127.0.2.${host}`);

export interface Ports {
  readonly member: number;
  readonly agent: number;
}

const program = fileURLToPath(new URL('member.ts', import.meta.url));

export class Members {
  private readonly ports: Ports;
  private readonly running = new Map<string, ChildProcess>();

  constructor(ports: Ports) {
    this.ports = ports;
  }

  /** Resolves when it takes connections. */
  async start(address: string): Promise<void> {
    const child = spawn(process.execPath, [program, address, `${this.ports.member}`, `${this.ports.agent}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.running.set(address, child);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the member at ${address} has ended`)));
    ended.catch(() => undefined);
    await Promise.race([once(child.stdout, 'data'), ended]);
  }

  /** Ends it at once, as a crash does. Resolves to when that was, milliseconds of a monotonic clock. */
  async kill(address: string): Promise<number> {
    const child = this.running.get(address);
    if (child === undefined) throw new Error(`no member runs at ${address}`);
    this.running.delete(address);
    child.kill('SIGKILL');
    await once(child, 'exit');
    return performance.now();
  }

  /** What its agent says from now on. */
  say(address: string, line: string): void {
    this.running.get(address)?.stdin?.write(`${line}\n`);
  }

  /** For the end, also of this process, when there is no time to wait. */
  killAll(): void {
    for (const child of this.running.values()) child.kill('SIGKILL');
    this.running.clear();
  }
}
