// What a plugin that knows a cluster tells others about the addresses of its services.
import type { ServiceReference } from '../config/service-reference.ts';
import { capability } from './capability.ts';
import type { ExamineContext } from './plugin.ts';

export { isServiceReference, readServiceReference, type ServiceReference, serviceText } from '../config/service-reference.ts';

/** Where a service is reached. */
export interface ServiceAddresses {
  /** In their usual text form, sorted: the cluster addresses, or those of the endpoints that are ready. */
  readonly addresses: readonly string[];
  /** Whether the cluster has told of it, be it that it is not there. */
  readonly known: boolean;
  /** Why nobody serves there, in words; undefined: an endpoint that is meant is ready. */
  readonly trouble: string | undefined;
}

/** The services of a cluster by their names. */
export interface ClusterServices {
  /** Why the configuration hides a service for good; undefined: it does not. */
  refusal(service: ServiceReference): string | undefined;
  /** In `examine`: what will be asked for beyond addresses is kept from the start on; without a service all that any may be selected by. */
  need(service?: ServiceReference): void;
  /** The same object as long as nothing has changed. What was found for a reference is kept: ask with the same one again. */
  find(service: ServiceReference): ServiceAddresses;
}

/** By this plugins find what knows the services of a cluster. */
export const clusterServices = capability<ClusterServices>('clusterServices');

/** What knows services for a server block: the plugin of that block, else the only one there is. Throws an Error that says what is missing. */
export function clusterServicesFor(context: Pick<ExamineContext, 'peers' | 'everywhere'>): ClusterServices {
  const [own] = context.peers(clusterServices);
  if (own !== undefined) return own;
  const [only, another] = context.everywhere(clusterServices);
  if (only === undefined) throw new Error("no plugin of this configuration knows services, expected 'kubernetes'");
  if (another !== undefined) throw new Error("several server blocks have 'kubernetes', expected it in this one as well");
  return only;
}
