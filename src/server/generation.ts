// One configuration in use: its blocks, what each listener answers with, and the life of its instances.
import { ConfigError, ConfigErrors, messageOf } from '../config/error.ts';
import type { FilesRead } from '../config/watched-file.ts';
import type { Route } from '../dns/client.ts';
import { exchangeOf } from '../dns/exchange.ts';
import type { Query } from '../dns/query.ts';
import { QueryError } from '../dns/query-error.ts';
import type { Reply } from '../dns/reply.ts';
import { makeLogger } from '../log/logger.ts';
import { type Awaitable, after } from '../plugin/awaitable.ts';
import type { Instance, ReadConfiguration, ServerControl, StartContext } from '../plugin/plugin.ts';
import { requestObserver } from '../plugin/request-observer.ts';
import { type Block, problemOf, provided, type SetupEnvironment, type Use } from './block.ts';
import type { Configuration } from './configuration.ts';
import { alike, heirsOf } from './heirs.ts';
import { HttpRoutes } from './http-routes.ts';
import { InHand } from './in-hand.ts';
import { LateReplies } from './late-replies.ts';
import { type ListenerPlan, type PlanningContext, planListeners } from './listener-plan.ts';
import type { OwnQueries } from './own-queries.ts';
import { every, watch } from './recurring.ts';
import type { Answering } from './responder.ts';
import { Router } from './router.ts';
import { type PrimaryLink, SharedStates } from './shared-states.ts';
import { leadsOn } from './ways.ts';
import { within } from './within.ts';
import type { RoutedBlock } from './zone-blocks.ts';

/** What a generation needs of the server. */
export interface GenerationContext extends SetupEnvironment, PlanningContext {
  readonly blocks: readonly Block[];
  readonly configuration: Configuration;
  /** The text of each file that it was read from, to show lines of it; none where another process has read them. */
  readonly sources: ReadonlyMap<string, string>;
  /** How places name the file that was read first. */
  readonly file: string;
  /** What is odd about it. */
  readonly warnings: readonly string[];
  /** The files whose content the instances were set up with. */
  readonly files: FilesRead;
  /** Numbers the configurations that the server has loaded. */
  readonly serial: number;
  /** The control that instances of a block get. */
  control(generation: Generation, block: Block): ServerControl;
  /** In a worker: the way to the primary process. */
  readonly primaryLink: PrimaryLink | undefined;
  /** Answers queries from the top of a listener. */
  readonly own: Pick<OwnQueries, 'reply' | 'explain'>;
  readonly lookAhead: StartContext['lookAhead'];
}

/** How often the server may ask itself to answer one query before that counts as a loop. */
const maxResolutions = 16;

/** A configuration that is set up and can be started, used and stopped. */
export class Generation {
  readonly configuration: Configuration;
  readonly serial: number;
  readonly blocks: readonly Block[];
  readonly listeners: readonly ListenerPlan[];
  readonly http = new HttpRoutes();
  readonly inHand = new InHand();
  readonly states: SharedStates;
  private readonly lateReplies: LateReplies;
  private readonly context: GenerationContext;
  private readonly ending = new AbortController();
  private readonly started: Use[] = [];
  private readonly routesOf = new Map<Block, readonly Route[]>();

  /** Throws ConfigErrors when two blocks want the same zone of the same listener. */
  constructor(context: GenerationContext) {
    this.context = context;
    this.configuration = context.configuration;
    this.serial = context.serial;
    this.states = new SharedStates(context.serial, context.primaryLink);
    this.blocks = context.blocks;
    this.lateReplies = new LateReplies({ log: makeLogger(context.output, context.logging), metrics: context.metrics });
    this.listeners = this.planListeners();
  }

