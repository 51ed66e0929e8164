// What erratic answers with: addresses that are reserved for documents (RFC 5737, RFC 3849), and a small zone.
import { type Query, QueryType, Reply, record } from 'ferrydns/plugin';

/** So many addresses for a question for A, one for AAAA; undefined for every other type. */
export function addressReply({ typeCode, originalName: name }: Query, count: number): Reply | undefined {
  if (typeCode === QueryType.AAAA) return Reply.answer([record({ name, type: 'AAAA', ttl: 0, data: '2001:db8::53' })]);
  if (typeCode !== QueryType.A) return undefined;
  return Reply.answer(Array.from({ length: count }, (_, i) => record({ name, type: 'A', ttl: 0, data: `192.0.2.${53 + i}` })));
}

/** A transfer of a zone with this name. One that is truncated lacks the SOA record that ends it (RFC 5936 section 2.2). */
export function transfer(name: string, truncated: boolean): Reply {
  const times = { serial: 2018050825, refresh: 7200, retry: 3600, expire: 1_209_600, minimum: 3600 };
  const soa = record({ name, type: 'SOA', ttl: 0, data: { mname: 'sns.dns.icann.org.', rname: 'noc.dns.icann.org.', ...times } });
  const [a, b] = ['a', 'b'].map((label) => (name === '.' ? `${label}.` : `${label}.${name}`)) as [string, string];
  const zone = [
    soa,
    ...[b, a].map((data) => record({ name, type: 'NS', ttl: 0, data })),
    record({ name: a, type: 'AAAA', ttl: 0, data: '2001:bd8::53' }),
    record({ name: b, type: 'AAAA', ttl: 0, data: '2001:500::54' }),
  ];
  const end = async function* () {
    if (!truncated) yield Reply.answer([soa]);
  };
  return Reply.answer(zone, { following: end() });
}
