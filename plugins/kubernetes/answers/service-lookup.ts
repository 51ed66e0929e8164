// The addresses of services for plugins that lead names to them: a plan that moves a name, a pool.
import { type ClusterServices, type ServiceAddresses, type ServiceReference, serviceText } from 'ferrydns/built-in';
import { addressText, splitAddresses } from '../cluster/addresses.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { EndpointSlice } from '../cluster/objects.ts';
import type { ServiceEntry } from '../cluster/service-index.ts';
import type { Exposure } from './finder.ts';

export interface ServiceLookupOptions {
  readonly exposure: Exposure;
  /** False with `noendpoints`. */
  readonly endpoints: boolean;
}

/** What of endpoints is asked for beyond their addresses. */
interface Needs {
  zones: boolean;
  nodes: boolean;
}

interface Kept {
  found: ServiceAddresses;
  stale: boolean;
}

const unknown: ServiceAddresses = { addresses: [], known: false, trouble: 'what is in the cluster is not known yet' };

export class ServiceLookup implements ClusterServices {
  readonly needs: Needs = { zones: false, nodes: false };
  private readonly options: ServiceLookupOptions;
  private cluster: Cluster | undefined;
  /** What was found, by who asks for it, and by namespace and name. */
  private readonly kept = new Map<ServiceReference, Kept>();
  private readonly byPlace = new Map<string, Kept[]>();

  constructor(options: ServiceLookupOptions) {
    this.options = options;
  }

  refusal(service: ServiceReference): string | undefined {
    const { exposure, endpoints } = this.options;
    const { namespace } = service;
    if (exposure.namespaces.size > 0 && !exposure.namespaces.has(namespace)) {
      return `namespace ${namespace} is not exposed, 'kubernetes' names ${[...exposure.namespaces].join(', ')}`;
    }
    return isSelective(service) && !endpoints ? `${serviceText(service)} chooses among endpoints, which 'noendpoints' leaves out` : undefined;
  }

  need(service?: ServiceReference): void {
    this.needs.zones ||= service === undefined || service.zone !== undefined;
    this.needs.nodes ||= service === undefined || service.node !== undefined;
  }

  /** From the start on. Returns how to end that. */
  use(cluster: Cluster): () => void {
    this.cluster = cluster;
    this.kept.clear();
    this.byPlace.clear();
    const unsubscribe = cluster.index.subscribe({
      serviceChanged: ({ namespace, name }) => this.doubt(`${namespace}/${name}`),
      addressChanged: () => {},
      namespaceChanged: (namespace) => {
        for (const key of this.byPlace.keys()) if (key.startsWith(`${namespace}/`)) this.doubt(key);
      },
      podsChanged: () => {},
    });
    return () => {
      unsubscribe();
      this.cluster = undefined;
    };
  }

  find(service: ServiceReference): ServiceAddresses {
    const { cluster } = this;
    if (cluster === undefined || cluster.missing() !== undefined) return unknown;
    const kept = this.kept.get(service) ?? this.keep(service);
    if (!kept.stale) return kept.found;
    const found = this.look(cluster, service);
    // Who made something of what was found before need not make it again.
    if (JSON.stringify(kept.found) !== JSON.stringify(found)) kept.found = found;
    kept.stale = false;
    return kept.found;
  }

  private keep(service: ServiceReference): Kept {
    const kept: Kept = { found: unknown, stale: true };
    this.kept.set(service, kept);
    const place = `${service.namespace}/${service.name}`;
    this.byPlace.set(place, [...(this.byPlace.get(place) ?? []), kept]);
    return kept;
  }

  private doubt(place: string): void {
    for (const kept of this.byPlace.get(place) ?? []) kept.stale = true;
  }

  private look({ index }: Cluster, service: ServiceReference): ServiceAddresses {
    const { namespace, name } = service;
    const refused = this.refusal(service);
    if (refused !== undefined) return nobody(refused);
    if (!index.namespaces.has(namespace)) return nobody(`namespace ${namespace} is not there, or not exposed`);
    const entry = index.find(namespace, name);
    if (entry?.service === undefined) return nobody(`service ${namespace}/${name} is not there`);
    const { kind, externalName, addresses } = entry.service;
    if (kind === 'external') return nobody(`service ${namespace}/${name} is of type ExternalName: put ${externalName} in its place`);
    const endpoints = endpointsOf(entry, service);
    const isServed = endpoints.length > 0 || !this.options.endpoints;
    const trouble = isServed
      ? undefined
      : `${isSelective(service) ? serviceText(service) : `service ${namespace}/${name}`} has no endpoint that is ready`;
    const shown = kind === 'headless' || isSelective(service) ? endpoints : addresses.map(addressText);
    return { addresses: shown, known: true, trouble: shown.length === 0 ? (trouble ?? `service ${namespace}/${name} has no address`) : trouble };
  }
}

function nobody(trouble: string): ServiceAddresses {
  return { addresses: [], known: true, trouble };
}

function isSelective({ zone, node, port }: ServiceReference): boolean {
  return (zone ?? node ?? port) !== undefined;
}

/** The ready endpoints that are meant, each once. */
function endpointsOf({ slices }: ServiceEntry, service: ServiceReference): string[] {
  return [...new Set(slices.flatMap((slice) => chosenOf(slice, service)))].sort();
}

function chosenOf({ ports, addresses, width, zones, nodes }: EndpointSlice, { zone, node, port }: ServiceReference): string[] {
  if (port !== undefined && !ports.some(({ name }) => name === port)) return [];
  return splitAddresses(addresses, width).flatMap((address, i) => {
    const isMeant = (zone === undefined || zones?.[i] === zone) && (node === undefined || nodes?.[i] === node);
    return isMeant ? [addressText(address)] : [];
  });
}
