// Objects of a cluster as tests write them: little to say, and what the API server takes.
import type { KubernetesObject } from './kubernetes.ts';

type Labels = Readonly<Record<string, string>>;

export interface PortWords {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
}

export const namespace = (name: string, labels: Labels = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

const portsOf = (ports: readonly PortWords[]) =>
  ports.map(({ name, port, protocol = 'TCP' }) => ({ ...(name === undefined ? {} : { name }), port, protocol }));

export interface ServiceWords {
  readonly type?: string;
  readonly labels?: Labels;
  readonly externalIPs?: readonly string[];
  readonly publishNotReadyAddresses?: boolean;
  /** What a load balancer has given it. */
  readonly ingress?: readonly object[];
}

/** A service with cluster addresses; "NAMESPACE/NAME". */
export function service(
  place: string,
  addresses: readonly string[],
  ports: readonly PortWords[] = [{ name: 'http', port: 80 }],
  words: ServiceWords = {},
): KubernetesObject {
  const { labels = {}, ingress, type = 'ClusterIP', ...more } = words;
  const families = addresses.map((address) => (address.includes(':') ? 'IPv6' : 'IPv4'));
  const policy = addresses.length > 1 ? 'RequireDualStack' : 'SingleStack';
  const spec = { type, clusterIP: addresses[0], clusterIPs: addresses, ipFamilies: families, ipFamilyPolicy: policy, ports: portsOf(ports), ...more };
  const status = ingress === undefined ? {} : { status: { loadBalancer: { ingress } } };
  return { apiVersion: 'v1', kind: 'Service', metadata: { ...named(place), labels }, spec, ...status };
}

export function headless(place: string, ports: readonly PortWords[] = [{ name: 'http', port: 80 }], more: ServiceWords = {}): KubernetesObject {
  const spec = { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], ...(ports.length === 0 ? {} : { ports: portsOf(ports) }), ...more };
  return { apiVersion: 'v1', kind: 'Service', metadata: named(place), spec };
}

export const externalName = (place: string, target: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: named(place),
  spec: { type: 'ExternalName', externalName: target },
});

/** One endpoint: an address alone, or with what is said of it. */
export type EndpointWords =
  | string
  | {
      readonly address: string;
      readonly hostname?: string;
      readonly ready?: boolean;
      readonly terminating?: boolean;
      readonly pod?: string;
      readonly zone?: string;
      readonly node?: string;
    };

export interface SliceWords {
  readonly ports?: readonly PortWords[];
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

/** A slice of a service; "NAMESPACE/NAME" of the slice, which belongs to the service in front of its first dash-and-number. */
export function slice(
  place: string,
  service: string,
  endpoints: readonly EndpointWords[],
  { ports = [{ name: 'http', port: 80 }], labels = {}, annotations }: SliceWords = {},
): KubernetesObject {
  const words = endpoints.map((each) => (typeof each === 'string' ? { address: each } : each));
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...named(place),
      labels: { ...(service === '' ? {} : { 'kubernetes.io/service-name': service }), ...labels },
      ...(annotations === undefined ? {} : { annotations }),
    },
    addressType: words[0]?.address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: words.map((each) => endpoint(each, named(place).namespace)),
    ports: portsOf(ports),
  };
}

function endpoint({ address, hostname, ready = true, terminating, pod, zone, node }: Exclude<EndpointWords, string>, namespaceName: string) {
  return {
    addresses: [address],
    conditions: { ready, ...(terminating === undefined ? {} : { serving: true, terminating }) },
    ...(hostname === undefined ? {} : { hostname }),
    ...(zone === undefined ? {} : { zone }),
    ...(node === undefined ? {} : { nodeName: node }),
    ...(pod === undefined ? {} : { targetRef: { kind: 'Pod', name: pod, namespace: namespaceName } }),
  };
}

/** A Pod as it is when a kubelet has started it. */
export function pod(
  place: string,
  address: string,
  { phase = 'Running', labels = {} }: { readonly phase?: string; readonly labels?: Labels } = {},
): KubernetesObject {
  const metadata = { ...named(place), labels };
  const spec = { containers: [{ name: 'main', image: 'none.example/none' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec, status: { phase, podIP: address, podIPs: [{ ip: address }] } };
}

/** What is in each of its keys. */
export const configMap = (place: string, data: Readonly<Record<string, string>>, labels: Labels = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...named(place), labels },
  data,
});

/** A service of other clusters. */
export function serviceImport(
  place: string,
  {
    type = 'ClusterSetIP',
    ips = [],
    ports = [],
  }: { readonly type?: string; readonly ips?: readonly string[]; readonly ports?: readonly PortWords[] },
): KubernetesObject {
  return {
    apiVersion: 'multicluster.x-k8s.io/v1alpha1',
    kind: 'ServiceImport',
    metadata: named(place),
    spec: { type, ...(ips.length === 0 ? {} : { ips }), ports: portsOf(ports) },
  };
}

function named(place: string): { readonly namespace: string; readonly name: string } {
  const [namespaceName = '', name = ''] = place.split('/');
  return { namespace: namespaceName, name };
}
