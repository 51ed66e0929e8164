// The metrics of one process, and their exposition by prom-client, of which this is the only importer.
import type { Registry } from 'prom-client';
import type { Across, Counter, Histogram, Metrics } from './metrics.ts';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

interface Family {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly across: Across;
  readonly children: Map<string, { readonly labels: Labels; readonly child: Child }>;
}

type About = Pick<Family, 'kind' | 'help'> & Partial<Pick<Family, 'across'>>;

interface Child {
  samples(name: string, labels: Labels): Sample[];
}

class CounterChild implements Counter, Child {
  value = 0;

  add(by = 1): void {
    this.value += by;
  }

  samples(_name: string, labels: Labels): Sample[] {
    return [{ labels, value: this.value }];
  }
}

class GaugeChild implements Child {
  read: () => number | null = () => 0;

  samples(_name: string, labels: Labels): Sample[] {
    const value = this.read();
    return value === null ? [] : [{ labels, value }];
  }
}

class InfoChild implements Child {
  holders = 0;

  samples(_name: string, labels: Labels): Sample[] {
    return this.holders > 0 ? [{ labels, value: 1 }] : [];
  }
}

class HistogramChild implements Histogram, Child {
  private readonly buckets: readonly number[];
  private readonly counts: number[];
  private sum = 0;

  constructor(buckets: readonly number[]) {
    this.buckets = buckets;
    this.counts = new Array<number>(buckets.length + 1).fill(0);
  }

  observe(value: number): void {
    const { buckets } = this;
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += value;
  }

  samples(name: string, labels: Labels): Sample[] {
    let total = 0;
    const bounds = [...this.buckets, '+Inf'];
    const samples = this.counts.map((count, i) => {
      total += count;
      return { labels: { ...labels, le: bounds[i] as number | string }, value: total, metricName: `${name}_bucket` };
    });
    return [...samples, { labels, value: this.sum, metricName: `${name}_sum` }, { labels, value: total, metricName: `${name}_count` }];
  }
}

/** The metrics of one process at one time. */
export type Collected = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** What processes that have ended have counted: their counters and histograms as one; what a gauge said is gone with them. */
export async function countsOf(ended: readonly Collected[]): Promise<Collected> {
  const { AggregatorRegistry } = await promClient();
  const counts = ended.map((metrics) => metrics.filter(({ type }) => String(type) !== 'gauge'));
  return AggregatorRegistry.aggregate(counts).getMetricsAsJSON();
}

/** Every metric of the process. */
export class MetricsRegistry implements Metrics {
  private readonly families = new Map<string, Family>();
  /** Made when somebody first asks what the metrics are. */
  private exposition: Registry | undefined;

  counter(name: string, help: string): Counter;
  counter<const L extends string>(name: string, help: string, labels: readonly L[]): (values: Readonly<Record<L, string>>) => Counter;
  counter(name: string, help: string, labels?: readonly string[]): Counter | ((values: Labels) => Counter) {
    const make = (values: Labels) => this.child(name, { kind: 'counter', help }, values, () => new CounterChild());
    return labels === undefined ? make({}) : make;
  }

  gauge(name: string, help: string, read: () => number | null, across?: Across): void;
  gauge<const L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    across?: Across,
  ): (values: Readonly<Record<L, string>>, read: () => number | null) => () => void;
  gauge(
    name: string,
    help: string,
    labels: readonly string[] | (() => number | null),
    across: Across = 'sum',
  ): ((values: Labels, read: () => number | null) => () => void) | undefined {
    const make = (values: Labels, read: () => number | null) => {
      const child = this.child(name, { kind: 'gauge', help, across }, values, () => new GaugeChild());
      child.read = read;
      return () => {
        if (child.read === read) this.forget(name, values);
      };
    };
    if (typeof labels !== 'function') return make;
    make({}, labels);
    return undefined;
  }

  info<const L extends string>(name: string, help: string, _labels: readonly L[]): (values: Readonly<Record<L, string>>) => () => void {
    return (values) => {
      const child = this.child(name, { kind: 'gauge', help, across: 'max' }, values, () => new InfoChild());
      child.holders++;
      return () => {
        child.holders--;
        if (child.holders === 0) this.forget(name, values);
      };
    };
  }

  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
  histogram<const L extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels: readonly L[],
  ): (values: Readonly<Record<L, string>>) => Histogram;
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): Histogram | ((values: Labels) => Histogram) {
    const make = (values: Labels) => this.child(name, { kind: 'histogram', help }, values, () => new HistogramChild(buckets));
    return labels === undefined ? make({}) : make;
  }

  /** A number that only grows and is kept elsewhere; read when somebody scrapes. */
  counted(name: string, help: string, read: () => number): void {
    this.child(name, { kind: 'counter', help }, {}, () => new GaugeChild()).read = read;
  }

  /** Forgets the metrics with this name, or only those whose labels have these values: what they count is gone. */
  forget(name: string, labels: Labels = {}): void {
    const family = this.families.get(name);
    for (const [key, child] of family?.children ?? []) {
      if (Object.entries(labels).every(([label, value]) => child.labels[label] === value)) family?.children.delete(key);
    }
  }

  /** The text exposition format, version 0.0.4: of this process, and of others whose metrics are given. */
  async expose(others: readonly Collected[] = []): Promise<{ readonly contentType: string; readonly body: string }> {
    const { AggregatorRegistry } = await promClient();
    const own = await this.collecting();
    const whole = others.length === 0 ? own : AggregatorRegistry.aggregate([await this.collect(), ...others]);
    return { contentType: own.contentType, body: await whole.metrics() };
  }

  /** Every metric of this process as plain data, which can be sent to another one. */
  async collect(): Promise<Collected> {
    const collected = await (await this.collecting()).getMetricsAsJSON();
    return collected.map((metric) => (metric.name === 'process_start_time_seconds' ? { ...metric, aggregator: 'first' } : metric));
  }

  private async collecting(): Promise<Registry> {
    const { collectDefaultMetrics, Registry } = await promClient();
    if (this.exposition === undefined) {
      this.exposition = new Registry();
      for (const [name, family] of this.families) expose(name, family, this.exposition);
      collectDefaultMetrics({ register: this.exposition });
    }
    return this.exposition;
  }

  private child<C extends Child>(name: string, about: About, labels: Labels, make: () => C): C {
    const family = this.families.get(name) ?? this.addFamily(name, about);
    if (family.kind !== about.kind) throw new Error(`metric ${name} is a ${family.kind}, asked for as a ${about.kind}`);
    // In the order of the alphabet, as CoreDNS prints them.
    const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify(sorted);
    const known = family.children.get(key);
    if (known !== undefined) return known.child as C;
    const child = make();
    family.children.set(key, { labels: Object.fromEntries(sorted), child });
    return child;
  }

  private addFamily(name: string, about: About): Family {
    const family: Family = { across: 'sum', ...about, children: new Map() };
    this.families.set(name, family);
    if (this.exposition !== undefined) expose(name, family, this.exposition);
    return family;
  }
}

function expose(name: string, family: Family, registry: Registry): void {
  const { kind: type, help, across: aggregator } = family;
  const samples = () => [...family.children.values()].flatMap(({ labels, child }) => child.samples(name, labels));
  // prom-client asks a metric for its samples with `get`; nothing else of its classes is needed.
  const metric = { name, get: async () => ({ name, help, type, values: samples(), aggregator }) };
  registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
}

/** Loaded when metrics are first asked for: a server that nobody scrapes does without its memory, and all start sooner. */
function promClient(): Promise<typeof import('prom-client')> {
  return import('prom-client');
}
