// The counters of one listener, zone and view, made when they are first needed and found by number from then on.
import { type Counter, type Histogram, type Metrics, QueryType, type Route, rcodeName, typeCode } from 'ferrydns/plugin';

const timeBuckets = [0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192];
const sizeBuckets = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000];

/** The types that are counted by name. */
const types = 'other A AAAA CNAME DNSKEY DS MX NSEC NSEC3 NS PTR RRSIG SOA SRV TXT HTTPS SVCB IXFR AXFR ANY'.split(' ');
/** The place of each type in {@link types} by its code; 0, "other", for all that are not there. */
const typePlaces = new Uint8Array(QueryType.ANY + 1);
for (const [place, name] of types.entries()) {
  const code = typeCode(name);
  if (code !== undefined) typePlaces[code] = place;
}

/** The metric families with their labels open. */
export class TrafficMetrics {
  readonly queries;
  readonly dnssecOk;
  readonly duration;
  readonly querySize;
  readonly replySize;
  readonly replies;

  constructor(metrics: Metrics) {
    const block = ['server', 'zone', 'view'] as const;
    const sized = [...block, 'proto'] as const;
    const queriesHelp = 'Counter of DNS requests made per zone, protocol and family.';
    this.queries = metrics.counter('coredns_dns_requests_total', queriesHelp, [...sized, 'family', 'type'] as const);
    this.dnssecOk = metrics.counter('coredns_dns_do_requests_total', 'Counter of DNS requests with DO bit set per zone.', block);
    const durationHelp = 'Histogram of the time (in seconds) each request took per zone.';
    this.duration = metrics.histogram('coredns_dns_request_duration_seconds', durationHelp, timeBuckets, block);
    const querySizeHelp = 'Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.';
    this.querySize = metrics.histogram('coredns_dns_request_size_bytes', querySizeHelp, sizeBuckets, sized);
    this.replySize = metrics.histogram('coredns_dns_response_size_bytes', 'Size of the returned response in bytes.', sizeBuckets, sized);
    this.replies = metrics.counter('coredns_dns_responses_total', 'Counter of response status codes.', [...block, 'rcode', 'plugin'] as const);
  }
}

/** Sizes of queries and of replies over one transport. */
class Sizes {
  private readonly query: Histogram;
  private readonly reply: Histogram;

  constructor(query: Histogram, reply: Histogram) {
    this.query = query;
    this.reply = reply;
  }

  observe(query: number, reply: number): void {
    this.query.observe(query);
    this.reply.observe(reply);
  }
}

/** Replies of one response code by the plugin that answered: seldom more than two or three. */
interface Answerer {
  readonly plugin: string;
  readonly counter: Counter;
  readonly next: Answerer | undefined;
}

export class RouteMetrics {
  readonly duration: Histogram;
  private readonly families: TrafficMetrics;
  private readonly labels: { readonly server: string; readonly zone: string; readonly view: string };
  private readonly byType: (Counter | undefined)[] = [];
  private readonly byTransport: (Sizes | undefined)[] = [];
  private readonly byRcode: (Answerer | undefined)[] = [];
  private withDnssecOk: Counter | undefined;

  constructor(families: TrafficMetrics, { server, zone, view }: Route) {
    this.families = families;
    this.labels = { server, zone, view };
    this.duration = families.duration(this.labels);
  }

  queries(type: number, tcp: boolean, family: 4 | 6): Counter {
    const place = type < typePlaces.length ? (typePlaces[type] as number) : 0;
    const index = place * 4 + (tcp ? 2 : 0) + (family === 6 ? 1 : 0);
    let counter = this.byType[index];
    if (counter === undefined) {
      counter = this.families.queries({ ...this.labels, proto: protocol(tcp), family: family === 6 ? '2' : '1', type: types[place] ?? 'other' });
      this.byType[index] = counter;
    }
    return counter;
  }

  dnssecOk(): Counter {
    this.withDnssecOk ??= this.families.dnssecOk(this.labels);
    return this.withDnssecOk;
  }

  sizes(tcp: boolean): Sizes {
    const index = tcp ? 1 : 0;
    let sizes = this.byTransport[index];
    if (sizes === undefined) {
      const labels = { ...this.labels, proto: protocol(tcp) };
      sizes = new Sizes(this.families.querySize(labels), this.families.replySize(labels));
      this.byTransport[index] = sizes;
    }
    return sizes;
  }

  replies(rcode: number, plugin: string): Counter {
    const first = this.byRcode[rcode];
    for (let known = first; known !== undefined; known = known.next) {
      if (known.plugin === plugin) return known.counter;
    }
    const counter = this.families.replies({ ...this.labels, rcode: rcodeName(rcode), plugin });
    this.byRcode[rcode] = { plugin, counter, next: first };
    return counter;
  }
}

function protocol(tcp: boolean): string {
  return tcp ? 'tcp' : 'udp';
}
