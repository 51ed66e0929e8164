// The server is told to end, as at every roll-out.
import { atMost, exactly, type Fault } from '../fault.ts';
import { after } from '../lab.ts';
import { askTwoServers } from '../two-servers.ts';

const LAMEDUCK = 2;

export const stop: Fault = {
  name: 'stop',
  title: `SIGTERM with a lameduck time of ${LAMEDUCK} s, under 2,000 new names a second from clients that know a second server`,
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [exactly('lost', 0), exactly('exit code', 0), atMost('ended after s', LAMEDUCK + 2), exactly('lost in lameduck', 0)],
  async run(lab) {
    const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
    const first = await lab.start({ upstreams, lameduck: LAMEDUCK });
    const second = await lab.start({ upstreams, lameduck: LAMEDUCK }, { second: true });
    await lab.warm(first);
    await lab.warm(second);
    const clients = askTwoServers({ ports: [first.ports.dns, second.ports.dns], rate: 2000, seconds: LAMEDUCK + 4, nextName: lab.newName });
    await after(1000);
    const told = performance.now();
    first.child.process.kill('SIGTERM');
    const code = await lab.children.finish(first.child, 20_000).catch(() => Number.NaN);
    const endedAfter = (performance.now() - told) / 1000;
    const { sent, lost, retried } = await clients;
    const lameducked = lab.server === 'ferrydns' || lab.server === 'coredns';
    return {
      sent,
      lost,
      'asked the second': retried.length,
      'exit code': code,
      'ended after s': endedAfter,
      ...(lameducked ? { 'lost in lameduck': retried.filter((at) => at < told + LAMEDUCK * 1000 - 100).length } : {}),
    };
  },
};
