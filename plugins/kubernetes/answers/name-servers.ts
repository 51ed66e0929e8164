// The name servers of a zone: the services whose endpoints this server is, or else the server itself.
import { networkInterfaces } from 'node:os';
import { canonicalAddress } from 'ferrydns/plugin';
import { addressKey, packAddress, splitAddresses } from '../cluster/addresses.ts';
import type { EndpointSlice, PackedAddress } from '../cluster/objects.ts';
import type { ServiceIndex } from '../cluster/service-index.ts';
import { labelAt } from '../cluster/trimming.ts';

/** A name server: labels in front of the zone, and an address. */
export interface NameServer {
  readonly labels: string;
  readonly address: PackedAddress;
}

/** The name that a zone's servers have where no service is known to be theirs. */
export const usualNameServer = 'ns.dns';

/** The name servers of the zone of services. */
export function nameServers(index: ServiceIndex, own: readonly PackedAddress[]): readonly NameServer[] {
  const slices = own.flatMap((address) => index.endpoints.find(addressKey(address)));
  if (slices.length === 0) return own.map((address) => ({ labels: usualNameServer, address }));
  return slices.flatMap((slice) => {
    const service = index.find(slice.namespace, slice.service)?.service;
    if (service === undefined) return [];
    const labels = `${service.name}.${service.namespace}.svc`;
    if (service.kind === 'headless') return endpoints(slice, labels);
    return service.addresses.map((address) => ({ labels, address }));
  });
}

/** The name servers of a zone of external names. */
export function externalNameServers(index: ServiceIndex, own: readonly PackedAddress[], headless: boolean): readonly NameServer[] {
  const slices = own.flatMap((address) => index.endpoints.find(addressKey(address)));
  if (slices.length === 0) return own.map((address) => ({ labels: usualNameServer, address }));
  return slices.flatMap((slice) => {
    const service = index.find(slice.namespace, slice.service)?.service;
    if (service === undefined) return [];
    const labels = `${service.name}.${service.namespace}`;
    if (headless && service.kind === 'headless') return endpoints(slice, labels);
    const external = service.external.map(packAddress).filter((address) => address !== undefined);
    return external.map((address) => ({ labels, address }));
  });
}

function endpoints(slice: EndpointSlice, labels: string): NameServer[] {
  return splitAddresses(slice.addresses, slice.width).map((address, i) => ({ labels: `${labelAt(slice, i)}.${labels}`, address }));
}

/** The addresses that a server block is reached at from elsewhere: those of its listeners, or of the machine where they listen at every address. */
export function ownAddresses(listeners: readonly { readonly address: string }[]): readonly PackedAddress[] {
  const bound = listeners.map(({ address }) => address).filter((address) => address !== '' && address !== '0.0.0.0' && address !== '::');
  const machine = () => Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
  const addresses = bound.length === listeners.length ? bound : machine();
  const packed = addresses.map((address) => packAddress(canonicalAddress(address)));
  return [...new Set(packed.filter((address) => address !== undefined))].filter((address) => !isLoopback(address));
}

const loopback6 = `${'\0'.repeat(15)}\x01`;

function isLoopback(address: PackedAddress): boolean {
  return address.length === 4 ? address.charCodeAt(0) === 127 : address === loopback6;
}