  /** Instances take over from those they replace. Throws ConfigErrors when one of those must not be dropped. */
  adopt(previous: Generation): void {
    for (const use of previous.uses()) {
      try {
        use.instance.yield?.(alike(this.uses(), use), heirsOf(use, previous.listeners, this.listeners));
      } catch (error) {
        // The place is one of the files that are loaded now.
        throw new ConfigErrors([problemOf(error, use)], previous.context.sources);
      }
    }
    const old = new Map(previous.blocks.flatMap((block) => block.uses.map((use) => [use.identity, { block, instance: use.instance }] as const)));
    for (const block of this.blocks) {
      for (const { instance, identity } of block.uses) {
        const replaced = old.get(identity);
        if (replaced !== undefined) instance.adopt?.(replaced.instance, { unchanged: isUnchanged(replaced.block, block) });
      }
    }
  }

  /** Starts every instance; when one refuses, those that were started are stopped and ConfigErrors with its place is thrown. */
  async start(): Promise<void> {
    for (const block of this.blocks) {
      for (const use of block.uses) {
        try {
          this.started.push(use);
          await within(use, 'start', () => use.instance.start?.(this.startContext(block, use)), this.context.stopping);
          this.states.begin(use.identity);
        } catch (error) {
          await this.stop(AbortSignal.abort());
          throw new ConfigErrors([problemOf(error, use)], this.context.sources);
        }
      }
    }
  }

  /** Gets instances that have not started ready to be asked ahead. Gives, for those that do not know all before they start, which queries they decide on. */
  foresee(): ReadonlyMap<Instance, (query: Query) => boolean> {
    const deciding = new Map<Instance, (query: Query) => boolean>();
    for (const block of this.blocks) {
      for (const use of block.uses) {
        const { instance } = use;
        if (instance.start === undefined) continue;
        const decides = instance.foresee === undefined ? () => true : instance.foresee(this.startContext(block, use));
        if (decides !== undefined) deciding.set(instance, decides);
      }
    }
    return deciding;
  }

  /** Stops what was started, in reverse order. An error of one instance is logged and does not keep the others from stopping. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.inHand.cancel('the configuration has ended');
    this.ending.abort();
    for (const use of this.started.splice(0).reverse()) {
      const { plugin, instance } = use;
      try {
        await within(use, 'stop', () => instance.stop?.(deadline));
      } catch (error) {
        const where = error instanceof ConfigError ? `${use.place.file}:${use.place.line} - ` : '';
        this.logger(plugin.name).error(`stop: ${where}${messageOf(error)}`);
      }
    }
    this.states.end();
  }

  /** Tells every instance that queries are answered by this configuration now. An error of one is logged. */
  serving(): void {
    for (const { plugin, instance } of this.uses()) {
      try {
        instance.serving?.();
      } catch (error) {
        this.logger(plugin.name).error(messageOf(error));
      }
    }
  }

  /** Whether a file that an instance was set up with has changed since it was read or looked at last. */
  lookForChangedFiles(): boolean {
    return this.context.files.lookForChange();
  }

  /** What every instance that can be waited for says. */
  readiness(): { readonly name: string; readonly ready: true | string }[] {
    return this.uses().flatMap(({ plugin, instance }) => (instance.ready === undefined ? [] : [{ name: plugin.name, ready: instance.ready() }]));
  }

  /** What was read, and what came of it. */
  asRead(): ReadConfiguration {
    const { file, sources, warnings } = this.context;
    return { file, sources, warnings, blocks: this.blocks.map((block) => ({ ...block, routes: this.routesOf.get(block) ?? [] })) };
  }

  /** The zones that are served and where, as lines "zone:port", with the scheme where it is not DNS over UDP and TCP. */
  served(): string[] {
    const lines = this.blocks.flatMap(({ keys, settings }) =>
      keys.map(
        ({ transport, zone, port }) =>
          `${transport === 'dns' ? '' : `${transport}://`}${zone}:${port}${settings.addresses === undefined ? '' : ` on ${settings.addresses.join(' ')}`}`,
      ),
    );
    return [...new Set(lines)];
  }

