// Nothing breaks: what the others are to be compared with.
import { atMost, exactly, type Fault } from '../fault.ts';

export const nothing: Fault = {
  name: 'nothing',
  title: 'nothing breaks: 1,000 new names a second, two upstreams',
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [exactly('lost', 0), atMost('p99 ms', 5)],
  async run(lab) {
    const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
    const server = await lab.start({ upstreams });
    await lab.warm(server);
    const { sent, lost, p50, p99, max } = await lab.load(server, { names: 'new', rate: 1000, seconds: lab.seconds });
    return { sent, lost, 'p50 ms': p50, 'p99 ms': p99, 'max ms': max };
  },
};
