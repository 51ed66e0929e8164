// Bounds the size of a UDP message that clients are taken at their word for.
import { definePlugin, integer, optional } from 'ferrydns/plugin';

export default definePlugin({
  name: 'bufsize',
  summary: 'bounds the size of a UDP reply, whatever larger one the client says that it takes',
  config: { args: { size: optional(integer({ min: 512, max: 4096 }), 1232) }, repeat: 'merge' },
  setup([first, ...others], { warn }) {
    if (others.length > 0) warn('of several uses only the first counts');
    return { settings: { udpSize: first?.size ?? 1232 } };
  },
});