  /** Milliseconds to go on answering after SIGTERM: the longest that a block asks for. */
  get lameduck(): number {
    return Math.max(0, ...this.blocks.map(({ settings }) => settings.lameduck ?? 0));
  }

  private uses(): Use[] {
    return this.blocks.flatMap(({ uses }) => uses);
  }

  private planListeners(): ListenerPlan[] {
    const { listeners, problems } = planListeners(this.blocks, this.context);
    if (problems.length > 0) throw new ConfigErrors(problems, this.context.sources);
    return listeners.map(({ routed, blocks, ...listener }) => {
      for (const block of blocks) {
        const routes = routed.filter(({ uses }) => uses === block.uses).map(({ route }) => route);
        this.routesOf.set(block, [...(this.routesOf.get(block) ?? []), ...routes]);
      }
      return { ...listener, answering: this.answering(listener.name, routed, blocks) };
    });
  }

  private answering(server: string, routed: readonly RoutedBlock[], blocks: readonly Block[]): Answering {
    // Observers count for the whole process: each is told of the queries that no block of any listener answers.
    const observers = [...new Set(this.blocks.flatMap((block) => provided(block, requestObserver)))];
    return {
      router: new Router(routed),
      unrouted: this.context.route(server, 'dropped', ''),
      otherClasses: blocks.some(({ settings }) => settings.otherClasses === true),
      notified: blocks.some(({ uses }) => uses.some(({ instance }) => instance.notify !== undefined)),
      observers,
      stacktrace: blocks.some(({ settings }) => settings.stacktrace === true || settings.debug === true),
      inHand: this.inHand,
      lateReplies: this.lateReplies,
    };
  }

  private startContext(block: Block, use: Use): StartContext {
    const server = this.routesOf.get(block)?.[0]?.server ?? '';
    const log = this.logger(use.plugin.name);
    const { signal } = this.ending;
    return {
      signal,
      server: this.context.control(this, block),
      routes: this.routesOf.get(block) ?? [],
      handlers: block.uses.flatMap(({ plugin, instance }) => (instance.handle === undefined ? [] : [plugin.name])),
      resolve: (query, cause) => this.resolve(query, { server: query.server || server, cause }),
      explain: (question) => this.context.own.explain(question),
      lookAhead: (other) => this.context.lookAhead(other),
      peers: (capability) => provided(block, capability),
      share: (key, listener = {}) => this.states.open({ identity: use.identity, log }, key, listener),
      serve: (address, path, respond, service) => this.http.add(address, path, { ...service, plugin: use.plugin.name, respond }),
      every: (milliseconds, task) => every({ milliseconds, signal, log }, task),
      watch: (file, milliseconds, changed) => watch({ milliseconds, signal, log }, file, changed),
    };
  }

  private resolve(query: Query, { server, cause }: { readonly server: string; readonly cause: Query | undefined }): Awaitable<Reply> {
    if (cause !== undefined && !leadsOn(cause, query)) {
      throw new QueryError('SERVFAIL', `${cause.name} ${cause.type} leads back to itself, by ${query.name}`);
    }
    const exchange = exchangeOf(query);
    if (++exchange.resolutions > maxResolutions) {
      throw new QueryError('SERVFAIL', `asked itself more than ${maxResolutions} times for one query, the last time for ${query.name} ${query.type}`);
    }
    const { answeredBy, route } = exchange;
    return after(this.context.own.reply(server, query), (reply) => {
      exchange.answeredBy = answeredBy;
      exchange.route = route;
      return reply;
    });
  }

  private logger(plugin: string) {
    return makeLogger(this.context.output, this.context.logging, plugin);
  }
}

/** Whether both blocks say the same, and the code of their plugins is the same. */
function isUnchanged(before: Block, now: Block): boolean {
  return before.hash === now.hash && before.uses.every(({ plugin }, i) => plugin === now.uses[i]?.plugin);
}
