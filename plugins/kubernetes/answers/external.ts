// Answers for what services are reached by from outside of the cluster: `externalIPs`, what a load balancer was given, and endpoints where that is wanted.
import type { ExternalAnswer, ExternalNames, ExternalQuestion } from 'ferrydns/built-in';
import { type Awaitable, labelsOf, parseName, type Query, QueryType, type Reply, type ResourceRecord, record } from 'ferrydns/plugin';
import { addressKey, addressOfReverse, packAddress } from '../cluster/addresses.ts';
import { noPort, type PackedAddress, type Service } from '../cluster/objects.ts';
import type { ServiceIndex } from '../cluster/service-index.ts';
import { endpointsIn, type Finder, type Found, fits } from './finder.ts';
import { externalNameServers } from './name-servers.ts';
import { anything, type RecordRequest } from './record-request.ts';
import { addressRecord, addressRecords, below, pointerRecords, serviceRecords, weightOf } from './records.ts';

export interface ExternalOptions {
  readonly index: ServiceIndex;
  readonly finder: Finder;
  /** Seconds. */
  readonly ttl: number;
  readonly own: () => readonly PackedAddress[];
  readonly missing: () => string | undefined;
  readonly resolve: (query: Query, cause: Query) => Awaitable<Reply>;
}

/** The name of a load balancer, at one port. */
interface Host {
  readonly host: string;
  readonly port: number;
}

interface Reached {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly found: readonly Found[];
  readonly hosts: readonly Host[];
}

const nothing: Reached = { rcode: 'NXDOMAIN', found: [], hosts: [] };
const empty: Reached = { rcode: 'NOERROR', found: [], hosts: [] };

export class External implements ExternalNames {
  private readonly options: ExternalOptions;

  constructor(options: ExternalOptions) {
    this.options = options;
  }

  serial(): number {
    return this.options.index.serials.external;
  }

  missing(): string | undefined {
    return this.options.missing();
  }

  servers(owner: string, { ttl, headless }: Pick<ExternalQuestion, 'ttl' | 'headless'>): readonly ResourceRecord[] {
    return externalNameServers(this.options.index, this.options.own(), headless).map(({ address }) => addressRecord(owner, address, ttl));
  }

  answer(question: ExternalQuestion): Awaitable<ExternalAnswer> {
    const { query } = question;
    const address = query.typeCode === QueryType.PTR ? addressOfReverse(query.name) : undefined;
    if (address !== undefined) return this.names(question, address);
    const reached = this.reach(question);
    const none: ExternalAnswer = { rcode: reached.rcode, answers: [], additionals: [], truncated: false };
    if (query.typeCode === QueryType.A) return this.addresses(question, reached, 'A');
    if (query.typeCode === QueryType.AAAA) return this.addresses(question, reached, 'AAAA');
    return query.typeCode === QueryType.SRV ? this.ports(question, reached) : none;
  }

  private names({ query, ttl, reverseZone }: ExternalQuestion, address: PackedAddress): ExternalAnswer {
    const { index, finder } = this.options;
    const entries = index.byExternalAddress.find(addressKey(address)).filter(({ namespace }) => finder.exposesReverse(namespace));
    const targets = entries.map(({ name, namespace }) => below(`${name}.${namespace}`, reverseZone));
    const answers = pointerRecords(query.originalName, targets, ttl);
    return { rcode: answers.length === 0 ? 'NXDOMAIN' : 'NOERROR', answers, additionals: [], truncated: false };
  }

  private async addresses({ query, ttl }: ExternalQuestion, reached: Reached, family: 'A' | 'AAAA'): Promise<ExternalAnswer> {
    const name = query.originalName;
    const answers: ResourceRecord[] = [];
    let truncated = false;
    for (const host of new Set(reached.hosts.map((each) => each.host))) {
      answers.push(record({ name, type: 'CNAME', ttl: this.options.ttl, data: host }));
      const reply = await this.lookUp(query, host, family);
      answers.push(...(reply?.answers ?? []));
      truncated ||= reply?.truncated === true;
    }
    answers.push(...addressRecords(name, reached.found, { family, ttl }));
    return { rcode: reached.rcode, answers, additionals: [], truncated };
  }

  private async ports({ query, zone, ttl }: ExternalQuestion, reached: Reached): Promise<ExternalAnswer> {
    const name = query.originalName;
    const count = reached.found.length + reached.hosts.length;
    const own = serviceRecords(name, reached.found, { zone, ttl: this.options.ttl, glueTtl: ttl, count });
    const answers = [...own.answers];
    const additionals = [...own.additionals];
    for (const { host, port } of reached.hosts) {
      if (port === noPort) continue;
      const data = { priority: 0, weight: weightOf(count), port, target: host };
      answers.push(record({ name, type: 'SRV', ttl: this.options.ttl, data }));
    }
    for (const host of new Set(reached.hosts.map((each) => each.host))) {
      for (const family of ['A', 'AAAA'] as const) additionals.push(...((await this.lookUp(query, host, family))?.answers ?? []));
    }
    return { rcode: reached.rcode, answers, additionals, truncated: false };
  }

  /** What this server answers for the name of a load balancer, if it does. */
  private async lookUp(query: Query, host: string, family: 'A' | 'AAAA'): Promise<Reply | undefined> {
    try {
      return await this.options.resolve(query.with({ name: parseName(host), type: family }), query);
    } catch {
      return undefined;
    }
  }

  private reach({ query, zone, headless }: ExternalQuestion): Reached {
    const labels = labelsOf(query.name.slice(0, query.name.length - zone.length));
    const request = requestOf(labels);
    if (request === undefined || !this.options.finder.exposes(request.namespace)) return nothing;
    if (request.service === '') return empty;
    const entry = this.options.index.find(request.namespace, request.service);
    const service = entry?.service;
    if (entry === undefined || service === undefined) return nothing;
    const base = `${service.name}.${service.namespace}`;
    if (headless && service.external.length === 0 && (service.kind === 'headless' || request.endpoint !== '')) {
      const found = entry.slices.flatMap((slice) => endpointsIn(slice, request, base));
      return found.length === 0 ? nothing : { rcode: 'NOERROR', found, hosts: [] };
    }
    return reachedBy(service, request, base);
  }
}

/** Names are PORT.PROTOCOL.SERVICE.NAMESPACE, ENDPOINT.SERVICE.NAMESPACE, or less of that from the left. */
function requestOf(labels: readonly string[]): RecordRequest | undefined {
  const [namespace = '', service = '', ...more] = [...labels].reverse();
  const bare = more.map((label) => label.replace(/^_/, ''));
  const base: RecordRequest = { ...anything, kind: 'svc', namespace, service };
  if (bare.length === 0) return base;
  if (bare.length === 1) return { ...base, endpoint: bare[0] ?? '' };
  return bare.length === 2 ? { ...base, protocol: bare[0] ?? '', port: bare[1] ?? '' } : undefined;
}

function reachedBy(service: Service, request: RecordRequest, owner: string): Reached {
  const ports = service.ports.filter((port) => fits(port, request));
  if (ports.length === 0 || service.external.length === 0) return nothing;
  const found: Found[] = [];
  const hosts: Host[] = [];
  for (const external of service.external) {
    const address = packAddress(external);
    for (const { port } of ports) {
      if (address !== undefined) found.push({ address, port, owner });
      else hosts.push({ host: `${external.replace(/\.$/, '')}.`, port });
    }
  }
  return { rcode: 'NOERROR', found, hosts };
}
