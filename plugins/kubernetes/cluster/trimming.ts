// Takes from objects of the API what DNS needs. What is not as the API promises is an error that names the field.
import { type Name, parseName } from 'ferrydns/plugin';
import { addressLabel, packAddress } from './addresses.ts';
import {
  type EndpointSlice,
  type Namespace,
  noPort,
  type PackedAddress,
  type Pod,
  type Service,
  type ServiceImport,
  type ServicePort,
} from './objects.ts';

/** An object as it came. */
export type RawObject = Readonly<Record<string, unknown>>;

/** What trimming depends on. */
export interface TrimOptions {
  /** `endpoint_pod_names`. */
  readonly podNames: boolean;
  /** `zonal`, or a plan or pool that chooses by zone. */
  readonly zones: boolean;
  /** Where a plan or pool chooses by node. */
  readonly nodes: boolean;
}

/** What is read of the labels and annotations of slices. */
export const serviceNameLabel = 'kubernetes.io/service-name';
export const importNameLabel = 'multicluster.kubernetes.io/service-name';
export const sourceClusterLabel = 'multicluster.kubernetes.io/source-cluster';
export const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Namespace and name; the namespace of an object that is in none is empty. Throws an Error when there are none. */
export function nameOf(raw: RawObject): { readonly namespace: string; readonly name: string } {
  const metadata = part(raw, 'metadata');
  const name = metadata['name'];
  if (typeof name !== 'string' || name === '') throw new Error(`metadata.name: found ${JSON.stringify(name)}, expected a text`);
  return { namespace: text(metadata, 'namespace'), name };
}

export function versionOf(raw: RawObject): string {
  return text(part(raw, 'metadata'), 'resourceVersion');
}

export function trimNamespace(raw: RawObject): Namespace {
  const { name } = nameOf(raw);
  return { namespace: '', name };
}

export function trimService(raw: RawObject): Service {
  const spec = part(raw, 'spec');
  const clusterIPs = texts(spec, 'clusterIPs');
  const stated = clusterIPs.length > 0 ? clusterIPs : [text(spec, 'clusterIP')];
  const isExternal = text(spec, 'type') === 'ExternalName';
  const kind = isExternal ? 'external' : stated[0] === 'None' ? 'headless' : 'cluster';
  const ingress = list(part(part(raw, 'status', nothing), 'loadBalancer', nothing), 'ingress').map(
    (each) => text(each, 'ip') || text(each, 'hostname'),
  );
  return {
    ...nameOf(raw),
    kind,
    addresses: kind === 'cluster' ? packed(stated) : none,
    externalName: isExternal ? aliasIn(spec) : '',
    ports: portsOf(list(spec, 'ports')),
    external: shared([...texts(spec, 'externalIPs'), ...ingress].filter((each) => each !== '' && isName(each))),
  };
}

/** The API takes labels that are longer than those of a domain name. */
function aliasIn(spec: RawObject): string {
  const alias = text(spec, 'externalName');
  if (alias !== '' && !isName(alias)) throw new Error(`externalName: found ${JSON.stringify(alias)}, expected a domain name`);
  return alias;
}

function isName(text: string): boolean {
  return nameIn(text) !== undefined;
}

/** The domain name that a text is; undefined where it is none. */
export function nameIn(text: string): Name | undefined {
  try {
    return parseName(text);
  } catch {
    return undefined;
  }
}

/** Whether it can stand in front of a name. */
function isAbove(labels: string): boolean {
  // So are nearly all, and there may be many thousands.
  return /^[-\w]{1,63}$/.test(labels) || isName(`${labels}.a`);
}

export function trimSlice(raw: RawObject, options: TrimOptions): EndpointSlice {
  return sliceOf(raw, serviceNameLabel, options);
}

export function trimImportSlice(raw: RawObject, options: TrimOptions): EndpointSlice {
  return sliceOf(raw, importNameLabel, options);
}

function sliceOf(raw: RawObject, label: string, options: TrimOptions): EndpointSlice {
  const labels = part(part(raw, 'metadata'), 'labels', nothing);
  const width = text(raw, 'addressType') === 'IPv6' ? 16 : 4;
  const addresses: PackedAddress[] = [];
  const names: string[] = [];
  const zones: string[] = [];
  const nodes: string[] = [];
  for (const endpoint of list(raw, 'endpoints')) {
    if (part(endpoint, 'conditions', nothing)['ready'] === false) continue;
    for (const stated of texts(endpoint, 'addresses')) {
      const address = packAddress(stated);
      if (address?.length !== width) continue;
      addresses.push(address);
      names.push(labelOf(endpoint, options));
      if (options.zones) zones.push(text(endpoint, 'zone').toLowerCase());
      if (options.nodes) nodes.push(text(endpoint, 'nodeName'));
    }
  }
  return {
    ...nameOf(raw),
    service: text(labels, label),
    width,
    addresses: addresses.join(''),
    ports: portsOf(list(raw, 'ports')),
    labels: unlessEmpty(names),
    zones: unlessEmpty(zones),
    nodes: unlessEmpty(nodes),
    cluster: text(labels, sourceClusterLabel),
  };
}

