// One use of the plugin: the cluster that it watches, or is told of, and the answers from it.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { answerChanges, clusterServices, externalNames, searchDomainsIn, searchPaths } from 'ferrydns/built-in';
import { accessByAddress, accessByFile, accessInCluster, type KubernetesAccess } from 'ferrydns/built-in/kubernetes';
import {
  type Awaitable,
  type Counter,
  type Instance,
  longestMatch,
  metadataSource,
  type Next,
  type Provided,
  provide,
  type Query,
  type Reply,
  type SetupContext,
  type StartContext,
} from 'ferrydns/plugin';
import { AnswerStore } from './answers/answer-store.ts';
import { Answers } from './answers/answers.ts';
import { External } from './answers/external.ts';
import { Finder } from './answers/finder.ts';
import { ownAddresses } from './answers/name-servers.ts';
import { ServiceLookup } from './answers/service-lookup.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { Wanted } from './cluster/resources.ts';
import type { ServiceIndex } from './cluster/service-index.ts';
import { clusterState, FollowedCluster, type Telling, tellOthers } from './cluster/sharing.ts';
import { type WatchedCluster, watchCluster } from './cluster/watched-cluster.ts';
import { describeQuery, podAt } from './metadata.ts';
import type { Settings } from './settings.ts';

/** Milliseconds between two looks at the time while the start waits. */
const lookEvery = 100;
/** Milliseconds after which the log says that the start waits. */
const sayEvery = 500;
/** Namespaces whose denials are counted each by itself: clusters make and forget more than a metric should have labels. */
const mostCounted = 1000;

export class Kubernetes implements Instance {
  readonly provides: readonly Provided[];
  /** Queries come when all instances have started. */
  readonly handle = (query: Query, next: Next): Awaitable<Reply> =>
    this.running === undefined ? next(query) : this.running.answers.handle(query, next);
  private readonly configured: Settings;
  private readonly context: SetupContext;
  private readonly store = new AnswerStore();
  private readonly lookup: ServiceLookup;
  private readonly denials: (labels: { readonly namespace: string }) => Counter;
  private readonly counted = new Set<string>();
  private readonly machineDomains = searchDomainsOfMachine();
  private running: { readonly cluster: Cluster; readonly answers: Answers; readonly external: External; readonly end: () => void } | undefined;

  constructor(settings: Settings, context: SetupContext) {
    this.configured = settings;
    this.context = context;
    this.lookup = new ServiceLookup({ exposure: settings.exposure, endpoints: settings.wanted.endpoints });
    this.provides = [
      provide(clusterServices, this.lookup),
      provide(metadataSource, (query) => this.describe(query)),
      provide(answerChanges, { subscribe: (forget) => this.store.subscribe(forget) }),
      provide(externalNames, {
        answer: (question) => this.external.answer(question),
        servers: (owner, question) => this.external.servers(owner, question),
        serial: () => this.external.serial(),
        missing: () => this.external.missing(),
      }),
      provide(searchPaths, { plugin: 'kubernetes', of: (query) => this.searchPath(query) }),
    ];
    const { metrics } = context;
    this.denials = metrics.counter(
      'ferrydns_kubernetes_denials_total',
      'Answers that a name of the cluster does not exist, by the namespace in the name; most are asked for by search paths.',
      ['namespace'],
    );
    const stale = 'Seconds since the API server was heard of, for the kind of object where that is longest ago.';
    metrics.gauge('ferrydns_kubernetes_staleness_seconds', stale, () => this.running?.cluster.staleness() ?? null, 'max');
  }

  ready(): true | string {
    return this.running?.cluster.missing() ?? (this.running === undefined ? 'not started' : true);
  }

  /** What the cluster has is known by watching it. */
  foresee(): (query: Query) => boolean {
    return ({ name }) => longestMatch(name, this.configured.answers.zones) !== undefined;
  }

  async start(context: StartContext): Promise<void> {
    if (!context.server.primary) {
      const cluster = new FollowedCluster();
      context.share(clusterState, cluster.listener);
      this.serve(cluster, context, () => {});
      return;
    }
    const { wanted } = this;
    const { limits } = this.configured;
    const { log, metrics, now } = this.context;
    const options = { access: this.access(), wanted, limits, version: context.server.version, log, metrics, now };
    const { cluster, release } = watchCluster(this.words(), options);
    let others: Telling | undefined;
    const state = context.share(clusterState, {
      followed: () => {
        others ??= tellOthers(state, cluster);
      },
    });
    context.every(1000, () => others?.standing());
    this.serve(cluster, context, () => {
      others?.end();
      release();
    });
    await this.sync(cluster, context.signal);
  }

  stop(): void {
    this.running?.end();
  }

