// What the cluster holds, as questions look for it: services by name, and services, endpoints and Pods by address.

import { AddressTable } from './address-table.ts';
import { type AddressKey, addressKey, packAddress } from './addresses.ts';
import type { EndpointSlice, Kind, Kinds, Named, PackedAddress, Pod, Service, ServiceImport } from './objects.ts';

/** All that goes by one name in one namespace. */
export interface ServiceEntry extends Named {
  service: Service | undefined;
  slices: readonly EndpointSlice[];
  serviceImport: ServiceImport | undefined;
  importSlices: readonly EndpointSlice[];
}

/** Is told what an answer may have changed by. */
export interface IndexListener {
  /** What goes by this name is another: its addresses, ports, endpoints, or whether it is there. */
  serviceChanged(entry: ServiceEntry): void;
  /** What has this address is another. */
  addressChanged(key: AddressKey): void;
  /** A namespace has come or gone. */
  namespaceChanged(name: string): void;
  /** A Pod has come, gone or moved. */
  podsChanged(namespace: string): void;
}

/** When what is answered has changed last, in seconds since 1970: serial numbers of zones. */
export interface Serials {
  internal: number;
  external: number;
  multicluster: number;
}

const none: readonly never[] = [];

export class ServiceIndex {
  readonly namespaces = new Set<string>();
  readonly serials: Serials = { internal: 0, external: 0, multicluster: 0 };
  readonly byAddress = new AddressTable<ServiceEntry>();
  readonly byExternalAddress = new AddressTable<ServiceEntry>();
  readonly endpoints = new AddressTable<EndpointSlice>();
  readonly pods = new AddressTable<Pod>();
  private readonly services = new Map<string, Map<string, ServiceEntry>>();
  private readonly objects: { readonly [K in Kind]?: Map<string, Kinds[K]> } & { readonly pods: Map<string, Pod> };
  private readonly listeners = new Set<IndexListener>();
  /** Milliseconds since 1970; undefined: somebody else says when something has changed. */
  private readonly wallClock: (() => number) | undefined;

  constructor({ wallClock }: { readonly wallClock: (() => number) | undefined } = { wallClock: Date.now }) {
    this.wallClock = wallClock;
    this.objects = {
      services: new Map<string, Service>(),
      endpointslices: new Map<string, EndpointSlice>(),
      pods: new Map<string, Pod>(),
      serviceimports: new Map<string, ServiceImport>(),
      importslices: new Map<string, EndpointSlice>(),
    };
  }

