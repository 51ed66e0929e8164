// The server: loads a configuration, serves it, replaces it without losing a query, and stops.
import { formatDuration } from '../config/duration.ts';
import type { Parsed } from '../config/tree.ts';
import { formatEntry, type Logger, type LogSwitches, makeLogger } from '../log/logger.ts';
import { MetricsRegistry } from '../metrics/registry.ts';
import type { Plan } from '../migration/plan.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { CheckedConfiguration, CheckedPlan } from '../plugin/check-apart.ts';
import type { Outlook, RecentQuestion } from '../plugin/outlook.ts';
import { CheckProcess } from './check-process.ts';
import { type Configuration, type ConfigurationSource, readConfiguration, textSource } from './configuration.ts';
import { controlOf } from './control.ts';
import { customPlugins } from './custom-plugins.ts';
import type { Front, Prepared, SocketInfo } from './front.ts';
import { Generation, type GenerationContext } from './generation.ts';
import { HttpListeners } from './http.ts';
import { HttpRoutes } from './http-routes.ts';
import { Listeners } from './listeners.ts';
import { shareOf, tellMemoryLimit } from './memory-limit.ts';
import type { StateAddress } from './outbox.ts';
import { OwnQueries } from './own-queries.ts';
import { PluginModules } from './plugin-modules.ts';
import type { Readiness, Sockets } from './protocol.ts';
import { Reloads } from './reloads.ts';
import { drainTime, retire } from './retire.ts';
import { Routes } from './routes.ts';
import type { ServerOptions } from './server-options.ts';
import { type Ready, setUp } from './set-up.ts';
import type { SharedStates } from './shared-states.ts';
import { countDatagrams, countResponses } from './transport-metrics.ts';
import { Turns } from './turns.ts';
import { Workers } from './workers.ts';

const defaults = {
  dnsPort: 53,
  directory: '',
  defaultAddress: '',
  worker: undefined,
  memoryLimit: undefined,
  logForm: 'text',
  onReload: () => {},
} as const;

/** Two configurations, and what both are asked. */
interface Ahead {
  readonly after: ConfigurationSource;
  /** In place of what runs. */
  readonly before?: ConfigurationSource;
  readonly questions: readonly RecentQuestion[];
}

/** How a configuration is set up. */
interface SettingUp {
  readonly serial: number;
  readonly checking?: boolean;
  /** Takes the warnings of one that is never started, and leaves no trace in log and metrics. */
  readonly apart?: (warning: string) => void;
}

export class Server {
  readonly metrics = new MetricsRegistry();
  readonly log: Logger;
  private readonly options: Required<ServerOptions>;
  private readonly logging: LogSwitches;
  private readonly listeners: Listeners;
  private workers: Workers | undefined;
  private readonly http = new HttpListeners();
  /** Questions that no client asks, for those who want the answer explained as well. */
  readonly own: OwnQueries;
  private readonly routes = new Routes();
  private running: Generation | undefined;
  private next: Generation | undefined;
  /** Those whose instances hear from other processes: what runs, what is being prepared, and what is being ended. */
  private readonly hearing = new Set<Generation>();
  private loads = 0;
  private readonly ending = new AbortController();
  private readonly modules = new PluginModules();
  private readonly checks = new CheckProcess();
  /** What became of reloads. */
  readonly reloads = new Reloads();
  rehearsing = false;
  /** Loads and stops happen one after another. */
  private readonly turns = new Turns();

  constructor(options: ServerOptions) {
    const now = () => performance.now();
    this.options = { ...defaults, now, exit: (status) => process.exit(status), ...options };
    this.logging = { debug: false, form: this.options.logForm };
    this.log = makeLogger(options.output, this.logging);
    const opening = options.worker?.opening ?? (({ port }: { readonly port: number }) => ({ port, reusePort: false, late: false }));
    const context = { now: this.options.now, log: this.log };
    this.listeners = new Listeners({ ...context, opening, responses: (server) => countResponses(this.metrics, server) });
    this.own = new OwnQueries({ ...context, plans: () => (this.running ?? this.next)?.listeners ?? [], workerCount: () => this.workerCount });
    countDatagrams(this.metrics, () => this.listeners.listening());
    if (this.primary) tellMemoryLimit(this.metrics, this.options.memoryLimit);
  }

