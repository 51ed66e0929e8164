// Metrics as plain numbers: labels are resolved once, adding is an addition; they are read when somebody scrapes.
import type { Route } from '../dns/client.ts';
import type { Query } from '../dns/query.ts';

/** A number that only grows. */
export interface Counter {
  readonly value: number;
  add(by?: number): void;
}

/** Counts observations by bucket. */
export interface Histogram {
  observe(value: number): void;
}

/** What the same gauge of several processes amounts to: `sum` where each has a part of the whole, `max` where each says the same. */
export type Across = 'sum' | 'max';

/** What a plugin makes its metrics with. Asking twice for the same name and labels returns the same metric, so a reload keeps its counts. */
export interface Metrics {
  counter(name: string, help: string): Counter;
  counter<const L extends string>(name: string, help: string, labels: readonly L[]): (values: Readonly<Record<L, string>>) => Counter;
  /**
   * A number read when somebody scrapes, null where it is not known: then there is no sample. `read` replaces the one given before for the same labels.
   * With labels, what is returned ends it, unless it has been replaced meanwhile. `across` says what the numbers of several processes of a server amount
   * to; their sum unless given.
   */
  gauge(name: string, help: string, read: () => number | null, across?: Across): void;
  gauge<const L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    across?: Across,
  ): (values: Readonly<Record<L, string>>, read: () => number | null) => () => void;
  /** A gauge that is 1 for these labels as long as somebody holds it: returns how to let go of it. */
  info<const L extends string>(name: string, help: string, labels: readonly L[]): (values: Readonly<Record<L, string>>) => () => void;
  /** `buckets` are the upper bounds, ascending, without infinity. */
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
  histogram<const L extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels: readonly L[],
  ): (values: Readonly<Record<L, string>>) => Histogram;
}

/** Makes something once for each route (listener, zone and view) and finds it for a query by index. */
export function perRoute<T>(make: (route: Route) => T): (query: Query) => T {
  const made: T[] = [];
  return (query) => {
    const { route } = query;
    let value = made[route.index];
    if (value === undefined) {
      value = make(route);
      made[route.index] = value;
    }
    return value;
  };
}
