// Answers queries in the zones of the cluster.
import {
  type Awaitable,
  after,
  type Counter,
  ExtendedError,
  longestMatch,
  type Name,
  type Next,
  type Query,
  QueryType,
  Reply,
  type ResourceRecord,
  record,
} from 'ferrydns/plugin';
import { type AddressKey, addressKey, addressOfReverse } from '../cluster/addresses.ts';
import type { PackedAddress } from '../cluster/objects.ts';
import type { ServiceIndex } from '../cluster/service-index.ts';
import { labelAt } from '../cluster/trimming.ts';
import { Aliases, type Chain } from './aliases.ts';
import type { AnswerStore, Causes } from './answer-store.ts';
import type { Finder, Finding } from './finder.ts';
import { type NameServer, nameServers, usualNameServer } from './name-servers.ts';
import { parseRequest, type RecordRequest } from './record-request.ts';
import { addressRecord, addressRecords, below, type Family, pointerRecords, serviceRecords, startOfAuthority } from './records.ts';

export interface AnswerSettings {
  readonly zones: readonly Name[];
  /** The first zone that is not one of reverse names: the names of addresses are in it. */
  readonly primaryZone: Name;
  readonly multiclusterZones: readonly Name[];
  readonly zonal: boolean;
  /** Seconds. */
  readonly ttl: number;
  /** Where names that are not there are passed on. */
  readonly fallthrough: readonly Name[];
}

export interface AnswersOptions {
  readonly settings: AnswerSettings;
  readonly index: ServiceIndex;
  readonly finder: Finder;
  readonly store: AnswerStore;
  /** What is still missing of the cluster's data; undefined when all is there. */
  readonly missing: () => string | undefined;
  /** How old what is known of the cluster may be, for explanations. */
  readonly freshness: () => string;
  /** The addresses of this server. */
  readonly own: () => readonly PackedAddress[];
  /** Asks this server for the target of an alias. */
  readonly resolve: (query: Query, cause: Query) => Awaitable<Reply>;
  /** What counts the denials of names in a namespace, the empty one standing for names in none. */
  readonly denials: (namespace: string) => Counter;
}

/** What a question comes to: a denial of the name, or its records, which may be none. */
interface Outcome {
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly ResourceRecord[];
  readonly additionals?: readonly ResourceRecord[];
  readonly truncated?: boolean;
  readonly causes: Causes;
  /** Whether it may be given again as long as nothing of its causes changes. */
  readonly lasting: boolean;
}

/** A question in its zone. */
interface Asked {
  readonly query: Query;
  readonly zone: Name;
  readonly request: RecordRequest | undefined;
}

const noRecords: readonly ResourceRecord[] = [];
/** The version of the specification that is spoken. */
const specification = '1.1.0';
const specificationTtl = 28_800;
const refused = Reply.decline('REFUSED');

export class Answers {
  private readonly options: AnswersOptions;
  private readonly aliases: Aliases;

  constructor(options: AnswersOptions) {
    this.options = options;
    this.aliases = new Aliases({
      ttl: options.settings.ttl,
      find: (name, zone) => this.findName(name, zone),
      resolve: options.resolve,
    });
  }

  handle(query: Query, next: Next): Awaitable<Reply> {
    const { settings, store } = this.options;
    const zone = longestMatch(query.name, settings.zones);
    if (zone === undefined) return next(query);
    if (query.explained === undefined) {
      const known = store.find(query.name, query.typeCode, this.serialOf(zone));
      if (known !== undefined) return known;
    } else query.explained.note(this.options.freshness());
    if (query.typeCode === QueryType.AXFR || query.typeCode === QueryType.IXFR) return refused;
    const request = parseRequest(query.name, zone, { multicluster: this.isMulticluster(zone), zonal: settings.zonal });
    const asked = { query, zone, request };
    return after(this.outcome(asked), (outcome) => this.reply(asked, outcome, next));
  }

  /** When what is answered in a zone has changed last, in seconds since 1970. */
  serialOf(zone: Name): number {
    const { serials } = this.options.index;
    return this.isMulticluster(zone) ? serials.multicluster : serials.internal;
  }

  isMulticluster(zone: Name): boolean {
    return longestMatch(zone, this.options.settings.multiclusterZones) !== undefined;
  }

