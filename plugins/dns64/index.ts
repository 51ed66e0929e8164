// Makes AAAA records of A records, for clients that have IPv6 alone (RFC 6147).
import { kindOf } from 'ferrydns/built-in';
import {
  type Awaitable,
  after,
  definePlugin,
  flag,
  type Network,
  optional,
  perRoute,
  type Query,
  QueryClass,
  QueryType,
  Reply,
  type ResourceRecord,
  record,
  setting,
} from 'ferrydns/plugin';
import { embedded, prefixWord, usualPrefix } from './prefix.ts';

/** Seconds that an address holds at most where nothing says how long there is no AAAA record (RFC 6147 section 5.1.7). */
const usualTtl = 600;

export default definePlugin({
  name: 'dns64',
  summary: 'makes AAAA records of A records, for clients that have IPv6 alone',
  config: {
    args: { value: optional(prefixWord) },
    block: {
      prefix: setting(prefixWord, 'the network that IPv4 addresses are put into'),
      translate_all: flag('also where there are AAAA records'),
      allow_ipv4: flag('also for clients that ask over IPv4'),
    },
    repeat: 'merge',
  },
  setup(uses, { metrics }) {
    const prefix = uses.map((use) => use.prefix ?? use.value).findLast((each) => each !== undefined) ?? usualPrefix;
    const all = uses.some((use) => use.translate_all);
    const overIpv4 = uses.some((use) => use.allow_ipv4);
    const counter = metrics.counter('coredns_dns64_requests_translated_total', 'Counter of DNS requests translated by dns64.', ['server']);
    const translated = perRoute(({ server }) => counter({ server }));
    let resolve = (_query: Query, _cause: Query): Awaitable<Reply> => {
      throw new Error('dns64 has not been started');
    };
    const isMeant = ({ typeCode, classCode, client }: Query) =>
      typeCode === QueryType.AAAA && classCode === QueryClass.IN && (overIpv4 || client.family === 6);
    const calls = (query: Query, reply: Reply) => !reply.declined && kindOf(query, reply) !== 'NXDOMAIN' && (all || !hasAddress(reply));
    const translate = (query: Query, reply: Reply): Awaitable<Reply> => {
      if (!calls(query, reply)) return reply;
      query.explained?.note('looks for A records, to make AAAA records of them');
      return after(resolve(query.with({ name: query.name, type: 'A' }), query), (found) => {
        if (!isAnswer(found)) return reply;
        if (query.explained === undefined) translated(query).add();
        return synthesized(prefix, reply, found);
      });
    };
    return {
      handle: (query, next) => (isMeant(query) ? after(next(query), (reply) => translate(query, reply)) : next(query)),
      foresee(context) {
        resolve = (query, cause) => context.resolve(query, cause);
        return undefined;
      },
      start(context) {
        resolve = (query, cause) => context.resolve(query, cause);
      },
    };
  },
});

function hasAddress({ answers }: Reply): boolean {
  return answers.some(({ typeCode }) => typeCode === QueryType.AAAA);
}

/** A failure to find A records says nothing of AAAA records (RFC 6147 section 5.1.6). */
function isAnswer({ declined, rcode }: Reply): boolean {
  return !declined && (rcode === 'NOERROR' || rcode === 'NXDOMAIN');
}

function synthesized(prefix: Network, original: Reply, found: Reply): Reply {
  const limit = original.authorities.find(({ typeCode }) => typeCode === QueryType.SOA)?.ttl ?? usualTtl;
  const translated = (each: ResourceRecord): ResourceRecord => {
    if (each.typeCode !== QueryType.A) return each;
    const { name, ttl, class: klass } = each;
    return record({ name, type: 'AAAA', class: klass, ttl: Math.min(ttl, limit), data: embedded(prefix, each.rdata) });
  };
  return Reply.answer(found.answers.map(translated), {
    authoritative: false,
    truncated: found.truncated,
    authorities: found.authorities,
    additionals: found.additionals,
    options: found.options,
  });
}
