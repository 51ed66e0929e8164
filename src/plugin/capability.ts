// Typed services that plugins offer each other without importing one another.
import type { Query } from '../dns/query.ts';

/** A typed key of a service; two plugins that name the same label mean the same service. */
export interface Capability<T> {
  readonly label: string;
  readonly __type?: T;
}

/** A service that an instance offers. */
export interface Provided {
  readonly label: string;
  readonly service: unknown;
}

/** Makes the key of a service; the label names it in all copies of this module. */
export function capability<T>(label: string): Capability<T> {
  return { label };
}

/** A service under its key, for {@link Instance.provides}. */
export function provide<T>(key: Capability<T>, service: T): Provided {
  return { label: key.label, service };
}

/** Tells, before the chain runs, what its plugin knows of a query; called where the server block collects metadata. */
export const metadataSource = capability<(query: Query) => void>('metadataSource');
