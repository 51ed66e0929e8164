// Counts queries and replies, and exports every metric of the process over HTTP.
import {
  definePlugin,
  file,
  flag,
  httpAddress,
  type Instance,
  optional,
  property,
  provide,
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
  const panics = metrics.counter('coredns_panics_total', 'A metrics that counts the number of panics.');
  const held: (() => void)[] = [];
  return {
    handle: (query, next) => traffic.handle(query, next),
    provides: [provide(requestObserver, { dropped: (query, reply) => traffic.dropped(query, reply), panicked: () => panics.add() })],
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