  /** Tells of every change from here on. Returns how to end that. */
  subscribe(listener: IndexListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Every object that is held. */
  *all(): Generator<readonly [Kind, string, Kinds[Kind]], void> {
    for (const name of this.namespaces) yield ['namespaces', `/${name}`, { namespace: '', name }];
    for (const [kind, objects] of Object.entries(this.objects)) for (const [key, object] of objects) yield [kind as Kind, key, object];
  }

  find(namespace: string, name: string): ServiceEntry | undefined {
    return this.services.get(namespace)?.get(name);
  }

  put<K extends Kind>(kind: K, key: string, object: Kinds[K]): void {
    this.change(kind, key, object);
  }

  remove(kind: Kind, key: string): void {
    this.change(kind, key, undefined);
  }

  private change(kind: Kind, key: string, object: Kinds[Kind] | undefined): void {
    if (kind === 'namespaces') {
      this.changeNamespace(key.slice(key.indexOf('/') + 1), object !== undefined);
      return;
    }
    const known = this.objects[kind] as Map<string, Kinds[Kind]>;
    const before = known.get(key);
    // Where both say the same the one before goes on to serve, and nobody need be told.
    if (isSame(before, object)) return;
    if (object === undefined) known.delete(key);
    else known.set(key, object);
    if (kind === 'services') this.changeService(before as Service | undefined, object as Service | undefined);
    else if (kind === 'pods') this.changePod(before as Pod | undefined, object as Pod | undefined);
    else if (kind === 'serviceimports') this.changeImport(before as ServiceImport | undefined, object as ServiceImport | undefined);
    else this.changeSlice(kind, before as EndpointSlice | undefined, object as EndpointSlice | undefined);
  }

  private changeNamespace(name: string, isThere: boolean): void {
    if (this.namespaces.has(name) === isThere) return;
    if (isThere) this.namespaces.add(name);
    else this.namespaces.delete(name);
    this.stamp('internal', 'external', 'multicluster');
    for (const listener of this.listeners) listener.namespaceChanged(name);
  }

  private changeService(before: Service | undefined, after: Service | undefined): void {
    const entry = this.entryOf(before ?? after);
    entry.service = after;
    this.move(this.byAddress, entry, { from: before?.addresses, to: after?.addresses });
    this.move(this.byExternalAddress, entry, { from: addressesIn(before?.external), to: addressesIn(after?.external) });
    this.stamp('internal');
    if ((before?.external.length ?? 0) + (after?.external.length ?? 0) > 0) this.stamp('external');
    this.settle(entry);
  }

  private changeImport(before: ServiceImport | undefined, after: ServiceImport | undefined): void {
    const entry = this.entryOf(before ?? after);
    entry.serviceImport = after;
    this.stamp('multicluster');
    this.settle(entry);
  }

  private changeSlice(kind: 'endpointslices' | 'importslices', before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    const isOwn = kind === 'endpointslices';
    this.stamp(isOwn ? 'internal' : 'multicluster');
    const member = isOwn ? 'slices' : 'importSlices';
    const entries = new Set<ServiceEntry>();
    for (const slice of [before, after]) {
      if (slice === undefined || slice.service === '') continue;
      const entry = this.entryOf({ namespace: slice.namespace, name: slice.service });
      entry[member] = slice === before ? entry[member].filter((each) => each !== slice) : [...entry[member], slice];
      entries.add(entry);
    }
    if (isOwn) this.enter(before, after);
    for (const entry of entries) this.settle(entry);
  }

  private changePod(before: Pod | undefined, after: Pod | undefined): void {
    if (before?.address !== after?.address) this.stamp('internal');
    if (before !== undefined) this.pods.remove(addressKey(before.address), before);
    if (after !== undefined) this.pods.add(addressKey(after.address), after);
    for (const listener of this.listeners) listener.podsChanged((before ?? after)?.namespace ?? '');
  }

  /** Enters the addresses of a slice in place of those of the one before. */
  private enter(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    for (const slice of [before, after]) {
      if (slice === undefined || slice.service === '') continue;
      for (let at = 0; at < slice.addresses.length; at += slice.width) {
        const key = addressKey(slice.addresses, at, slice.width);
        if (slice === after) this.endpoints.add(key, slice);
        else this.endpoints.remove(key, slice);
        for (const listener of this.listeners) listener.addressChanged(key);
      }
    }
  }

  private move(
    table: AddressTable<ServiceEntry>,
    entry: ServiceEntry,
    { from = none, to = none }: { readonly from: readonly PackedAddress[] | undefined; readonly to: readonly PackedAddress[] | undefined },
  ): void {
    for (const address of from) table.remove(addressKey(address), entry);
    for (const address of to) table.add(addressKey(address), entry);
    for (const address of [...from, ...to]) for (const listener of this.listeners) listener.addressChanged(addressKey(address));
  }

  private entryOf(named: Named | undefined): ServiceEntry {
    const { namespace, name } = named as Named;
    let inNamespace = this.services.get(namespace);
    if (inNamespace === undefined) {
      inNamespace = new Map();
      this.services.set(namespace, inNamespace);
    }
    let entry = inNamespace.get(name);
    if (entry === undefined) {
      entry = { namespace, name, service: undefined, slices: none, serviceImport: undefined, importSlices: none };
      inNamespace.set(name, entry);
    }
    return entry;
  }

  /** Tells of a change, and forgets an entry that nothing is left of. */
  private settle(entry: ServiceEntry): void {
    const { namespace, name, service, slices, serviceImport, importSlices } = entry;
    if (service === undefined && serviceImport === undefined && slices.length + importSlices.length === 0) {
      const inNamespace = this.services.get(namespace);
      inNamespace?.delete(name);
      if (inNamespace?.size === 0) this.services.delete(namespace);
    }
    for (const listener of this.listeners) listener.serviceChanged(entry);
  }

  private stamp(...zones: readonly (keyof Serials)[]): void {
    if (this.wallClock === undefined) return;
    const seconds = Math.trunc(this.wallClock() / 1000);
    for (const zone of zones) this.serials[zone] = seconds;
  }
}

function addressesIn(texts: readonly string[] = none): readonly PackedAddress[] {
  return texts.map(packAddress).filter((address) => address !== undefined);
}

/** Whether two objects of one name say the same. */
function isSame(a: object | undefined, b: object | undefined): boolean {
  return a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
