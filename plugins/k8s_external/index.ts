// Answers for what the services of a cluster are reached by from outside, in zones of its own.
import { type ExternalNames, externalNames } from 'ferrydns/built-in';
import {
  type Awaitable,
  after,
  definePlugin,
  ExtendedError,
  flag,
  integer,
  isSubdomain,
  labelsOf,
  longestMatch,
  type Name,
  type Next,
  property,
  type Query,
  QueryType,
  Reply,
  type ResourceRecord,
  record,
  root,
  setting,
  text,
  value,
  zoneList,
} from 'ferrydns/plugin';

const seconds = value('N', readTtl, { ...integer({ min: 0, max: 3600 }), parse: readTtl });

export default definePlugin({
  name: 'k8s_external',
  summary: 'answers for what the services of a cluster are reached by from outside',
  config: {
    args: { zones: zoneList() },
    block: {
      apex: setting(text, 'the label in front of the zone that its servers are below', 'dns'),
      ttl: setting(seconds, 'seconds that an address may be cached', 5),
      headless: flag('answers for endpoints of headless services too'),
      fallthrough: property({ zones: zoneList() }, 'passes on names that are not there, all or those in the zones'),
    },
  },
  setup(options, context) {
    const { apex, ttl, headless } = options;
    const zones = options.zones.length > 0 ? options.zones : context.zones;
    const fallthrough = options.fallthrough?.zones.length === 0 ? [root] : (options.fallthrough?.zones ?? []);
    let external: External | undefined;
    return {
      examine({ peers }) {
        if (peers(externalNames).length === 0) context.fail('kubernetes plugin not loaded');
      },
      foresee: () => (query) => longestMatch(query.name, zones) !== undefined,
      start({ peers }) {
        const [names] = peers(externalNames);
        if (names !== undefined) external = new External({ zones, apex, ttl, headless, fallthrough, names });
      },
      handle: (query, next) => external?.handle(query, next) ?? next(query),
    };
  },
});

interface ExternalSettings {
  readonly zones: readonly Name[];
  readonly apex: string;
  /** Seconds. */
  readonly ttl: number;
  readonly headless: boolean;
  readonly fallthrough: readonly Name[];
  readonly names: ExternalNames;
}

class External {
  private readonly settings: ExternalSettings;

  constructor(settings: ExternalSettings) {
    this.settings = settings;
  }

  handle(query: Query, next: Next): Awaitable<Reply> {
    const { zones, apex, ttl, headless, fallthrough, names } = this.settings;
    const zone = longestMatch(query.name, zones);
    if (zone === undefined) return next(query);
    if (query.name === zone) return this.atApex(query, zone);
    if (isSubdomain(query.name, `${apex}.${zone}`)) return this.server(query, zone);
    const reverseZone = zones[0] ?? zone;
    return after(names.answer({ query, zone, ttl, headless, reverseZone }), (found) => {
      const isDenied = found.rcode === 'NXDOMAIN';
      if (isDenied && longestMatch(query.name, fallthrough) !== undefined) return next(query);
      const lacks = names.missing();
      if (isDenied && lacks !== undefined) {
        return Reply.empty('SERVFAIL', { authorities: [this.soa(zone)], extendedError: { code: ExtendedError.NOT_READY, text: lacks } });
      }
      const { rcode, answers, additionals, truncated } = found;
      if (answers.length === 0) return this.nothing(rcode, zone);
      return Reply.answer(answers, { additionals, ...(truncated ? { truncated } : {}) });
    });
  }

  private atApex(query: Query, zone: Name): Reply {
    const { apex, ttl } = this.settings;
    if (query.typeCode === QueryType.SOA) return Reply.answer([this.soa(zone)]);
    if (query.typeCode !== QueryType.NS) return this.nothing('NOERROR', zone);
    const server = `ns1.${apex}.${zone}`;
    return Reply.answer([record({ name: zone, type: 'NS', ttl, data: server })], { additionals: this.servers(server) });
  }

  /** A name at or below the label that the servers of the zone are below. */
  private server(query: Query, zone: Name): Reply {
    const labels = labelsOf(query.name.slice(0, -zone.length));
    if (labels.length === 1) return this.nothing('NOERROR', zone);
    if (labels.length > 2 || labels[0] !== 'ns1') return this.nothing('NXDOMAIN', zone);
    const isAddress = query.typeCode === QueryType.A || query.typeCode === QueryType.AAAA;
    const answers = isAddress ? this.servers(query.originalName).filter(({ typeCode }) => typeCode === query.typeCode) : [];
    return answers.length === 0 ? this.nothing('NOERROR', zone) : Reply.answer(answers);
  }

  private servers(owner: string): readonly ResourceRecord[] {
    return this.settings.names.servers(owner, this.settings);
  }

  private nothing(rcode: 'NOERROR' | 'NXDOMAIN', zone: Name): Reply {
    return Reply.empty(rcode, { authorities: [this.soa(zone)] });
  }

  private soa(zone: Name): ResourceRecord {
    const { apex, ttl, names } = this.settings;
    const times = { serial: names.serial(), refresh: 7200, retry: 1800, expire: 86_400, minimum: ttl };
    return record({ name: zone, type: 'SOA', ttl, data: { mname: `ns1.${apex}.${zone}`, rname: `hostmaster.${apex}.${zone}`, ...times } });
  }
}

function readTtl(word: string): number {
  const ttl = integer().parse(word);
  if (ttl < 0 || ttl > 3600) throw new Error(`ttl must be in range [0, 3600]: ${ttl}`);
  return ttl;
}
