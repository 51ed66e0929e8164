// Shows over HTTP where the process spends its time and memory.
import { definePlugin, httpAddress, integer, optional, property, type StartContext } from 'ferrydns/plugin';
import { pages } from './pages.ts';
import { Blocking } from './profiles.ts';

const usualAddress = 'localhost:6053';

export default definePlugin({
  name: 'pprof',
  summary: 'shows over HTTP where the process spends its time and memory',
  config: {
    args: { address: optional(httpAddress, usualAddress) },
    block: { block: property({ rate: optional(integer(), 1) }, 'watches how long the event loop is held up') },
  },
  setup({ address, block }) {
    let blocking: Blocking | undefined;
    return {
      start({ serve, server, signal }: StartContext) {
        if (!server.primary || server.rehearsing) return;
        if (block !== undefined) blocking = new Blocking(Math.max(1, block.rate));
        for (const [path, respond] of pages(blocking, signal)) serve(address, path, respond);
      },
      async stop() {
        blocking?.stop();
      },
    };
  },
});
