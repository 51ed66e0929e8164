// Says over HTTP that the process lives, also while it goes down, and watches how fast it can say so.
import { definePlugin, duration, httpAddress, type Instance, optional, type SetupContext, setting } from 'ferrydns/plugin';
import { OverloadProbe } from './probe.ts';

/** Milliseconds from one look at the own endpoint to the next. */
const probeInterval = 1000;

export default definePlugin({
  name: 'health',
  summary: 'says over HTTP that the server lives, and delays its end',
  config: {
    args: { address: optional(httpAddress) },
    block: { lameduck: setting(duration(), 'time to go on answering after SIGTERM; none unless given') },
    repeat: 'merge',
  },
  setup(uses, context) {
    const address = uses.findLast((use) => use.address !== undefined)?.address ?? ':8080';
    const lameduck = uses.findLast((use) => use.lameduck !== undefined)?.lameduck ?? 0;
    return { ...endpoint(address, context), ...(lameduck > 0 ? { settings: { lameduck } } : {}) };
  },
});

function endpoint(address: string, context: SetupContext): Instance {
  const probe = new OverloadProbe(address, context);
  return {
    start({ serve, every, server }) {
      serve(address, '/health', () => ({ status: 200, body: 'OK' }));
      every(probeInterval, () => {
        const port = server.httpPort(address);
        return port === undefined ? undefined : probe.run(port);
      });
    },
  };
}
