// What is known of a query before it is answered: what its name asks for, and which Pod asks.
import { longestMatch, metadataKey, type Query } from 'ferrydns/plugin';
import type { AnswerSettings } from './answers/answers.ts';
import { parseRequest } from './answers/record-request.ts';
import { addressKey, packAddress } from './cluster/addresses.ts';
import type { Pod } from './cluster/objects.ts';
import type { ServiceIndex } from './cluster/service-index.ts';

const key = (name: string, help: string) => metadataKey<string>(`kubernetes/${name}`, help);

const keys = {
  parseError: key('parse-error', 'why the name asks for nothing in the cluster'),
  portName: key('port-name', 'the port in the name'),
  protocol: key('protocol', 'the protocol in the name'),
  endpoint: key('endpoint', 'the endpoint in the name'),
  cluster: key('cluster', 'the cluster in the name, in zones of several clusters'),
  zone: key('zone', 'the topology zone in the name'),
  service: key('service', 'the service in the name'),
  namespace: key('namespace', 'the namespace in the name'),
  kind: key('kind', 'svc or pod'),
  clientNamespace: key('client-namespace', 'the namespace of the Pod that asks'),
  clientPod: key('client-pod-name', 'the Pod that asks'),
};

/** The Pod that has an address; of several the one that came to it last, as an address is given away again when its Pod is gone. */
export function podAt(index: ServiceIndex, address: string): Pod | undefined {
  const packed = packAddress(address);
  return packed === undefined ? undefined : index.pods.find(addressKey(packed)).at(-1);
}

/** Tells what is known of a query, to whoever wants to know. */
export function describeQuery(query: Query, settings: AnswerSettings, pod: Pod | undefined): void {
  const metadata = query.metadata;
  if (metadata === undefined) return;
  if (pod !== undefined) {
    metadata.set(keys.clientNamespace, pod.namespace);
    metadata.set(keys.clientPod, pod.name);
    for (const [label, value] of Object.entries(JSON.parse(pod.labels) as Record<string, string>)) {
      metadata.set(key(`client-label/${label}`, 'a label of the Pod that asks'), value);
    }
  }
  const zone = longestMatch(query.name, settings.zones);
  if (zone === undefined) return;
  const multicluster = longestMatch(zone, settings.multiclusterZones) !== undefined;
  const request = parseRequest(query.name, zone, { multicluster, zonal: settings.zonal });
  if (request === undefined) {
    metadata.set(keys.parseError, 'invalid query name');
    return;
  }
  metadata.set(keys.portName, request.port);
  metadata.set(keys.protocol, request.protocol);
  metadata.set(keys.endpoint, request.endpoint);
  if (multicluster) metadata.set(keys.cluster, request.cluster);
  if (settings.zonal) metadata.set(keys.zone, request.zone);
  metadata.set(keys.service, request.service);
  metadata.set(keys.namespace, request.namespace);
  metadata.set(keys.kind, request.kind);
}
