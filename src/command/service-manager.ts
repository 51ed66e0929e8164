// What the server says to the service manager that has started it, as systemd's Type=notify and notify-reload expect (sd_notify(3)).
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../config/error.ts';
import type { Logger } from '../log/logger.ts';
import type { ReloadStage } from '../server/server-options.ts';
import { isNativeAvailable } from '../transport/batch/library.ts';
import { sendUnixDatagram } from '../transport/batch/unix-datagram.ts';

const run = promisify(execFile);
/** Milliseconds that systemd-notify may take. */
const patience = 5000;

/** Says nothing where NOTIFY_SOCKET is not set. What cannot be sent is logged once and keeps nobody from serving. */
export class ServiceManager {
  private readonly socket: string | undefined;
  /** Milliseconds between two signs of life; undefined where nobody waits for them. */
  private readonly interval: number | undefined;
  private readonly log: Logger;
  private readonly environment: NodeJS.ProcessEnv;
  private sent: Promise<void> = Promise.resolve();
  private failed = false;
  private stopping = false;

  constructor({ env, pid }: NodeJS.Process, log: Logger) {
    this.socket = env['NOTIFY_SOCKET'] || undefined;
    this.interval = watchdogInterval(env, pid);
    this.log = log;
    this.environment = { ...env };
    // What is started from here, such as a fence, must not speak for the server.
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  }

  ready(status: string): void {
    this.tell('READY=1', `STATUS=${status}`);
    // An event loop that stands still sends nothing, and systemd restarts the service.
    if (this.interval !== undefined) setInterval(() => this.tell('WATCHDOG=1'), this.interval).unref();
  }

  reload(stage: ReloadStage, status: string): void {
    if (this.stopping) return;
    if (stage === 'begins') this.tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`, 'STATUS=reloading');
    else this.tell('READY=1', `STATUS=${stage === 'is refused' ? `reload refused, see the log; before that: ${status}` : status}`);
  }

  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    this.tell('STOPPING=1', 'STATUS=stopping');
  }

  /** Resolves when what was said so far has been sent, or cannot be. */
  get told(): Promise<void> {
    return this.sent;
  }

  private tell(...lines: readonly string[]): void {
    const { socket } = this;
    if (socket === undefined) return;
    if (!isNativeAvailable()) {
      // One after another, for their order means something.
      this.sent = this.sent.then(() => this.tellByProgram(socket, lines));
      return;
    }
    try {
      sendUnixDatagram(socket, lines.join('\n'));
    } catch (error) {
      this.complain(error);
    }
  }

  private async tellByProgram(socket: string, lines: readonly string[]): Promise<void> {
    try {
      await run('systemd-notify', lines, { env: { ...this.environment, NOTIFY_SOCKET: socket }, timeout: patience });
    } catch (error) {
      this.complain(error);
    }
  }

  private complain(error: unknown): void {
    if (!this.failed) this.log.warn(`the service manager cannot be told how the server stands: NOTIFY_SOCKET=${this.socket}: ${messageOf(error)}`);
    this.failed = true;
  }
}

/** Half of the time after which systemd takes the process for dead, as sd_watchdog_enabled(3) advises. */
function watchdogInterval({ WATCHDOG_USEC: microseconds, WATCHDOG_PID: meant }: NodeJS.ProcessEnv, pid: number): number | undefined {
  if (meant !== undefined && meant !== `${pid}`) return undefined;
  const time = Number(microseconds);
  return Number.isSafeInteger(time) && time > 0 ? Math.min(Math.max(time / 2000, 1), 2 ** 31 - 1) : undefined;
}
