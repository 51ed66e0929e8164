// Compares the configuration in its files with the one that runs; process-wide, however many server blocks ask for it.
import {
  type Counter,
  type ExamineContext,
  type Instance,
  messageOf,
  type Provided,
  provide,
  reloadGuard,
  type SetupContext,
  type StartContext,
} from 'ferrydns/plugin';
import type { Guard } from './guard.ts';

/** The watch of each configuration: the last block that asks for one decides on the interval. Keyed by the signal that ends the configuration. */
const watches = new WeakMap<AbortSignal, Watch>();

/** The longest that a timer of the platform can wait, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

export class Watch implements Instance {
  readonly provides: readonly Provided[];
  private readonly guard: Guard | undefined;
  private readonly fail: SetupContext['fail'];
  private readonly interval: number;
  private readonly log: SetupContext['log'];
  private readonly failures: Counter;
  private readonly metrics: SetupContext['metrics'];
  private context: StartContext | undefined;
  /** The hash that was seen last: a configuration that was refused is not tried again before it changes. */
  private seen = '';
  private release: (() => void) | undefined;

  constructor(interval: number, { log, metrics, fail }: SetupContext, guard: Guard | undefined) {
    this.guard = guard;
    this.provides = guard === undefined ? [] : [provide(reloadGuard, guard)];
    this.fail = (message, at) => fail(message, at);
    this.interval = Math.min(interval, longestTimer);
    this.log = log;
    this.metrics = metrics;
    this.failures = metrics.counter('coredns_reload_failed_total', 'Counter of the number of failed reload attempts.');
  }

  examine(context: ExamineContext): void {
    if (this.guard?.examine(context) === false)
      this.fail(
        "guard needs to know what was asked lately, which nobody remembers: expected a 'querylog' in a server block that keeps events in memory; with 'file' or 'stdout' one does so if it has a line 'memory' too",
        'guard',
      );
  }

  start(context: StartContext): void {
    // Whoever loads the configuration for several processes looks for all of them.
    if (!context.server.primary) return;
    this.context = context;
    this.seen = context.server.configurationHash;
    watches.set(context.signal, this);
    context.every(this.interval, () => this.look(context));
  }

  serving(): void {
    if (!this.decides) return;
    const value = this.seen;
    this.log.info(`Running configuration SHA512 = ${value}`);
    const help = "A metric with a constant '1' value labeled by hash, and value which type of hash generated.";
    this.release = this.metrics.info('coredns_reload_version_info', help, ['hash', 'value'])({ hash: 'sha512', value });
  }

  stop(): void {
    this.release?.();
  }

  private async look({ server }: StartContext): Promise<void> {
    if (!this.decides || server.stopping) return;
    const hash = await this.read(server);
    if (hash === undefined) return;
    const isNew = hash !== this.seen && hash !== server.configurationHash;
    this.seen = hash;
    if (!server.lookForChangedFiles() && !isNew) return;
    try {
      await server.reload();
    } catch (error) {
      this.failures.add();
      this.log.error(`Corefile changed but reload failed: ${messageOf(error)}`);
    }
  }

  /** Undefined while the file cannot be read: it may be in the middle of being replaced. */
  private async read(server: StartContext['server']): Promise<string | undefined> {
    try {
      return await server.readConfigurationHash();
    } catch {
      return undefined;
    }
  }

  private get decides(): boolean {
    return this.context !== undefined && watches.get(this.context.signal) === this;
  }
}
