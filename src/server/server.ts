// The server: loads a configuration, serves it, replaces it without losing a query, and stops.
import { formatDuration } from '../config/duration.ts';
import { type ConfigError, ConfigErrors } from '../config/error.ts';
import type { Parsed } from '../config/tree.ts';
import type { Query, Route } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import { type Logger, type LogSwitches, makeLogger, type Output } from '../log/logger.ts';
import { MetricsRegistry } from '../metrics/registry.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { ServerControl } from '../plugin/plugin.ts';
import type { Listening } from '../transport/answerer.ts';
import type { Timeouts } from '../transport/tcp.ts';
import { type Block, setUpBlocks } from './block.ts';
import { type ConfigurationSource, readConfiguration } from './configuration.ts';
import { loadCustomPlugins } from './custom-plugins.ts';
import { countDatagrams } from './datagram-metrics.ts';
import { Generation, type ListenerPlan } from './generation.ts';
import { HttpListeners, HttpRoutes } from './http.ts';
import { openListener } from './listener.ts';
import type { Registry } from './registry.ts';
import { Responder } from './responder.ts';
import { version } from './version.ts';

/** What a server is made of. */
export interface ServerOptions {
  readonly source: ConfigurationSource;
  readonly registry: Registry;
  readonly output: Output;
  /** The port of zones that name none. */
  readonly dnsPort?: number;
  /** Where relative file names start; the working directory unless given. */
  readonly directory?: string;
  /** Where to listen when a block has no `bind`; empty, the default, for every address. */
  readonly defaultAddress?: string;
  /** Milliseconds on a monotonic clock. */
  readonly now?: () => number;
  /** Ends the process; called for failures that a plugin cannot live with. */
  readonly exit?: (status: number) => void;
}

interface OpenListener {
  readonly responder: Responder;
  readonly sockets: readonly Listening[];
  timeouts: Required<Timeouts>;
}

/** Milliseconds that queries in hand get when a configuration is replaced or the server stops. */
const drainTime = 5000;

export class Server {
  readonly metrics = new MetricsRegistry();
  readonly log: Logger;
  private readonly options: Required<ServerOptions>;
  private readonly logging: LogSwitches = { debug: false, quiet: false };
  private readonly listeners = new Map<string, OpenListener>();
  private readonly http = new HttpListeners();
  private readonly routes = new Map<string, Route>();
  private running: Generation | undefined;
  private stopping = false;
  /** Loads and stops happen one after another. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: ServerOptions) {
    const now = () => performance.now();
    this.options = { dnsPort: 53, directory: '', defaultAddress: '', now, exit: (status) => process.exit(status), ...options };
    this.log = makeLogger(options.output, this.logging);
    countDatagrams(this.metrics, () => this.listening());
  }

  /** Reads and sets up the configuration and opens nothing. Rejects with ConfigErrors that hold every problem. */
  async check(): Promise<void> {
    await this.prepare();
  }

  /** Loads the configuration and serves it. Rejects, with nothing open, when it is refused or an address cannot be had. */
  start(): Promise<void> {
    return this.inTurn(() => this.load());
  }

  /** Loads the configuration again. Rejects, and the old one serves on, when the new one is refused. */
  reload(): Promise<void> {
    return this.inTurn(async () => {
      if (this.stopping) return;
      this.log.info('Reloading');
      await this.load();
      this.log.info('Reloading complete');
    });
  }

  /** Says that it will stop, answers on through lameduck, finishes what is in hand, and closes everything. */
  stop(options: { readonly lameduck: boolean } = { lameduck: true }): Promise<void> {
    this.stopping = true;
    return this.inTurn(async () => {
      const { running } = this;
      if (running === undefined) return;
      if (options.lameduck && running.lameduck > 0) {
        this.log.info(`plugin/health: Going into lameduck mode for ${formatDuration(running.lameduck)}`);
        await new Promise((resolve) => setTimeout(resolve, running.lameduck));
      }
      await this.close([...this.listeners.keys()], running);
      this.http.use(new HttpRoutes());
      this.running = undefined;
    });
  }

  /** The sockets that are open for DNS. */
  listening(): Listening[] {
    return [...this.listeners.values()].flatMap(({ sockets }) => sockets);
  }

  /** The port of the HTTP listener that the configuration names by this address. */
  httpPort(address: string): number | undefined {
    return this.http.portOf(address);
  }

  /** The listeners and zones that are served, as "zone:port" lines. */
  served(): string[] {
    const keys = this.running?.blocks.flatMap(({ keys, settings }) =>
      keys.map(({ zone, port }) => `${zone}:${port}${settings.addresses === undefined ? '' : ` on ${settings.addresses.join(' ')}`}`),
    );
    return [...new Set(keys)];
  }

  private async load(): Promise<void> {
    const { generation: next, warnings } = await this.prepare();
    for (const warning of warnings) this.log.warn(warning);
    const previous = this.running;
    if (previous !== undefined) next.adopt(previous);
    const opened = await this.openListeners(next);
    try {
      await next.start();
      await this.http.open(next.http);
    } catch (error) {
      await next.stop(AbortSignal.timeout(drainTime));
      await this.closeSockets(opened);
      throw error;
    }
    this.swap(next);
    const unused = [...this.listeners.keys()].filter((name) => !next.listeners.some((plan) => plan.name === name));
    if (previous !== undefined) await this.close(unused, previous);
  }