  private reply(asked: Asked, outcome: Outcome, next: Next): Awaitable<Reply> {
    const { query, zone } = asked;
    const { settings, missing, store } = this.options;
    const { rcode, causes } = outcome;
    const lacks = missing();
    const denied = rcode === 'NXDOMAIN';
    if (denied && longestMatch(query.name, settings.fallthrough) !== undefined) {
      query.explained?.note(`${zone} has no such name, which falls through`);
      if (lacks === undefined) store.keep(query.name, query.typeCode, { reply: undefined, serial: undefined, causes });
      return next(query);
    }
    if (denied && lacks !== undefined) {
      query.explained?.note(lacks);
      const extendedError = { code: ExtendedError.NOT_READY, text: lacks };
      return Reply.empty('SERVFAIL', { authorities: [this.authority(query, zone)], extendedError });
    }
    const reply = this.replyOf(asked, outcome);
    if (query.explained !== undefined) explain(query, outcome, zone);
    else if (lacks === undefined) this.keep(asked, outcome, reply);
    return reply;
  }

  private replyOf({ query, zone }: Asked, { rcode, answers, additionals = noRecords, truncated = false }: Outcome): Reply {
    if (answers.length === 0) return Reply.empty(rcode, { authorities: [this.authority(query, zone)] });
    return Reply.answer(answers, { additionals, ...(truncated ? { truncated } : {}) });
  }

  private keep({ query, zone }: Asked, { rcode, answers, causes, lasting }: Outcome, reply: Reply): void {
    const counter = rcode === 'NXDOMAIN' ? this.options.denials(namespaceIn(query.name, zone)) : undefined;
    counter?.add();
    const serial = answers.length === 0 || query.typeCode === QueryType.SOA ? this.serialOf(zone) : undefined;
    this.options.store.keep(query.name, query.typeCode, { reply: lasting ? reply : undefined, serial, counter, causes });
  }

  private authority(query: Query, zone: Name): ResourceRecord {
    const owner = query.originalName.slice(-zone.length);
    const { ttl } = this.options.settings;
    return startOfAuthority(owner, { serial: this.serialOf(zone), ttl, mname: usualNameServer, rname: 'hostmaster' });
  }

  private outcome(asked: Asked): Awaitable<Outcome> {
    const { query, zone, request } = asked;
    const causes = causesOf(request);
    if (query.typeCode === QueryType.SOA) {
      return { rcode: 'NOERROR', answers: query.name === zone ? [this.authority(query, zone)] : noRecords, causes, lasting: true };
    }
    if (query.typeCode === QueryType.PTR) return this.names(asked, causes);
    if (query.typeCode === QueryType.NS && query.name === zone) return this.servers(query, zone);
    if (query.typeCode === QueryType.TXT) return this.text(asked, causes);
    if (query.name === below(usualNameServer, zone)) return this.serverAddresses(query);
    const finding = this.find(request, zone);
    if (finding === 'nothing') return { rcode: 'NXDOMAIN', answers: noRecords, causes, lasting: true };
    return this.records(asked, finding, causes);
  }

  private records({ query, zone }: Asked, finding: Exclude<Finding, 'nothing'>, causes: Causes): Awaitable<Outcome> {
    const { ttl } = this.options.settings;
    const name = query.originalName;
    const whole = { rcode: 'NOERROR', causes, lasting: true } as const;
    const { typeCode } = query;
    if (typeCode === QueryType.A || typeCode === QueryType.AAAA) {
      const family: Family = typeCode === QueryType.A ? 'A' : 'AAAA';
      if (finding.alias === undefined) return { ...whole, answers: addressRecords(name, finding.found, { family, ttl }) };
      return after(this.aliases.follow({ query, zone, target: finding.alias, family }), (chain) => outcomeOf(chain, causes));
    }
    if (typeCode === QueryType.CNAME) {
      return { ...whole, answers: finding.alias === undefined ? noRecords : [record({ name, type: 'CNAME', ttl, data: finding.alias })] };
    }
    if (typeCode !== QueryType.SRV) return { ...whole, answers: noRecords };
    return { ...whole, ...serviceRecords(name, finding.found, { zone: name.slice(-zone.length), ttl }) };
  }

  private find(request: RecordRequest | undefined, zone: Name): Finding {
    return request === undefined ? 'nothing' : this.options.finder.find(request, this.isMulticluster(zone));
  }

  private findName(name: Name, zone: Name): { readonly finding: Finding; readonly services: readonly string[] } {
    const request = parseRequest(name, zone, { multicluster: this.isMulticluster(zone), zonal: this.options.settings.zonal });
    return { finding: this.find(request, zone), services: causesOf(request).services ?? [] };
  }

