// One of two upstreams comes and goes.
import { atMost, exactly, type Fault } from '../fault.ts';
import { after } from '../lab.ts';

const HALF_PERIOD = 2000;

export const upstreamFlapping: Fault = {
  name: 'upstream-flapping',
  title: 'one of two upstreams 2 s blackholed, 2 s well, and so on; 1,000 new names a second',
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [exactly('lost', 0), exactly('failed', 0), atMost('p99 ms', 500)],
  async run(lab) {
    const [ill, well] = [await lab.upstream(), await lab.upstream()];
    const server = await lab.start({ upstreams: [ill.port, well.port] });
    await lab.warm(server);
    const seconds = lab.seconds * 1.6;
    const load = lab.load(server, { names: 'new', rate: 1000, seconds });
    for (let passed = 0; passed + 2 * HALF_PERIOD <= seconds * 1000; passed += 2 * HALF_PERIOD) {
      lab.network.silence(ill.port);
      await after(HALF_PERIOD);
      lab.network.mend();
      await after(HALF_PERIOD);
    }
    const { sent, lost, failed, p50, p99, max, overSecond } = await load;
    return { sent, lost, failed, 'p50 ms': p50, 'p99 ms': p99, 'max ms': max, 'over 1 s': overSecond };
  },
};
