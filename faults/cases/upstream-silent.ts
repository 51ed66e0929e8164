// One of two upstreams is there and says nothing, as behind a firewall or a dead link.
import { atMost, exactly, type Fault } from '../fault.ts';
import { watchShare } from '../share.ts';

export const upstreamSilent: Fault = {
  name: 'upstream-silent',
  title: 'one of two upstreams blackholed for two fifths of the time, 1,000 new names a second',
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [exactly('lost', 0), atMost('p99 ms', 400), atMost('over 1 s', 100), atMost('out after s', 1), atMost('back after s', 2)],
  async run(lab) {
    const [ill, well] = [await lab.upstream(), await lab.upstream()];
    const server = await lab.start({ upstreams: [ill.port, well.port] });
    await lab.warm(server);
    const seconds = lab.seconds * 2;
    const load = lab.load(server, { names: 'new', rate: 1000, seconds });
    const share = await watchShare(lab, ill, seconds);
    const { sent, lost, p50, p99, max, overSecond, failed } = await load;
    const figures = { sent, lost, failed, 'p50 ms': p50, 'p99 ms': p99, 'max ms': max, 'over 1 s': overSecond };
    return { ...figures, 'out after s': share.out, 'back after s': share.back };
  },
};
