// What is counted of the requests to the API server, under the names that CoreDNS has for it.
import type { Metrics } from 'ferrydns/plugin';

/** Seconds: the buckets that clients of Go have unless told otherwise. */
const usualBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface ApiMetrics {
  /** Milliseconds that a request had to wait for `apiserver_qps`. */
  waited(milliseconds: number): void;
  /** The headers of an answer came, so many milliseconds after the request. */
  answered(status: number, milliseconds: number): void;
  failed(milliseconds: number): void;
}

export function apiMetrics(metrics: Metrics, host: string): ApiMetrics {
  const labels = ['verb', 'host'] as const;
  const call = { verb: 'GET', host };
  const duration = metrics.histogram(
    'coredns_kubernetes_rest_client_request_duration_seconds',
    'Request latency in seconds. Broken down by verb and host.',
    usualBuckets,
    labels,
  )(call);
  const waiting = metrics.histogram(
    'coredns_kubernetes_rest_client_rate_limiter_duration_seconds',
    'Client side rate limiter latency in seconds. Broken down by verb and host.',
    usualBuckets,
    labels,
  )(call);
  const requests = metrics.counter(
    'coredns_kubernetes_rest_client_requests_total',
    'Number of HTTP requests, partitioned by status code, method, and host.',
    ['code', 'method', 'host'],
  );
  const count = (code: string, milliseconds: number) => {
    requests({ code, method: 'GET', host }).add();
    duration.observe(milliseconds / 1000);
  };
  return {
    waited: (milliseconds) => waiting.observe(milliseconds / 1000),
    answered: (status, milliseconds) => count(`${status}`, milliseconds),
    failed: (milliseconds) => count('<error>', milliseconds),
  };
}
