// Finds what a name stands for: the addresses and ports of services, endpoints and Pods, or the name that a service is another one for.
import { addressKey, packAddress, splitAddresses } from '../cluster/addresses.ts';
import type { EndpointSlice, PackedAddress, ServicePort } from '../cluster/objects.ts';
import type { ServiceEntry, ServiceIndex } from '../cluster/service-index.ts';
import { labelAt } from '../cluster/trimming.ts';
import type { RecordRequest } from './record-request.ts';

/** One address at one port. */
export interface Found {
  readonly address: PackedAddress;
  readonly port: number;
  /** The name that has the address, below the zone: "web-0.web.default.svc". */
  readonly owner: string;
}

/** What a name stands for: nothing at all, or what is there, which may be empty. */
export type Finding = 'nothing' | { readonly found: readonly Found[]; readonly alias?: string };

/** What a configuration shows of the cluster. */
export interface Exposure {
  /** `namespaces`; empty for all. */
  readonly namespaces: ReadonlySet<string>;
  readonly pods: 'disabled' | 'insecure' | 'verified';
  /** `ignore empty_service`. */
  readonly ignoreEmpty: boolean;
}

const empty: Finding = { found: [] };

export class Finder {
  private readonly index: ServiceIndex;
  private readonly exposure: Exposure;

  constructor(index: ServiceIndex, exposure: Exposure) {
    this.index = index;
    this.exposure = exposure;
  }

  /** Whether names in a namespace are answered. */
  exposes(namespace: string): boolean {
    const { namespaces } = this.exposure;
    return (namespaces.size === 0 || namespaces.has(namespace)) && this.index.namespaces.has(namespace);
  }

  /** Whether addresses of this namespace have names: only a list of namespaces hides them. */
  exposesReverse(namespace: string): boolean {
    return this.exposure.namespaces.size === 0 || this.exposes(namespace);
  }

  find(request: RecordRequest, multicluster: boolean): Finding {
    if (request.kind === '') return empty;
    if (!this.exposes(request.namespace)) return 'nothing';
    if (request.kind === 'pod') return this.findPod(request);
    if (request.service === '') return empty;
    const entry = this.index.find(request.namespace, request.service);
    if (entry === undefined) return 'nothing';
    return multicluster ? this.findImport(entry, request) : this.findService(entry, request);
  }

  private findService(entry: ServiceEntry, request: RecordRequest): Finding {
    const { service, slices } = entry;
    if (service === undefined) return 'nothing';
    const { kind } = service;
    if (this.exposure.ignoreEmpty && kind === 'cluster' && slices.every(({ addresses }) => addresses === '')) return 'nothing';
    if (request.zone !== '' && kind !== 'headless') return 'nothing';
    if (kind === 'external') return findAlias(service.externalName, request);
    const base = `${service.name}.${service.namespace}.svc`;
    if (kind === 'headless' || request.endpoint !== '') {
      const endpoints = (wanted: RecordRequest) => slices.flatMap((slice) => endpointsIn(slice, wanted, base));
      const found = endpoints(request);
      const wider = found.length === 0 && request.zonePreferred ? endpoints({ ...request, zone: '' }) : found;
      return wider.length > 0 || request.zone !== '' ? { found: wider } : 'nothing';
    }
    return findAddresses(service.addresses, service.ports, { request, owner: base });
  }

  private findImport(entry: ServiceEntry, request: RecordRequest): Finding {
    const { serviceImport, importSlices } = entry;
    if (serviceImport === undefined) return 'nothing';
    const { headless, name, namespace } = serviceImport;
    if (this.exposure.ignoreEmpty && !headless && importSlices.every(({ addresses }) => addresses === '')) return 'nothing';
    const base = `${name}.${namespace}.svc`;
    if (headless || request.endpoint !== '') {
      const of = request.endpoint === '' ? importSlices : importSlices.filter(({ cluster }) => cluster.toLowerCase() === request.cluster);
      const found = of.flatMap((slice) => endpointsIn(slice, request, `${slice.cluster}.${base}`));
      return found.length > 0 ? { found } : 'nothing';
    }
    return findAddresses(serviceImport.addresses, serviceImport.ports, { request, owner: base });
  }

  private findPod({ namespace, service: label }: RecordRequest): Finding {
    if (this.exposure.pods === 'disabled') return 'nothing';
    if (label === '') return empty;
    const dashes = label.split('-').length - 1;
    const address = packAddress(label.replaceAll('-', dashes === 3 && !label.includes('--') ? '.' : ':'));
    if (address === undefined) return 'nothing';
    const found: Finding = { found: [{ address, port: 0, owner: `${label}.${namespace}.pod` }] };
    if (this.exposure.pods === 'insecure') return found;
    return this.index.pods.find(addressKey(address)).some((pod) => pod.namespace === namespace) ? found : 'nothing';
  }
}

/** An alias for an address is none, and has neither endpoints nor ports. */
function findAlias(alias: string, { endpoint, port, protocol }: RecordRequest): Finding {
  if (endpoint !== '' || port !== '' || protocol !== '' || alias === '' || packAddress(alias) !== undefined) return 'nothing';
  return { found: [], alias };
}

function findAddresses(
  addresses: readonly PackedAddress[],
  ports: readonly ServicePort[],
  { request, owner }: { readonly request: RecordRequest; readonly owner: string },
): Finding {
  const fitting = ports.filter((port) => fits(port, request));
  if (fitting.length === 0) return 'nothing';
  return { found: fitting.flatMap(({ port }) => addresses.map((address) => ({ address, port, owner }))) };
}

/** The ready endpoints of a slice that are asked for, each with its label in front of `base`. */
export function endpointsIn(slice: EndpointSlice, request: RecordRequest, base: string): Found[] {
  const { zones, addresses, width } = slice;
  const ports = slice.ports.filter((port) => fits(port, request));
  if (ports.length === 0) return [];
  return splitAddresses(addresses, width).flatMap((address, i) => {
    if (request.zone !== '' && zones?.[i] !== request.zone) return [];
    const label = labelAt(slice, i);
    if (request.endpoint !== '' && label !== request.endpoint) return [];
    return ports.map(({ port }) => ({ address, port, owner: `${label}.${base}` }));
  });
}

/** Whether a port is asked for. */
export function fits({ name, protocol }: ServicePort, request: RecordRequest): boolean {
  return (request.port === '' || name.toLowerCase() === request.port) && (request.protocol === '' || protocol.toLowerCase() === request.protocol);
}
