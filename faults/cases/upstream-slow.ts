// An upstream is late with every answer.
import { atMost, exactly, type Fault } from '../fault.ts';

export const upstreamSlow: readonly Fault[] = [80, 300, 3000].map((late) => ({
  name: `upstream-slow-${late}`,
  title: `the only upstream answers ${late} ms late; 500 new names a second`,
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [exactly('lost', 0), exactly('failed', 0), atMost('added p50 ms', 2)],
  async run(lab) {
    const upstream = await lab.upstream({ late });
    const server = await lab.start({ upstreams: [upstream.port] });
    await lab.load(server, { names: 'new', rate: 500, seconds: 3, timeout: 6 });
    const asked = await upstream.queries();
    const { sent, lost, failed, p50, p99, max } = await lab.load(server, { names: 'new', rate: 500, seconds: lab.seconds / 2, timeout: 6 });
    const perQuery = ((await upstream.queries()) - asked) / sent;
    return { sent, lost, failed, 'added p50 ms': p50 - late, 'added p99 ms': p99 - late, 'max ms': max, 'upstream queries per query': perQuery };
  },
}));