  private async prepare(): Promise<{ generation: Generation; warnings: readonly string[] }> {
    const { registry, dnsPort, directory, output, now, defaultAddress, source } = this.options;
    const parsed = readConfiguration(source);
    const problems = [...parsed.problems];
    const extended = await loadCustomPlugins(parsed.tree, registry, problems);
    const environment = { registry: extended, dnsPort, directory, output, logging: this.logging, metrics: this.metrics, now };
    const set = await setUpBlocks(parsed.tree, environment);
    problems.push(...set.problems);
    if (problems.length > 0) throw refuse(problems, parsed);
    const generation = new Generation({
      ...environment,
      blocks: set.blocks,
      hash: parsed.hash,
      builtIn: new Set(registry.plugins.map(({ name }) => name)),
      defaultAddress,
      route: (server, zone, view) => this.route(server, zone, view),
      control: (of, block) => this.control(of, block),
      reply: (server, query) => this.reply(server, query),
    });
    return { generation, warnings: [...parsed.warnings, ...set.warnings] };
  }

  private async openListeners(next: Generation): Promise<string[]> {
    const opened: string[] = [];
    try {
      for (const plan of next.listeners) {
        if (this.listeners.has(plan.name)) continue;
        this.listeners.set(plan.name, await this.openOne(plan));
        opened.push(plan.name);
      }
      return opened;
    } catch (error) {
      await this.closeSockets(opened);
      throw error;
    }
  }

  private async openOne(plan: ListenerPlan): Promise<OpenListener> {
    const { now } = this.options;
    const responder = new Responder(plan.answering, { now, log: this.log });
    responder.open = false;
    const open: { responder: Responder; timeouts: Required<Timeouts> } = { responder, timeouts: plan.timeouts };
    const { address, port } = plan;
    const sockets = await openListener({ address, port, responder, log: this.log, timeouts: () => open.timeouts });
    return Object.assign(open, { sockets });
  }

  /** From here on every query is answered by the new configuration. */
  private swap(next: Generation): void {
    for (const plan of next.listeners) {
      const listener = this.listeners.get(plan.name);
      if (listener === undefined) continue;
      listener.responder.answering = plan.answering;
      listener.responder.open = true;
      listener.timeouts = plan.timeouts;
    }
    this.http.use(next.http);
    this.logging.debug = next.blocks.some(({ settings }) => settings.debug === true);
    this.running = next;
    next.serving();
  }

  private async close(names: readonly string[], generation: Generation): Promise<void> {
    const deadline = AbortSignal.timeout(drainTime);
    const expired = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve()));
    // Answers to what is in hand still leave through the sockets, so these close last.
    for (const name of names) {
      const listener = this.listeners.get(name);
      if (listener !== undefined) listener.responder.open = false;
    }
    await Promise.race([generation.inHand.empty(), expired]);
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.race([this.closeSockets(names), expired]);
    await generation.stop(deadline);
  }

  private async closeSockets(names: readonly string[]): Promise<void> {
    const closing = names.flatMap((name) => this.listeners.get(name)?.sockets ?? []);
    for (const name of names) this.listeners.delete(name);
    await Promise.all(closing.map((socket) => socket.close()));
  }

  private reply(server: string, query: Query): Awaitable<Reply> {
    const listener = this.listeners.get(server) ?? [...this.listeners.values()][0];
    if (listener === undefined) throw new Error(`no listener named ${server}`);
    return listener.responder.reply(query);
  }

  private route(server: string, zone: string, view: string): Route {
    const key = JSON.stringify([server, zone, view]);
    const route = this.routes.get(key) ?? { server, zone, view, index: this.routes.size + 1 };
    this.routes.set(key, route);
    return route;
  }

  private control(generation: Generation, block: Block): ServerControl {
    const stopping = () => this.stopping;
    return {
      get stopping() {
        return stopping();
      },
      version,
      configurationHash: generation.hash,
      readiness: () => (this.running ?? generation).readiness(),
      readConfigurationHash: () => this.readHash(),
      reload: () => this.reload(),
      listeners: () =>
        generation.listeners
          .filter(({ answering }) => block.keys.some(({ zone }) => answering.router.serves(zone)))
          .flatMap(({ name }) => this.listeners.get(name)?.sockets ?? []),
      httpPort: (address) => this.http.portOf(address),
      expose: () => this.metrics.expose(),
      fatal: (message) => {
        this.options.output(`[FATAL] ${message}`);
        this.options.exit(1);
      },
    };
  }

  private readHash(): string {
    const parsed = readConfiguration(this.options.source);
    return parsed.hash;
  }

  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.turn.then(run, run);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

function refuse(problems: readonly ConfigError[], parsed: Parsed): ConfigErrors {
  const sorted = [...problems].sort((a, b) => (a.place.file === b.place.file ? a.place.line - b.place.line || a.place.column - b.place.column : 0));
  return new ConfigErrors(sorted, parsed.sources);
}
