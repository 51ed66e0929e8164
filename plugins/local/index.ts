// Answers names of this machine itself: localhost, and the reverse zones of 0, 127 and 255, which must not leave it (RFC 6303, RFC 6761).
import {
  choice,
  definePlugin,
  isSubdomain,
  type Name,
  parseName,
  type Query,
  QueryType,
  Reply,
  type ResourceRecord,
  record,
  setting,
} from 'ferrydns/plugin';

/** Seconds: a week. */
const ttl = 604_800;

const localhost = parseName('localhost');
const loopbackAddress = parseName('1.0.0.127.in-addr.arpa');
const zones = [localhost, parseName('0.in-addr.arpa'), parseName('127.in-addr.arpa'), parseName('255.in-addr.arpa')];

export default definePlugin({
  name: 'local',
  summary: 'answers localhost and the reverse zones that belong to it',
  config: {
    block: { localhost_prefix: setting(choice('on', 'off'), 'whether names that begin with localhost. are localhost too') },
    repeat: 'merge',
  },
  setup(uses, { metrics, log }) {
    const stated = uses.map((use) => use.localhost_prefix).filter((word) => word !== undefined);
    const prefix = stated.at(-1) !== 'off';
    const intercepted = metrics.counter('coredns_local_localhost_requests_total', 'Counter of special localhost subdomain requests.');
    const isThisMachine = (name: Name) => name !== localhost && (isSubdomain(name, localhost) || (prefix && name.startsWith(localhost)));
    return {
      diverts: (name) => (isThisMachine(name) || zoneOf(name) !== undefined ? 'answers them' : undefined),
      handle(query, next) {
        const { name } = query;
        if (isThisMachine(name)) {
          log.debug(`Intercepting localhost query for "${name}" ${query.type}, from ${query.client.address}`);
          intercepted.add();
          query.explained?.note('names that begin or end with localhost are this machine (RFC 6761)');
          return addressOrNothing(query);
        }
        const zone = zoneOf(name);
        if (zone === undefined) return next(query);
        query.explained?.note(`${zone} is answered here, as its names must not leave this machine (RFC 6303, RFC 6761)`);
        return inZone(query, zone);
      },
    };
  },
});

/** The zone of this machine that a name is in. */
function zoneOf(name: Name): Name | undefined {
  return zones.find((each) => isSubdomain(name, each));
}

/** A name that is localhost by its first or last label. */
function addressOrNothing(query: Query): Reply {
  const address = addressOf(query);
  return address === undefined ? nothing(soa(query.originalName)) : answer(address);
}

function inZone(query: Query, zone: string): Reply {
  const { name, originalName: owner, typeCode } = query;
  if (name === zone) {
    const address = name === localhost ? addressOf(query) : undefined;
    if (address !== undefined) return answer(address);
    if (typeCode === QueryType.SOA) return answer(soa(owner));
    if (typeCode === QueryType.NS) return answer(record({ name: owner, type: 'NS', ttl, data: localhost }));
    return nothing(soa(owner));
  }
  const apex = soa(owner.slice(-zone.length));
  if (name !== loopbackAddress) return Reply.empty('NXDOMAIN', { authoritative: false, authorities: [apex] });
  return typeCode === QueryType.PTR ? answer(record({ name: owner, type: 'PTR', ttl, data: localhost })) : nothing(apex);
}

function addressOf({ typeCode, originalName: name }: Query): ResourceRecord | undefined {
  if (typeCode === QueryType.A) return record({ name, type: 'A', ttl, data: '127.0.0.1' });
  return typeCode === QueryType.AAAA ? record({ name, type: 'AAAA', ttl, data: '::1' }) : undefined;
}

function soa(name: string): ResourceRecord {
  const times = { serial: 1, refresh: 0, retry: 0, expire: 0, minimum: ttl };
  return record({ name, type: 'SOA', ttl, data: { mname: localhost, rname: 'root.localhost.', ...times } });
}

function answer(found: ResourceRecord): Reply {
  return Reply.answer([found], { authoritative: false });
}

function nothing(apex: ResourceRecord): Reply {
  return Reply.empty('NOERROR', { authoritative: false, authorities: [apex] });
}