  /** Reads and sets up the configuration and opens nothing. Rejects with ConfigErrors that hold every problem. */
  async check(): Promise<void> {
    await this.setUp(await readConfiguration(this.options.source), { serial: 0, checking: true });
  }

  /** Starts every instance, opens nothing for clients, runs the task and stops them again. Rejects when the configuration is refused. */
  async rehearse<T>(task: () => Promise<T>): Promise<T> {
    this.rehearsing = true;
    const next = await this.setUp(await readConfiguration(this.options.source), { serial: ++this.loads });
    this.next = next;
    await next.start();
    try {
      return await task();
    } finally {
      await next.stop(AbortSignal.timeout(drainTime));
    }
  }

  /** Loads the configuration and serves it. Rejects, with nothing open, when it is refused or an address cannot be had. */
  start(): Promise<void> {
    return this.turns.take(() => this.load(true));
  }

  /** Loads the configuration again. Rejects, and the old one serves on, when the new one is refused; with `force` its guard is not asked. */
  reload({ force = false }: { readonly force?: boolean } = {}): Promise<void> {
    return this.turns.take(async () => {
      if (this.stopping) return;
      this.log.info('Reloading');
      const { onReload } = this.options;
      onReload('begins');
      await this.reloads
        .note(() => this.load(force))
        .catch((error: unknown) => {
          onReload('is refused');
          throw error;
        });
      onReload('is complete');
      this.log.info('Reloading complete');
    });
  }

  /** Reloads the server that this one is a part of. */
  requestReload(how?: { readonly force?: boolean }): Promise<void> {
    return this.options.worker?.reload() ?? this.reload(how);
  }

  /** What another configuration would change, beside the one that runs or `before`: both are set up apart, and dropped. Rejects with ConfigErrors. */
  async lookAhead({ after, before, questions }: Ahead): Promise<Outlook> {
    const { lookAhead } = await import('./look-ahead.ts');
    const warnings: string[] = [];
    const apart = async (source: ConfigurationSource, warn: (warning: string) => void) =>
      await this.setUp(await readConfiguration(source), { serial: 0, checking: true, apart: warn });
    const now = before === undefined ? this.running : await apart(before, () => {});
    if (now === undefined) throw new Error('nothing runs yet');
    const next = await apart(after, (warning) => void warnings.push(warning));
    try {
      return await lookAhead({ before: now, running: before === undefined, after: next, questions, warnings, now: this.options.now });
    } finally {
      for (const each of before === undefined ? [next] : [now, next]) await each.stop(AbortSignal.abort());
    }
  }

  /** The hash of the configuration as it is read now. */
  async readHash(): Promise<string> {
    return (await readConfiguration(this.options.source)).hash;
  }

  /** Says that it will stop, answers on through lameduck, finishes what is in hand, and closes everything. `alone` says that others go on answering at its addresses. */
  stop({ lameduck, alone = false }: { readonly lameduck: boolean; readonly alone?: boolean } = { lameduck: true }): Promise<void> {
    this.announceStop();
    return this.turns.take(async () => {
      const { running } = this;
      if (running === undefined) return;
      if (lameduck && running.lameduck > 0) {
        this.log.info(`plugin/health: Going into lameduck mode for ${formatDuration(running.lameduck)}`);
        await new Promise((resolve) => setTimeout(resolve, running.lameduck));
      }
      this.front.end();
      await retire(running, { fronts: [this.front], shut: !alone });
      this.http.use(new HttpRoutes());
      this.running = undefined;
    });
  }

  /** Calls back, once, when the server is about to stop. */
  onStop(run: () => void): void {
    this.ending.signal.addEventListener('abort', run, { once: true });
  }