  /** TXT: the version of the specification. Of other names only those of services and Pods are there for this type, as in CoreDNS. */
  private text({ query, zone, request }: Asked, causes: Causes): Outcome {
    const whole = { causes, lasting: true } as const;
    if (query.name === below('dns-version', zone)) {
      const version = record({ name: query.originalName, type: 'TXT', ttl: specificationTtl, data: specification });
      return { ...whole, rcode: 'NOERROR', answers: [version] };
    }
    const finding = this.find(request, zone);
    const exists = finding !== 'nothing' && (finding.found.length > 0 || finding.alias !== undefined || request?.zone !== '');
    return { ...whole, rcode: exists ? 'NOERROR' : 'NXDOMAIN', answers: noRecords };
  }

  /** PTR: the service that has the address, else every endpoint that has it. */
  private names({ query, zone, request }: Asked, causes: Causes): Outcome {
    const address = addressOfReverse(query.name);
    if (address === undefined) {
      return { rcode: this.find(request, zone) === 'nothing' ? 'NXDOMAIN' : 'NOERROR', answers: noRecords, causes, lasting: true };
    }
    const { settings } = this.options;
    const key = addressKey(address);
    const targets = this.namesOf(key, address).map((labels) => below(labels, settings.primaryZone));
    const answers = pointerRecords(query.originalName, targets, settings.ttl);
    return { rcode: answers.length === 0 ? 'NXDOMAIN' : 'NOERROR', answers, causes: { address: key }, lasting: true };
  }

  private namesOf(key: AddressKey, address: PackedAddress): string[] {
    const { index, finder } = this.options;
    const services = index.byAddress.find(key).filter(({ namespace }) => finder.exposesReverse(namespace));
    if (services[0] !== undefined) return [`${services[0].name}.${services[0].namespace}.svc`];
    const slices = index.endpoints.find(key).filter(({ namespace }) => finder.exposesReverse(namespace));
    return slices.flatMap((slice) => {
      const labels = Array.from({ length: slice.addresses.length / slice.width }, (_, i) => i)
        .filter((i) => slice.addresses.startsWith(address, i * slice.width))
        .map((i) => labelAt(slice, i));
      return labels.map((label) => `${label}.${slice.service}.${slice.namespace}.svc`);
    });
  }

  private servers(query: Query, zone: Name): Outcome {
    const { ttl } = this.options.settings;
    const servers = this.nameServers();
    const owner = query.originalName;
    const targets = new Set(servers.map(({ labels }) => below(labels, owner)));
    const answers = [...targets].map((data) => record({ name: owner, type: 'NS', ttl, data }));
    const additionals = servers.map(({ labels, address }) => addressRecord(below(labels, zone), address, ttl));
    return { rcode: 'NOERROR', answers, additionals, causes: {}, lasting: false };
  }

  private serverAddresses(query: Query): Outcome {
    const { ttl } = this.options.settings;
    const family = query.typeCode === QueryType.A ? 'A' : query.typeCode === QueryType.AAAA ? 'AAAA' : undefined;
    const answers = family === undefined ? noRecords : addressRecords(query.originalName, this.nameServers(), { family, ttl });
    return { rcode: 'NOERROR', answers, causes: {}, lasting: false };
  }

  private nameServers(): readonly NameServer[] {
    return nameServers(this.options.index, this.options.own());
  }
}

/** The namespace that a name is in, be there one or not: the label in front of "svc". */
function namespaceIn(name: Name, zone: Name): string {
  const above = name.slice(0, -zone.length);
  return /(?:^|\.)([^.]+)\.svc\.$/.exec(above)?.[1] ?? '';
}

function causesOf(request: RecordRequest | undefined): Causes {
  if (request === undefined || request.namespace === '') return {};
  return { services: [`${request.namespace}/${request.kind === 'pod' ? '*' : request.service}`] };
}

/** What an alias leads to outside of the cluster is known to others. */
function outcomeOf({ records, services, outside, truncated }: Chain, causes: Causes): Outcome {
  return {
    rcode: 'NOERROR',
    answers: records,
    truncated,
    causes: { services: [...(causes.services ?? []), ...services] },
    lasting: !outside,
  };
}

function explain(query: Query, { rcode, answers }: Outcome, zone: Name): void {
  if (rcode === 'NXDOMAIN') query.explained?.note(`${zone} has no such name`);
  else
    query.explained?.note(
      answers.length === 0 ? `the name is there, without records of type ${query.type}` : `the cluster has ${answers.length} records for it`,
    );
}
