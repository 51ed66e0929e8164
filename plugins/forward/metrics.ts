// The metrics of forwards, under the names that CoreDNS gives them.
import { type Counter, type Histogram, type Metrics, rcodeName } from 'ferrydns/plugin';

/** From 0.25 ms to 8 s. */
const timeBuckets = Array.from({ length: 16 }, (_, i) => 0.00025 * 2 ** i);

/** What all forwards of the process count together. */
export interface ForwardMetrics {
  readonly healthcheckBroken: Counter;
  readonly maxConcurrentRejects: Counter;
  /** The metrics of the upstream with this address. */
  upstream(to: string): UpstreamMetrics;
}

export interface UpstreamMetrics {
  readonly healthcheckFailures: Counter;
  /** Counts a reply that took so many seconds. */
  replied(rcode: number, seconds: number): void;
  connections(protocol: string): { readonly hits: Counter; readonly misses: Counter };
}

export function makeMetrics(metrics: Metrics): ForwardMetrics {
  const labels = ['proxy_name', 'to'] as const;
  const failures = metrics.counter('coredns_proxy_healthcheck_failures_total', 'Counter of the number of failed healthchecks.', labels);
  const hits = metrics.counter('coredns_proxy_conn_cache_hits_total', 'Counter of connection cache hits per upstream and protocol.', [
    ...labels,
    'proto',
  ]);
  const misses = metrics.counter('coredns_proxy_conn_cache_misses_total', 'Counter of connection cache misses per upstream and protocol.', [
    ...labels,
    'proto',
  ]);
  const durations = metrics.histogram('coredns_proxy_request_duration_seconds', 'Histogram of the time each request took.', timeBuckets, [
    ...labels,
    'rcode',
  ]);
  return {
    healthcheckBroken: metrics.counter('coredns_forward_healthcheck_broken_total', 'Counter of the number of complete failures of the healthchecks.'),
    maxConcurrentRejects: metrics.counter(
      'coredns_forward_max_concurrent_rejects_total',
      'Counter of the number of queries rejected because the concurrent queries were at maximum.',
    ),
    upstream(to) {
      const own = { proxy_name: 'forward', to };
      const byRcode: Histogram[] = [];
      return {
        healthcheckFailures: failures(own),
        replied(rcode, seconds) {
          byRcode[rcode] ??= durations({ ...own, rcode: rcodeName(rcode).replace(/^RCODE/, '') });
          byRcode[rcode].observe(seconds);
        },
        connections: (proto) => ({ hits: hits({ ...own, proto }), misses: misses({ ...own, proto }) }),
      };
    },
  };
}
