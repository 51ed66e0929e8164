// One of two upstreams is killed and started again: its port refuses meanwhile.
import { atMost, exactly, type Fault } from '../fault.ts';
import { after } from '../lab.ts';

export const upstreamKilled: Fault = {
  name: 'upstream-killed',
  title: 'one of two upstreams killed, and started again a third of the time later; 1,000 new names a second',
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [exactly('lost', 0), atMost('p99 ms', 10)],
  async run(lab) {
    const [ill, well] = [await lab.upstream(), await lab.upstream()];
    const server = await lab.start({ upstreams: [ill.port, well.port] });
    await lab.warm(server);
    const third = lab.seconds * 500;
    const load = lab.load(server, { names: 'new', rate: 1000, seconds: lab.seconds * 1.5 });
    await after(third);
    ill.child.process.kill('SIGKILL');
    await after(third);
    await lab.upstream({ port: ill.port });
    const { sent, lost, p50, p99, max, failed } = await load;
    return { sent, lost, failed, 'p50 ms': p50, 'p99 ms': p99, 'max ms': max };
  },
};