  /** Lets plugins know that the server will stop. */
  announceStop(): void {
    this.ending.abort();
    this.workers?.tell('stopping', undefined);
  }

  /** The sockets that are open for DNS; of those that several processes have for one address and port, the first's. */
  listening(): SocketInfo[] {
    return [...this.sockets().values()].flat();
  }

  /** The open sockets by the name of their listener. */
  sockets(): Sockets {
    return this.front.sockets();
  }

  /** How many worker processes answer; none where this process does. */
  get workerCount(): number {
    return this.workers?.count ?? 0;
  }

  /** The port of the HTTP listener that the configuration names by this address. */
  httpPort(address: string): number | undefined {
    return this.http.portOf(address);
  }

  /** The listeners and zones that are served, as "zone:port" lines. */
  served(): string[] {
    return this.running?.served() ?? [];
  }

  /** Gets a configuration ready. Clients see nothing of it, and it can be given up, until it is committed. */
  async prepare({ configuration, serial }: { readonly configuration: Configuration; readonly serial: number }): Promise<Prepared> {
    return this.getReady(await this.setUp({ ...configuration, problems: [], warnings: [], sources: new Map() }, { serial }));
  }

  /** What instances of that configuration share; undefined when it is not here any more. */
  statesOf({ serial }: StateAddress): SharedStates | undefined {
    return [...this.hearing].find((generation) => generation.serial === serial)?.states;
  }

  private async load(force: boolean): Promise<void> {
    const { running } = this;
    const next = await this.setUp(await readConfiguration(this.options.source), { serial: ++this.loads });
    const outlook = running === undefined || force ? undefined : await this.reloads.examine(running, next, this.options.now);
    const prepared = await this.getReady(next);
    await prepared.commit();
    if (running !== undefined) this.reloads.noteLoaded(running, next, { forced: force, outlook });
    await prepared.retire();
  }

  private async getReady(next: Generation): Promise<Prepared> {
    const previous = this.running;
    if (previous !== undefined) next.adopt(previous);
    const { front: before } = this;
    const front = this.frontOf(next);
    this.next = next;
    this.hearing.add(next);
    try {
      // At the start nothing listens before everything has started. At a reload an address that cannot be had is found before anything is started.
      if (previous === undefined) await next.start();
      await front.prepare(next);
      if (previous !== undefined) await next.start();
      await front.catchUp(next);
      if (this.primary) await this.http.open(next.http);
    } catch (error) {
      await this.abandon(next, front);
      throw error;
    }
    return {
      commit: async () => {
        await front.commit(next);
        if (before !== front) before.end(next);
        this.swap(next);
      },
      retire: async () => {
        // What others have sockets of as well is still sent queries until it is closed.
        const taken = before !== front;
        if (previous === undefined) return;
        await retire(previous, { fronts: taken ? [before, front] : [front], shut: !taken });
        this.hearing.delete(previous);
      },
      abandon: () => this.abandon(next, front),
    };
  }

  private async abandon(next: Generation, front: Front): Promise<void> {
    this.next = undefined;
    await next.stop(AbortSignal.timeout(drainTime));
    await front.abandon();
    this.hearing.delete(next);
    if (this.workers?.inUse === false) this.workers = undefined;
  }