  private serve(cluster: Cluster, context: StartContext, release: () => void): void {
    const { index } = cluster;
    const { answers: settings, exposure } = this.configured;
    const common = {
      index,
      finder: new Finder(index, exposure),
      missing: () => cluster.missing(),
      own: () => ownAddresses(context.server.listeners()),
      resolve: (query: Query, cause: Query) => context.resolve(query, cause),
    };
    const external = new External({ ...common, ttl: settings.ttl });
    const answers = new Answers({
      ...common,
      settings,
      store: this.store,
      freshness: () => freshnessOf(cluster),
      denials: (namespace) => this.denials({ namespace: this.isCounted(namespace, index) ? namespace : '' }),
    });
    const unsubscribe = this.follow(index);
    const endLookup = this.lookup.use(cluster);
    const end = () => {
      endLookup();
      unsubscribe();
      release();
    };
    this.running = { cluster, answers, external, end };
    // A start that is refused after all is not stopped.
    context.signal.addEventListener('abort', end, { once: true });
  }

  /** Drops answers that changes make false. */
  private follow(index: ServiceIndex): () => void {
    const { store } = this;
    return index.subscribe({
      serviceChanged: ({ namespace, name }) => store.serviceChanged(namespace, name),
      addressChanged: (key) => store.addressChanged(key),
      namespaceChanged: (name) => store.namespaceChanged(name),
      podsChanged: (namespace) => store.serviceChanged(namespace, '*'),
    });
  }

  /** Waits until the cluster is known, or for as long as the configuration says. */
  private async sync(cluster: WatchedCluster, signal: AbortSignal): Promise<void> {
    const { log, now } = this.context;
    const begun = now();
    let said = begun;
    while (cluster.missing() !== undefined && !signal.aborted) {
      const at = now();
      if (at - begun >= this.configured.startupTimeout) {
        log.warn('starting server with unsynced Kubernetes API');
        return;
      }
      if (at - said >= sayEvery) {
        log.info('waiting for Kubernetes API before starting server');
        said = at;
      }
      await Promise.race([cluster.known, delay(lookEvery, undefined, { signal }).catch(() => {})]);
    }
  }

  /** Whether a namespace has a counter of its own. Clients invent names, so those that are not there have none. */
  private isCounted(namespace: string, { namespaces }: ServiceIndex): boolean {
    if (!this.counted.has(namespace) && this.counted.size < mostCounted && namespaces.has(namespace)) this.counted.add(namespace);
    return this.counted.has(namespace);
  }

  private get external(): External {
    if (this.running === undefined) throw new Error('asked before the start');
    return this.running.external;
  }

  /** The domains that a Pod searches: those of its namespace and of the cluster, and then those of the machine that it runs on. */
  private searchPath(query: Query): readonly string[] | undefined {
    const { answers, wanted } = this.configured;
    const index = this.running?.cluster.index;
    const zone = longestMatch(query.name, answers.zones);
    const pod = index === undefined || zone === undefined || !wanted.pods ? undefined : podAt(index, query.client.address);
    if (zone === undefined || pod === undefined) return undefined;
    const services = zone === '.' ? 'svc.' : `svc.${zone}`;
    return [`${pod.namespace}.${services}`, services, zone, ...this.machineDomains, ''];
  }

  private describe(query: Query): void {
    const index = this.running?.cluster.index;
    if (index === undefined) return;
    describeQuery(query, this.configured.answers, this.configured.wanted.pods ? podAt(index, query.client.address) : undefined);
  }

  private access(): KubernetesAccess {
    const { kubeconfig, endpoint, tls } = this.configured;
    if (kubeconfig !== undefined) return accessByFile(kubeconfig.file, kubeconfig.context);
    return endpoint === undefined ? accessInCluster() : accessByAddress(endpoint, tls);
  }

  /** What is asked of the API server: what the options say, and what plans and pools need. */
  private get wanted(): Wanted {
    const { wanted } = this.configured;
    const { needs } = this.lookup;
    return { ...wanted, zones: wanted.zones || needs.zones, nodes: needs.nodes };
  }

  /** What the watching depends on: two uses with the same words share it. */
  private words(): string {
    const { kubeconfig, endpoint, tls, accessHash, limits } = this.configured;
    const { wanted } = this;
    return JSON.stringify({ kubeconfig, endpoint, tls, accessHash, wanted, limits });
  }
}

function freshnessOf(cluster: Cluster): string {
  const missing = cluster.missing();
  if (missing !== undefined) return missing;
  const trouble = cluster.trouble();
  const staleness = cluster.staleness();
  const age = staleness === undefined ? 'unknown' : `${Math.round(staleness)} s`;
  return `the API server was heard of ${age} ago${trouble === undefined ? '' : `, and does not answer well: ${trouble}`}`;
}

function searchDomainsOfMachine(): readonly string[] {
  try {
    return searchDomainsIn(readFileSync('/etc/resolv.conf', 'utf8'));
  } catch {
    return [];
  }
}
