// The cluster as its API server tells of it. One for all server blocks that ask the same of the same server, and it lives on through reloads.
import type { KubernetesAccess } from 'ferrydns/built-in/kubernetes';
import type { Histogram, Logger, Metrics } from 'ferrydns/plugin';
import { ApiClient } from '../api/api-client.ts';
import { ListWatch } from '../api/list-watch.ts';
import { apiMetrics } from '../api/metrics.ts';
import { type ApiLimits, Throttle } from '../api/throttle.ts';
import type { Cluster } from './cluster.ts';
import { Inventory, type Sink } from './inventory.ts';
import type { EndpointSlice, Kind, Kinds } from './objects.ts';
import { resourcesFor, type Wanted } from './resources.ts';
import { ServiceIndex } from './service-index.ts';
import { type RawObject, triggeredAt } from './trimming.ts';

export interface WatchOptions {
  readonly access: KubernetesAccess;
  readonly wanted: Wanted;
  readonly limits: ApiLimits;
  readonly version: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

/** Hears of every object that is another one; undefined: it is gone. */
export type ObjectListener = (kind: Kind, key: string, object: Kinds[Kind] | undefined) => void;

/** Upper bounds in seconds, from a millisecond to nine minutes. */
const programmingBuckets = Array.from({ length: 20 }, (_, i) => 0.001 * 2 ** i);
/** Objects whose faults are remembered, so that each is logged once. */
const mostFaults = 1000;

export class WatchedCluster implements Cluster, Sink {
  readonly index = new ServiceIndex();
  private readonly options: WatchOptions;
  private readonly client: ApiClient;
  private readonly watches: readonly ListWatch[];
  private readonly ending = new AbortController();
  private readonly listeners = new Set<ObjectListener>();
  private readonly programming: (kind: { readonly service_kind: string }) => Histogram;
  private readonly malformedObjects: (resource: { readonly resource: string }) => { add(): void };
  private readonly faults = new Set<string>();
  private readonly whole = Promise.withResolvers<void>();
  private users = 0;
  private isRunning = false;

  constructor(options: WatchOptions) {
    const { access, wanted, limits, log, metrics, now } = options;
    this.options = options;
    const throttle = new Throttle(limits, now);
    const host = new URL(access.url).host;
    this.client = new ApiClient({ access, throttle, metrics: apiMetrics(metrics, host), userAgent: `ferrydns/${options.version}`, now });
    this.watches = resourcesFor(wanted).map(
      (resource) => new ListWatch({ resource, client: this.client, inventory: new Inventory(resource, this), listed: () => this.listed(), log, now }),
    );
    this.programming = metrics.histogram(
      'coredns_kubernetes_dns_programming_duration_seconds',
      'Histogram of the time (in seconds) it took to program a dns instance.',
      programmingBuckets,
      ['service_kind'],
    );
    this.malformedObjects = metrics.counter('ferrydns_kubernetes_malformed_objects_total', 'Objects of the API server that could not be read.', [
      'resource',
    ]);
  }

  /** Watches from the first user on. */
  retain(): void {
    this.users++;
    if (this.isRunning) return;
    this.isRunning = true;
    for (const watch of this.watches) void watch.run(this.ending.signal);
  }

  /** The last user ends it; true then. */
  release(): boolean {
    if (--this.users > 0) return false;
    this.ending.abort();
    this.client.close();
    return true;
  }

  /** Returns how to end that. */
  subscribe(listener: ObjectListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves when nothing is missing. */
  get known(): Promise<void> {
    return this.whole.promise;
  }

  missing(): string | undefined {
    const missing = this.watches.filter(({ synced }) => !synced);
    if (missing.length === 0) return undefined;
    const failure = missing.find((watch) => watch.failure !== undefined)?.failure;
    const names = [...new Set(missing.map(({ resource }) => resource.plural))].join(', ');
    return `waiting for ${names} of the Kubernetes API${failure === undefined ? '' : `: ${failure}`}`;
  }

  staleness(): number | undefined {
    const heard = this.watches.map(({ heardAt }) => heardAt);
    if (heard.some((at) => at === undefined)) return undefined;
    return Math.max(0, this.options.now() - Math.min(...(heard as number[]))) / 1000;
  }

  trouble(): string | undefined {
    return this.watches.find(({ failure }) => failure !== undefined)?.failure;
  }

  put(kind: Kind, key: string, object: Kinds[Kind], raw: RawObject): void {
    this.index.put(kind, key, object);
    for (const listener of this.listeners) listener(kind, key, object);
    if (kind === 'endpointslices') this.observe(object as EndpointSlice, raw);
  }

  remove(kind: Kind, key: string): void {
    this.index.remove(kind, key);
    for (const listener of this.listeners) listener(kind, key, undefined);
  }

  malformed(kind: Kind, key: string, reason: string): void {
    this.malformedObjects({ resource: kind }).add();
    const fault = `${kind} ${key} ${reason}`;
    if (this.faults.has(fault)) return;
    if (this.faults.size >= mostFaults) this.faults.clear();
    this.faults.add(fault);
    this.options.log.warn(`${kind} ${key}: ${reason}; the object is left as it was known`);
  }

  private listed(): void {
    if (this.missing() === undefined) this.whole.resolve();
  }

  /** How long it took from a change of an endpoint to its answer, where the cluster says when the change was. */
  private observe({ namespace, service }: EndpointSlice, raw: RawObject): void {
    const known = this.index.find(namespace, service)?.service;
    const triggered = known === undefined ? undefined : triggeredAt(raw);
    if (known === undefined || triggered === undefined) return;
    const kind = known.kind === 'headless' ? 'headless_with_selector' : 'cluster_ip';
    this.programming({ service_kind: kind }).observe((Date.now() - triggered) / 1000);
  }
}

/** What is watched in this process, for each set of metrics: that is, for each server. */
const watched = new WeakMap<Metrics, Map<string, WatchedCluster>>();

/** The cluster that is watched by these words of configuration, begun where nobody has. `release` is to be called once when it is no longer needed. */
export function watchCluster(words: string, options: WatchOptions): { readonly cluster: WatchedCluster; readonly release: () => void } {
  const known = watched.get(options.metrics) ?? new Map<string, WatchedCluster>();
  watched.set(options.metrics, known);
  const cluster = known.get(words) ?? new WatchedCluster(options);
  known.set(words, cluster);
  cluster.retain();
  let released = false;
  return {
    cluster,
    release() {
      if (released) return;
      released = true;
      if (cluster.release()) known.delete(words);
    },
  };
}