  private async setUp(parsed: Parsed, { serial, checking = false, apart }: SettingUp): Promise<Generation> {
    const { registry, dnsPort, directory, now, defaultAddress, worker } = this.options;
    const { logging, modules } = this;
    const metrics = apart === undefined ? this.metrics : new MetricsRegistry();
    const output = apart === undefined ? this.options.output : () => {};
    const memoryLimit = this.options.memoryLimit?.octets ?? Number.POSITIVE_INFINITY;
    const environment = { registry, dnsPort, directory, output, logging, metrics, now, memoryLimit, stopping: this.ending.signal, modules };
    const common: Omit<GenerationContext, keyof Ready> = {
      ...environment,
      configuration: { tree: parsed.tree, hash: parsed.hash },
      file: this.options.source.file,
      serial,
      builtIn: new Set(registry.plugins.map(({ name }) => name).filter((name) => registry.guests?.includes(name) !== true)),
      defaultAddress,
      route: (server, zone, view) => this.routes.of(server, zone, view),
      control: (of, block) => controlOf(this, of, block),
      primaryLink: worker,
      own: this.own,
      lookAhead: ({ text, file, questions }) => this.lookAhead({ after: textSource(text, file ?? this.options.source.file), questions }),
    };
    // A worker would only say again what the main process says.
    const warn = apart ?? ((warning: string) => void (this.primary && this.log.warn(warning)));
    return setUp(parsed, environment, { checking, warn, assemble: (ready) => new Generation({ ...common, ...ready }) });
  }

  /** True from SIGTERM on. */
  get stopping(): boolean {
    return this.ending.signal.aborted;
  }

  /** Whether this is not a worker. */
  get primary(): boolean {
    return this.options.worker === undefined;
  }

  private get front(): Front {
    return this.workers ?? this.listeners;
  }

  /** A server that has workers keeps them, be it one: sockets change processes only where they must. */
  private frontOf(next: Generation): Front {
    const processes = Math.max(...next.listeners.map(({ sockets }) => sockets));
    if (this.workers === undefined && this.primary && processes > 1) {
      this.listeners.share();
      this.workers = this.makeWorkers(processes);
    }
    return this.front;
  }

  private makeWorkers(count: number): Workers {
    const { dnsPort, directory, defaultAddress, logForm, output, memoryLimit } = this.options;
    return new Workers({
      settings: { dnsPort, directory, defaultAddress, logForm, memoryLimit: shareOf(memoryLimit, count) },
      log: this.log,
      metrics: this.metrics,
      shared: this.listeners.sockets(),
      inTurn: (run) => this.turns.take(run),
      calls: (outbox) => ({
        log: output,
        fatal: (message) => this.fatal(message),
        reload: () => this.reload(),
        expose: () => this.expose(),
        follow: (address) => this.statesOf(address)?.follow(address, outbox),
        note: (note) => this.statesOf(note)?.note(note),
      }),
    });
  }

  /** From here on every query is answered by the new configuration. */
  private swap(next: Generation): void {
    this.http.use(next.http);
    this.logging.debug = next.blocks.some(({ settings }) => settings.debug === true);
    this.running = next;
    this.next = undefined;
    next.serving();
  }

  /** Every metric of the server: of its processes added up. */
  async expose(): Promise<{ readonly contentType: string; readonly body: string }> {
    const { worker } = this.options;
    return worker === undefined ? this.metrics.expose(await this.workers?.collect()) : worker.expose();
  }

  /** What is not ready in any of the processes is not ready. */
  get starting(): boolean {
    return this.running === undefined;
  }

  readiness(generation = this.running): Awaitable<Readiness> {
    const own = generation?.readiness() ?? [];
    return this.workers === undefined || generation !== this.running ? own : this.workers.readiness(own);
  }

  /** What is wrong with a text in place of the configuration that runs. */
  checkConfiguration(text: string, running: Generation): Promise<CheckedConfiguration> {
    const { source, directory, dnsPort } = this.options;
    const custom = customPlugins(running.configuration.tree);
    return this.checks.configuration({ text, file: source.file, directory, dnsPort, custom }, running.asRead().sources);
  }

  checkPlan(text: string, clients: number): Promise<CheckedPlan> {
    return this.checks.plan({ kind: 'plan', text, clients });
  }

  forecastPlan(plan: Plan, clients: number): Promise<CheckedPlan> {
    return this.checks.plan({ kind: 'forecast', plan, clients });
  }

  /** Logs and ends the process, which is the whole server. */
  fatal(message: string): void {
    const { worker, output, exit } = this.options;
    if (worker !== undefined) return void worker.fatal(message);
    output(formatEntry(this.logging.form, { level: 'FATAL', message }));
    exit(1);
  }
}
