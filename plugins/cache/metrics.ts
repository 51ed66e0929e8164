// The cache's counters, resolved once for each listener and view.
import { type Counter, type Metrics, perRoute, type Query } from 'ferrydns/plugin';
import type { Store } from './store.ts';

export interface CacheCounters {
  readonly requests: Counter;
  readonly successHits: Counter;
  readonly denialHits: Counter;
  readonly misses: Counter;
  readonly prefetches: Counter;
  readonly servedStale: Counter;
  readonly successEvictions: Counter;
  readonly denialEvictions: Counter;
}

interface Stores {
  readonly success: Store;
  readonly denial: Store;
}

/** Finds the counters for a query. `stores` has the tables in use, which a reload may replace. */
export function makeCounters(metrics: Metrics, zones: readonly string[], stores: Stores): (query: Query) => CacheCounters {
  const labels = ['server', 'zones', 'view'] as const;
  const typed = ['server', 'type', 'zones', 'view'] as const;
  const requests = metrics.counter('coredns_cache_requests_total', 'The count of cache requests.', labels);
  const hits = metrics.counter('coredns_cache_hits_total', 'The count of cache hits.', typed);
  const misses = metrics.counter(
    'coredns_cache_misses_total',
    'The count of cache misses. Deprecated, derive misses from cache hits/requests counters.',
    labels,
  );
  const prefetches = metrics.counter('coredns_cache_prefetch_total', 'The number of times the cache has prefetched a cached item.', labels);
  const stale = metrics.counter('coredns_cache_served_stale_total', 'The number of requests served from stale cache entries.', labels);
  const evictions = metrics.counter('coredns_cache_evictions_total', 'The count of cache evictions.', typed);
  const entries = metrics.gauge('coredns_cache_entries', 'The number of elements in the cache.', typed);
  const octets = metrics.gauge('ferrydns_cache_bytes', 'Octets that the entries take.', typed);
  const limits = metrics.gauge('ferrydns_cache_limit_bytes', 'Octets that the entries may take.', typed);
  return perRoute(({ server, view }) => {
    const common = { server, zones: zones.join(','), view };
    entries({ ...common, type: 'success' }, () => stores.success.size);
    entries({ ...common, type: 'denial' }, () => stores.denial.size);
    for (const type of ['success', 'denial'] as const) {
      octets({ ...common, type }, () => stores[type].octets);
      limits({ ...common, type }, () => stores[type].maxOctets);
    }
    return {
      requests: requests(common),
      successHits: hits({ ...common, type: 'success' }),
      denialHits: hits({ ...common, type: 'denial' }),
      misses: misses(common),
      prefetches: prefetches(common),
      servedStale: stale(common),
      successEvictions: evictions({ ...common, type: 'success' }),
      denialEvictions: evictions({ ...common, type: 'denial' }),
    };
  });
}
