// Counts queries and replies, and exports every metric of the process over HTTP.
import {
  definePlugin,
  file,
  flag,
  foresightOf,
  httpAddress,
  type Instance,
  type Metrics,
  optional,
  property,
  provide,
  type RequestObserver,
  rcodeName,
  requestObserver,
  type SetupContext,
} from 'ferrydns/plugin';
import { Traffic } from './traffic.ts';

export default definePlugin({
  name: 'prometheus',
  summary: 'counts queries and replies, and exports all metrics',
  config: {
    args: { address: optional(httpAddress, 'localhost:9153') },
    block: {
      runtime_metrics: flag('accepted for CoreDNS: the metrics of the runtime are exported in any case'),
      tls: property({ webconfig: file }, 'not served yet: refused'),
    },
  },
  setup({ address, tls }, context) {
    if (tls !== undefined) context.fail('metrics over TLS are known to CoreDNS, but ferrydns does not serve them yet', 'tls');
    return exporter(address, context);
  },
});

function exporter(address: string, { metrics, now }: SetupContext): Instance {
  const traffic = new Traffic(metrics, now);
  const held: (() => void)[] = [];
  return {
    handle: (query, next) => (foresightOf(query) === undefined ? traffic.handle(query, next) : next(query)),
    foresee: () => undefined,
    provides: [provide(requestObserver, observerOf(metrics, traffic))],
    start({ server, routes, handlers, serve }) {
      const buildHelp = "A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.";
      const build = metrics.info('coredns_build_info', buildHelp, ['version', 'revision', 'goversion']);
      const enabledHelp = 'A metric that indicates whether a plugin is enabled on per server and zone basis.';
      const enabled = metrics.info('coredns_plugin_enabled', enabledHelp, ['server', 'zone', 'view', 'name']);
      held.push(build({ version: server.version, revision: '', goversion: `node ${process.version}` }));
      for (const { server, zone, view } of routes) {
        for (const name of handlers) held.push(enabled({ server, zone, view, name }));
      }
      serve(address, '/metrics', async () => ({ status: 200, ...(await server.expose()) }));
    },
    stop() {
      for (const release of held.splice(0)) release();
    },
  };
}

const observers = new WeakMap<Metrics, RequestObserver>();

/** One for the metrics of the server, however many blocks export them: what no block answers is counted once. */
function observerOf(metrics: Metrics, traffic: Traffic): RequestObserver {
  const known = observers.get(metrics);
  if (known !== undefined) return known;
  const panics = metrics.counter('coredns_panics_total', 'A metrics that counts the number of panics.');
  const rejected = metrics.counter('ferrydns_messages_rejected_total', 'Messages that are no query to answer, by what they were told.', [
    'server',
    'rcode',
  ]);
  const observer: RequestObserver = {
    unrouted: (query, reply) => traffic.unrouted(query, reply),
    panicked: () => panics.add(),
    rejected: (_message, rcode, _client, server) => rejected({ server, rcode: rcodeName(rcode) }).add(),
  };
  observers.set(metrics, observer);
  return observer;
}
