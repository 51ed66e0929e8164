// What is kept of the objects of a cluster: plain data, so that it can be sent to other processes, and no more than DNS needs.

/** Addresses in few octets: of IPv4 four characters, of IPv6 sixteen, each with the value of one octet. */
export type PackedAddress = string;

/** The number of a port that has none: of a service or a slice without ports, or where the one stated is none. */
export const noPort = -1;

export interface ServicePort {
  readonly name: string;
  /** As the API has it: "TCP". */
  readonly protocol: string;
  readonly port: number;
}

export interface Named {
  readonly namespace: string;
  readonly name: string;
}

export interface Service extends Named {
  readonly kind: 'cluster' | 'headless' | 'external';
  /** In the order of the API; none of a headless service. */
  readonly addresses: readonly PackedAddress[];
  /** Of a service of type ExternalName; else empty. */
  readonly externalName: string;
  /** Never empty. */
  readonly ports: readonly ServicePort[];
  /** `externalIPs` and what a load balancer was given: addresses and names in presentation form. */
  readonly external: readonly string[];
}

/** The endpoints of a slice that are ready. */
export interface EndpointSlice extends Named {
  /** The service that it belongs to. */
  readonly service: string;
  /** Octets of each address. */
  readonly width: 4 | 16;
  /** One behind another. */
  readonly addresses: PackedAddress;
  /** Never empty. */
  readonly ports: readonly ServicePort[];
  /** For each address the label that it has in names, empty where that is made of the address; undefined when all are empty. */
  readonly labels: readonly string[] | undefined;
  /** For each address the zone that it is in, in lower case; undefined where that is not asked for. */
  readonly zones: readonly string[] | undefined;
  /** For each address the node that it is on; undefined where that is not asked for. */
  readonly nodes: readonly string[] | undefined;
  /** The cluster that it was imported from; empty for one of this cluster. */
  readonly cluster: string;
}

export interface Pod extends Named {
  readonly address: PackedAddress;
  /** Labels as JSON: many Pods have the same. */
  readonly labels: string;
}

export interface ServiceImport extends Named {
  readonly headless: boolean;
  readonly addresses: readonly PackedAddress[];
  readonly ports: readonly ServicePort[];
}

export interface Namespace extends Named {}

/** The kinds of objects that are watched, and what is kept of each. */
export interface Kinds {
  readonly namespaces: Namespace;
  readonly services: Service;
  readonly endpointslices: EndpointSlice;
  readonly pods: Pod;
  readonly serviceimports: ServiceImport;
  /** Slices of services that were imported from other clusters. */
  readonly importslices: EndpointSlice;
}

export type Kind = keyof Kinds;
