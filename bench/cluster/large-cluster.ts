// A cluster of 10,000 services and 110,000 endpoints in a real API server.
import { headless, namespace, service, slice } from '../../test/support/cluster-objects.ts';
import type { KubernetesObject } from '../../test/support/kubernetes.ts';

const namespaces = 1000;
const services = 10_000;
const endpointsEach = 10;
const headlessSets = 2;
const endpointsOfSet = 5000;
/** As the controller of endpoint slices has it. */
const mostOfSlice = 100;

/** "NAMESPACE/NAME" of the service with this number. */
const placeOf = (i: number) => `ns${i % namespaces}/svc${i}`;

/** The names of all services. */
export const serviceNames: readonly string[] = Array.from({ length: services }, (_, i) => `svc${i}.ns${i % namespaces}.svc.cluster.local`);

/** The slice of a service; `round` decides what its last endpoint is. */
export function sliceOf(i: number, round: number): KubernetesObject {
  const endpoints = Array.from({ length: endpointsEach }, (_, k) => {
    const n = i * endpointsEach + k;
    const address = k === 0 && round > 0 ? changedAddress(round) : `172.${16 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
    return { address, pod: `svc${i}-7d4f8b9c6-${n}`, zone: 'zone-a' };
  });
  return slice(`${placeOf(i)}-abcde`, `svc${i}`, endpoints);
}

/** The address of the first endpoint after so many changes. */
export const changedAddress = (round: number): string => `192.168.${(round >> 8) & 255}.${round & 255}`;

/** Every object, in an order in which they can be created. */
export function* largeCluster(): Generator<KubernetesObject, void> {
  for (let i = 0; i < namespaces; i++) yield namespace(`ns${i}`);
  for (let i = 0; i < services; i++) {
    yield service(placeOf(i), [`10.0.${(i >> 8) + 16}.${i & 255}`]);
    yield sliceOf(i, 0);
  }
  for (let set = 0; set < headlessSets; set++) {
    yield headless(`ns0/set${set}`);
    for (let from = 0; from < endpointsOfSet; from += mostOfSlice) yield setSlice(set, from);
  }
}

function setSlice(set: number, from: number): KubernetesObject {
  const endpoints = Array.from({ length: mostOfSlice }, (_, k) => {
    const n = from + k;
    return { address: `172.${24 + set}.${n >> 8}.${n & 255}`, hostname: `set${set}-${n}`, pod: `set${set}-${n}`, zone: 'zone-a' };
  });
  return slice(`ns0/set${set}-${from / mostOfSlice}`, `set${set}`, endpoints);
}
