// Bounds how many queries over UDP wait for their answers.
import { definePlugin, type Instance, type Metrics, perRoute } from 'ferrydns/plugin';
import { Waiting } from './waiting.ts';

/** Queries of one listener that may wait. */
const most = 1024;

/** The queries that wait, by listener: server blocks that share one share its bound, and a reload goes on with it. */
const shared = new WeakMap<Metrics, Map<string, Waiting>>();

export default definePlugin({
  name: 'shed',
  summary: 'bounds how many queries over UDP wait for their answers, and drops what is too much',
  config: {},
  setup(_options, { metrics, now, zones, fail }) {
    const listeners = shared.get(metrics) ?? new Map<string, Waiting>();
    shared.set(metrics, listeners);
    const dropped = metrics.counter('coredns_shed_dropped_total', 'Counter of queries and responses dropped, per server, by reason.', [
      'server',
      'reason',
    ]);
    const bound = perRoute(({ server }) => {
      const waiting = listeners.get(server) ?? new Waiting(most, now);
      listeners.set(server, waiting);
      const counters = { query: dropped({ server, reason: 'query' }), response: dropped({ server, reason: 'response' }) };
      return { waiting, drops: { query: () => counters.query.add(), response: () => counters.response.add() } };
    });
    const instance: Instance = {
      handle(query, next) {
        if (query.client.transport !== 'udp') return next(query);
        const { waiting, drops } = bound(query);
        return waiting.admit(query, next, drops);
      },
      examine(context) {
        const ways = zones.flatMap((zone) => context.ways(zone)).filter(({ uses }) => uses.some((use) => use.instance === instance));
        const other = ways.find(({ server }) => !server.startsWith('dns://'));
        if (other === undefined) return;
        const [transport] = other.server.split(':');
        fail(`only plain DNS server blocks are supported; "${transport}://${other.zone}" uses transport "${transport}"`);
      },
    };
    return instance;
  },
});
