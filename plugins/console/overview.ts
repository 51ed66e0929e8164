// What the server does, as the console shows it: the last hour of each server block, its chain, upstreams, memory and processes.
import { setTimeout as pause } from 'node:timers/promises';
import { type UpstreamService, upstreamService } from 'ferrydns/built-in';
import { adminHeaders, type PageOfAll } from 'ferrydns/built-in/admin';
import type { HttpResponse, ReadConfiguration, ServedBlock } from 'ferrydns/plugin';
import { type BlockUpstream, joinUpstreams, KnownWorkers, OwnUse, type ProcessUse, type WorkerNews } from './processes.ts';
import type { ServerRecord } from './record.ts';
import type { ChainStation, ToldOverview } from './told.ts';
import { type BlockCounts, blockCounts, step } from './traffic/history.ts';
import { keyOf } from './traffic/traffic.ts';

/** Milliseconds of silence until a comment shows that a stream lives. */
const heartbeat = 15_000;
/** Milliseconds between two looks of a stream. */
const pace = 500;

/** What an overview needs of its surroundings. */
export interface OverviewContext {
  readonly version: string;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** Octets that the server may take; Infinity where nobody says. */
  readonly memoryLimit: number;
  readonly record: ServerRecord;
  readonly configuration: () => ReadConfiguration;
}

/** A server block as the console knows it. */
interface Shown {
  readonly id: string;
  readonly block: ServedBlock;
  /** The plugins that queries pass, each once. */
  readonly chain: readonly string[];
  readonly keys: ReadonlySet<string>;
}

/** The same block before and after a reload has the same one: it is made of where its queries come from. */
function idOf({ routes }: ServedBlock): string {
  const [first] = routes;
  return first === undefined ? '' : [...new Set(routes.map(({ server, zone }) => `${server} ${zone}`)), first.view].join(' ').trim();
}

export class Overview {
  private readonly context: OverviewContext;
  private readonly shown: readonly Shown[];
  private readonly workers: KnownWorkers;
  private readonly own = new OwnUse();
  private use: ProcessUse;
  private endsAt: number;
  /** When the last step ended, on the clock of the day. */
  private ended = Date.now();

  constructor(context: OverviewContext) {
    this.context = context;
    this.use = this.own.look();
    this.workers = new KnownWorkers(context.now);
    this.endsAt = context.now() + step;
    this.shown = context.configuration().blocks.map((block) => ({
      id: idOf(block),
      block,
      chain: [...new Set(block.uses.flatMap(({ plugin, instance }) => (instance.handle === undefined ? [] : [plugin.name])))],
      keys: new Set(block.routes.map(keyOf)),
    }));
  }

  get pages(): Readonly<Record<string, PageOfAll>> {
    const { history } = this.context.record;
    return {
      '/overview': { method: 'GET', all: () => this.answer(history.known()) },
      '/overview/events': { method: 'GET', all: () => this.stream() },
    };
  }

  /** Ends the steps that are over. */
  tick(): void {
    const { now, record } = this.context;
    if (now() < this.endsAt) return;
    this.use = this.own.look();
    const blocks = this.count();
    const { rss, heap } = this.memory();
    for (; this.endsAt <= now(); this.endsAt += step) record.history.end(blocks, { rss, heap });
    this.ended = Date.now();
  }

  /** In a worker: what the primary process is to know. */
  news(): WorkerNews {
    return { use: this.own.look(), routes: this.context.record.traffic.news(), upstreams: this.upstreams() };
  }

  hear(news: WorkerNews): void {
    this.context.record.traffic.add(news.routes);
    this.workers.hear(news);
  }

  /** Without the layout of other answers: columns are long. */
  private answer(steps: number): HttpResponse {
    return { status: 200, body: JSON.stringify(this.tell(steps)), contentType: 'application/json', headers: adminHeaders };
  }

