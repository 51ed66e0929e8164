// Limits what the grpc:// listeners of a server block may take.
import { definePlugin, integer, setting } from 'ferrydns/plugin';

export default definePlugin({
  name: 'grpc_server',
  summary: 'limits the connections and streams of grpc:// listeners',
  config: {
    block: {
      max_connections: setting(integer({ min: 0 }), 'connections at a time, 0 for any number', 200),
      max_streams: setting(integer({ min: 0 }), 'queries of one connection at a time, 0 for any number', 256),
    },
    once: true,
  },
  setup: ({ max_connections: connections, max_streams: streams }) => ({ settings: { limits: { grpc: { connections, streams } } } }),
});
