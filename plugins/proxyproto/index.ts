// Lets proxies in front of the server say who asks, by the PROXY protocol.
import {
  choice,
  cidr,
  definePlugin,
  duration,
  integer,
  many,
  NetworkTable,
  optional,
  type ProxyEvent,
  type ProxyPolicy,
  type ProxySettings,
  property,
  repeated,
  type SetupContext,
  setting,
} from 'ferrydns/plugin';

const policies = choice('use', 'ignore', 'reject', 'skip');
const anyCase = { ...policies, parse: (word: string) => policies.parse(word.toLowerCase()) };
const events: readonly ProxyEvent[] = ['used', 'local', 'ignored', 'rejected', 'malformed'];

export default definePlugin({
  name: 'proxyproto',
  summary: 'lets proxies in front of the server say who asks (PROXY protocol)',
  config: {
    block: {
      allow: repeated({ networks: many(cidr) }, 'where the proxies are; everywhere unless given'),
      default: setting(anyCase, 'what becomes of headers from elsewhere; ignore where there is an allow'),
      udp_session_tracking: property(
        { time: duration(), most: optional(integer({ min: 1 }), 10_240) },
        'how long datagrams without a header are of the client that the header before named',
      ),
    },
  },
  setup({ allow, default: elsewhere, udp_session_tracking: tracking }, context) {
    const allowed = new NetworkTable<true>(
      allow.flatMap(({ networks }) => networks.map(({ address, prefix }) => [`${address}/${prefix}`, true] as const)),
    );
    const others: ProxyPolicy = elsewhere ?? (allowed.size === 0 ? 'use' : 'ignore');
    if (others === 'use') context.warn('every address may say who asks: name the proxies by allow, unless nobody else can reach this port');
    const policy = (address: string) => (allowed.has(address) ? 'use' : others);
    const sessions = tracking === undefined || tracking.time <= 0 ? undefined : { milliseconds: tracking.time, most: tracking.most };
    return { settings: { proxy: { policy, sessions, now: context.now, happened: counting(context) } } };
  },
});

/** Counts what becomes of headers. What a stranger can send any number of times is logged for those alone who look for it. */
function counting({ metrics, server, log }: SetupContext): ProxySettings['happened'] {
  const counter = metrics.counter('ferrydns_proxyproto_headers_total', 'Headers of the PROXY protocol, by what became of them.', [
    'server',
    'result',
  ]);
  const counters = new Map(events.map((result) => [result, counter({ server, result })]));
  return (event, from, why) => {
    counters.get(event)?.add();
    if (why !== undefined) log.debug(`dropped what came from ${from}: ${why}`);
  };
}
