// Passes queries on to other DNS servers, over UDP, TCP or TLS, and knows which of them are well.
import {
  addressOf,
  openUdpClient,
  type Passage,
  type ServerAddress,
  trustSystemAuthorities,
  type UpstreamService,
  type UpstreamState,
  upstreamService,
} from 'ferrydns/built-in';
import {
  capability,
  definePlugin,
  foresightOf,
  type Handle,
  type Instance,
  type Next,
  provide,
  type Query,
  QueryClass,
  QueryError,
  QueryType,
  Reply,
  type SetupContext,
  type StartContext,
  type UdpClient,
} from 'ferrydns/plugin';
import { type ForwardContext, ForwardedQuery } from './forwarded-query.ts';
import { lookUpHosts } from './lookup.ts';
import { type ForwardMetrics, makeMetrics } from './metrics.ts';
import { grammar, type Options, readScope, readSettings, readTargets } from './options.ts';
import { makePolicy } from './policy.ts';
import type { Settings } from './settings.ts';
import { type HostTarget, withoutDuplicates } from './targets.ts';
import { healthState, Upstream } from './upstream.ts';

export default definePlugin({
  name: 'forward',
  summary: 'passes queries on to other DNS servers',
  config: grammar,
  setup: (options, context) => new Forward(options, context),
});

/** Tells the forwards of a server block of each other: `next` hands a query on only where another forward follows. */
const forwardInBlock = capability<Forward>('forwardInBlock');

class Forward implements Instance, UpstreamService {
  readonly provides = [provide(forwardInBlock, this), provide(upstreamService, this as UpstreamService)];
  readonly settings = { otherClasses: true };
  readonly handle: Handle;
  private readonly chosen: Settings;
  private readonly metrics: ForwardMetrics;
  private readonly now: () => number;
  private readonly log: SetupContext['log'];
  private readonly targets: readonly (ServerAddress | HostTarget)[];
  /** The upstreams as they are written. */
  private readonly named: readonly string[];
  private readonly resolvers: readonly string[];
  private readonly inScope: (query: Query) => boolean;
  private all: readonly Upstream[] = [];
  private client: UdpClient | undefined;
  private context: ForwardContext;
  /** Queries of the server's own that are for one upstream alone. */
  private readonly aimed = new WeakMap<Query, { readonly upstream: string; met: boolean }>();
  private previous: Forward | undefined;
  /** The forwards behind this one in the chain. */
  private followers: readonly Forward[] = [];
  /** Queries on their way. */
  private concurrent = 0;

  constructor(options: Options, context: SetupContext) {
    this.inScope = readScope(options, context);
    this.targets = readTargets(options, context);
    this.named = this.targets.map(
      (target) => `${target.transport}://${'hostName' in target ? `${target.hostName}:${target.port}` : addressOf(target)}`,
    );
    if (this.targets.some(({ transport }) => transport !== 'dns')) trustSystemAuthorities();
    this.chosen = readSettings(options, context);
    this.resolvers = options.resolver?.addresses ?? [];
    this.metrics = makeMetrics(context.metrics);
    this.now = context.now;
    this.log = context.log;
    const { chosen: settings, metrics, now } = this;
    this.context = {
      settings,
      upstreams: [],
      policy: makePolicy(settings.policy),
      metrics,
      now,
      handsOn: (reply, query) => this.handsOn(reply, query),
      left: () => {
        this.concurrent--;
      },
    };
    this.handle = (query, next) => {
      if (!this.inScope(query)) {
        query.explained?.note('the name is not among those that are forwarded');
        return next(query);
      }
      const foresight = foresightOf(query);
      if (foresight !== undefined) return foresight.upstream(query, this.named);
      // Only class IN is forwarded: what CH holds is about the server that was asked (RFC 4892).
      return query.classCode === QueryClass.IN && !isTransfer(query) ? this.forward(query, next) : Reply.decline('REFUSED');
    };
  }

  /** An upstream that is slow by configuration is waited for. */
  get patience(): number {
    return this.chosen.readTimeout;
  }

  /** What the previous forward learned of the upstreams that stay is known to this one. */
  adopt(previous: Instance): void {
    if (previous instanceof Forward) this.previous = previous;
  }

  foresee(): undefined {}

  async start(context: StartContext): Promise<void> {
    const peers = context.peers(forwardInBlock);
    this.followers = peers.slice(peers.indexOf(this) + 1);
    const targets = withoutDuplicates(await lookUpHosts(this.targets, this.resolvers));
    const { chosen: settings, metrics, now, log } = this;
    const health = context.share(healthState, {
      changed: (address, entry) => this.upstreamAt(address)?.learn(entry?.fails ?? 0),
      told: ({ upstream, replied }) => this.upstreamAt(upstream)?.told(replied),
    });
    const desk = { primary: context.server.primary, health };
    const client = openUdpClient();
    this.client = client;
    this.all = targets.map((target) => {
      const upstream = new Upstream(target, { settings, metrics: metrics.upstream(addressOf(target)), client, now, desk, log });
      const known = this.previous?.all.find(({ address }) => address === upstream.address);
      if (known !== undefined) upstream.inherit(known);
      return upstream;
    });
    this.previous = undefined;
    this.context = { ...this.context, upstreams: this.all };
    for (const upstream of this.all) upstream.start();
    context.every(Math.max(1000, Math.min(settings.expire, 10_000)), () => {
      for (const { server } of this.all) server.sweep();
    });
  }

  stop(): void {
    for (const upstream of this.all) upstream.stop();
    this.client?.close();
  }

  upstreams(): readonly string[] {
    return this.context.upstreams.map(({ address }) => address);
  }

  states(): readonly UpstreamState[] {
    return this.context.upstreams.map((upstream) => upstream.state);
  }

  only(query: Query, upstream: string): Passage {
    const aim = { upstream, met: false };
    this.aimed.set(query.origin, aim);
    return aim;
  }

  private upstreamAt(address: string): Upstream | undefined {
    return this.all.find((upstream) => upstream.address === address);
  }

  private forward(query: Query, next: Next): Promise<Reply> {
    const { maxConcurrent } = this.chosen;
    if (maxConcurrent > 0 && this.concurrent >= maxConcurrent) {
      this.metrics.maxConcurrentRejects.add();
      throw new QueryError('REFUSED', `concurrent queries exceeded maximum ${maxConcurrent}`);
    }
    this.concurrent++;
    return new ForwardedQuery(query.own ? this.contextFor(query) : this.context, query, next).run();
  }

  private contextFor({ origin }: Query): ForwardContext {
    const aim = this.aimed.get(origin);
    if (aim === undefined) return this.context;
    aim.met = true;
    return { ...this.context, upstreams: this.context.upstreams.filter(({ address }) => address === aim.upstream) };
  }

  /** Whether another forward is to answer instead: one that follows, and for which the name is. */
  private handsOn(reply: Reply, query: Query): boolean {
    const { next, nextOnNodata } = this.chosen;
    if (!next.has(reply.rcodeNumber) && !(nextOnNodata && reply.rcodeNumber === 0 && reply.answerCount === 0)) return false;
    return this.followers.some((follower) => follower.inScope(query));
  }
}

/** Zones are given by who has them, not by who asks others (RFC 5936 section 4.2 for UDP, CVE-2024-25581). */
function isTransfer({ typeCode }: Query): boolean {
  return typeCode === QueryType.AXFR || typeCode === QueryType.IXFR;
}