  private tell(steps: number): ToldOverview {
    const { version, record, memoryLimit } = this.context;
    const { history, since } = record;
    const known = history.known(steps);
    const counts = new Map(this.count().map((block) => [block.id, block]));
    const blocks = this.shown.map((shown) => ({
      ...describe(shown),
      ...history.columns(shown.id, steps),
      chain: chainOf(shown, counts.get(shown.id)),
    }));
    const outside = counts.get('');
    return {
      now: new Date().toISOString(),
      version,
      since: since.toISOString(),
      every: step / 1000,
      from: new Date(this.ended - known * step).toISOString(),
      processes: this.processes(),
      memory: { ...history.memoryColumns(steps), limit: Number.isFinite(memoryLimit) ? memoryLimit : null },
      blocks,
      unrouted: outside === undefined ? null : { ...history.columns('', steps), total: outside.queries },
      upstreams: joinUpstreams([...this.upstreams(), ...this.workers.present.flatMap(({ upstreams }) => upstreams)]),
    };
  }

  private stream(): HttpResponse {
    return { status: 200, body: 'retry: 1000\n\n', contentType: 'text/event-stream', headers: adminHeaders, stream: (signal) => this.events(signal) };
  }

  /** After each step, what happened in it. */
  private async *events(signal: AbortSignal): AsyncGenerator<string, void> {
    const { history } = this.context.record;
    let told = history.steps;
    let spoken = performance.now();
    while (!signal.aborted) {
      const { steps } = history;
      if (steps > told) {
        yield `event: overview\ndata: ${JSON.stringify(this.tell(steps - told))}\n\n`;
        told = steps;
        spoken = performance.now();
      } else if (performance.now() - spoken >= heartbeat) {
        yield ': still here\n\n';
        spoken = performance.now();
      }
      // Ended early, it has nothing to say about it.
      await pause(pace, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The counts of every block; those of queries that no block answers have no name. */
  private count(): readonly BlockCounts[] {
    const routes = this.context.record.traffic.read();
    const blocks = this.shown.map(({ id, keys, chain }) => {
      return blockCounts(
        id,
        routes.filter((route) => keys.has(keyOf(route))),
        chain,
      );
    });
    const outside = routes.filter(({ zone }) => zone === 'dropped');
    return outside.length === 0 ? blocks : [...blocks, blockCounts('', outside, [])];
  }

  private upstreams(): readonly BlockUpstream[] {
    return this.shown.flatMap(({ id, block }) =>
      block.uses.flatMap(({ plugin, instance }) => {
        const services = (instance.provides ?? []).filter(({ label }) => label === upstreamService.label);
        return services.flatMap(({ service }) =>
          (service as UpstreamService).states().map((state) => ({ block: id, plugin: plugin.name, ...state })),
        );
      }),
    );
  }

  private processes(): ToldOverview['processes'] {
    const workers = this.workers.present.map(({ use }, number) => ({ name: `worker ${number}`, ...use }));
    return [{ name: 'main', ...this.use }, ...workers];
  }

  private memory(): { readonly rss: number; readonly heap: number } {
    const all = this.processes();
    return { rss: all.reduce((sum, { rss }) => sum + rss, 0), heap: all.reduce((sum, { heap }) => sum + heap, 0) };
  }
}

function describe({ id, block: { routes, place } }: Shown) {
  const words = (all: readonly string[]) => [...new Set(all)].join(' ');
  return {
    id,
    server: words(routes.map(({ server }) => server)),
    zone: words(routes.map(({ zone }) => zone)),
    view: routes[0]?.view ?? '',
    place: `${place.file}:${place.line}`,
  };
}

/** Who was given a query was so by all before him: a plugin has met what it and those behind it were the last to be given. */
function chainOf({ block, chain }: Shown, counts: BlockCounts | undefined): ChainStation[] {
  const of = (plugin: string) => counts?.plugins.find((each) => each.plugin === plugin) ?? { answered: 0, failed: 0 };
  let behind = 0;
  const links = chain.toReversed().map((plugin) => {
    const { answered, failed } = of(plugin);
    behind += answered + failed;
    const place = block.uses.find((use) => use.plugin.name === plugin)?.place;
    return { plugin, place: place === undefined ? '' : `${place.file}:${place.line}`, queries: behind, answered, failed };
  });
  return links.reverse();
}
