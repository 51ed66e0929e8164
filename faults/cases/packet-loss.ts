// The way to one of two upstreams loses packets.
import { atMost, exactly, type Fault } from '../fault.ts';

export const packetLoss: Fault = {
  name: 'packet-loss',
  title: '20 % of the packets to one of two upstreams are lost; 1,000 new names a second',
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [exactly('lost', 0), exactly('failed', 0), atMost('p99 ms', 500)],
  async run(lab) {
    const [ill, well] = [await lab.upstream(), await lab.upstream()];
    const server = await lab.start({ upstreams: [ill.port, well.port] });
    await lab.warm(server);
    lab.network.lose(ill.port, 20);
    const { sent, lost, failed, p50, p99, max, overSecond } = await lab.load(server, { names: 'new', rate: 1000, seconds: lab.seconds });
    return { sent, lost, failed, 'p50 ms': p50, 'p99 ms': p99, 'max ms': max, 'over 1 s': overSecond };
  },
};