/** Undefined when none of them says anything. */
function unlessEmpty(texts: readonly string[]): readonly string[] | undefined {
  return texts.some((each) => each !== '') ? texts : undefined;
}

/** The label of the address at this place, as it stands in names. */
export function labelAt({ labels, addresses, width }: EndpointSlice, index: number): string {
  return labels?.[index] || addressLabel(addresses.slice(index * width, (index + 1) * width));
}

function labelOf(endpoint: RawObject, { podNames }: TrimOptions): string {
  const hostname = text(endpoint, 'hostname');
  if (hostname !== '' && isAbove(hostname)) return hostname.toLowerCase();
  if (!podNames) return '';
  const pod = text(part(endpoint, 'targetRef', nothing), 'name');
  // A longer name is no label of a domain name.
  return pod.length < 64 && isAbove(pod) ? pod.toLowerCase() : '';
}

/** Undefined for a Pod that is about to end, or has no address yet. */
export function trimPod(raw: RawObject): Pod | undefined {
  const metadata = part(raw, 'metadata');
  if (metadata['deletionTimestamp']) return undefined;
  const address = packAddress(text(part(raw, 'status', nothing), 'podIP'));
  if (address === undefined) return undefined;
  return { ...nameOf(raw), address, labels: labelText(metadata['labels']) };
}

export function trimImport(raw: RawObject): ServiceImport {
  const spec = part(raw, 'spec');
  const ports = list(spec, 'ports');
  const headless = text(spec, 'type') === 'Headless';
  return { ...nameOf(raw), headless, addresses: headless ? none : packed(texts(spec, 'ips')), ports: ports.length === 0 ? noPorts : portsOf(ports) };
}

/** When the change began that led to this slice, in milliseconds since 1970; undefined where nobody says. */
export function triggeredAt(raw: RawObject): number | undefined {
  const stated = text(part(part(raw, 'metadata'), 'annotations', nothing), triggerAnnotation);
  const time = Date.parse(stated);
  return Number.isNaN(time) ? undefined : time;
}

const none: readonly never[] = [];
const nothing: RawObject = {};
const noPorts: readonly ServicePort[] = [];
const sentinel: readonly ServicePort[] = [{ name: '', protocol: '', port: noPort }];

function packed(addresses: readonly string[]): readonly PackedAddress[] {
  return shared(addresses.map(packAddress).filter((address) => address !== undefined));
}

function shared<T>(values: readonly T[]): readonly T[] {
  return values.length === 0 ? none : values;
}

/** Makes one value of those that are the same, as far as it remembers. */
class Known<T> {
  private readonly values = new Map<string, T>();

  one(key: string, make: () => T): T {
    const known = this.values.get(key);
    if (known !== undefined) return known;
    if (this.values.size >= mostKnown) this.values.clear();
    const value = make();
    this.values.set(key, value);
    return value;
  }
}

const mostKnown = 4096;
/** Most services have one of a few lists of ports, most Pods labels like those of others. */
const knownPorts = new Known<readonly ServicePort[]>();
const knownLabels = new Known<string>();

function labelText(labels: unknown): string {
  const text = JSON.stringify(labels ?? {});
  return knownLabels.one(text, () => text);
}

function portsOf(stated: readonly RawObject[]): readonly ServicePort[] {
  if (stated.length === 0) return sentinel;
  const ports = stated.map((each) => {
    const port = each['port'];
    return { name: text(each, 'name'), protocol: text(each, 'protocol'), port: isPort(port) ? port : noPort };
  });
  const key = JSON.stringify(ports);
  return knownPorts.one(key, () => ports);
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff;
}

function part(of: RawObject, name: string, fallback?: RawObject): RawObject {
  const found = of[name] ?? fallback;
  if (typeof found !== 'object' || found === null) throw new Error(`${name}: found ${JSON.stringify(found)}, expected an object`);
  return found as RawObject;
}

function text(of: RawObject, name: string): string {
  const found = of[name] ?? '';
  if (typeof found !== 'string') throw new Error(`${name}: found ${JSON.stringify(found)}, expected a text`);
  return found;
}

function list(of: RawObject, name: string): readonly RawObject[] {
  const found = of[name] ?? none;
  if (!Array.isArray(found)) throw new Error(`${name}: found ${JSON.stringify(found)}, expected a list`);
  return found as readonly RawObject[];
}

function texts(of: RawObject, name: string): readonly string[] {
  const found = list(of, name) as readonly unknown[];
  if (!found.every((each) => typeof each === 'string')) throw new Error(`${name}: found ${JSON.stringify(found)}, expected texts`);
  return found as readonly string[];
}
