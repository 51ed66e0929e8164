// Limits what the https:// listeners of a server block may take.
import { definePlugin, integer, setting } from 'ferrydns/plugin';

export default definePlugin({
  name: 'https',
  summary: 'limits the connections of https:// listeners',
  config: { block: { max_connections: setting(integer({ min: 0 }), 'connections at a time, 0 for any number', 200) }, once: true },
  setup: ({ max_connections: connections }) => ({ settings: { limits: { https: { connections } } } }),
});
