// No upstream says anything: what needs none goes on, the rest is told so in time, and all is well soon after it is mended.
import { atLeast, atMost, exactly, type Fault } from '../fault.ts';
import { after } from '../lab.ts';

/** Network Error, and No Reachable Authority (RFC 8914 sections 4.23 and 4.24). */
const EXPLAINED = [22, 23];

export const upstreamsSilent: Fault = {
  name: 'upstreams-silent',
  title: 'all upstreams blackholed; 1,000 new names, 1,000 names from the cache and 1,000 local ones a second',
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [
    exactly('cached lost', 0),
    atMost('cached p99 ms', 5),
    exactly('local lost', 0),
    atMost('local p99 ms', 5),
    exactly('new lost', 0),
    atMost('SERVFAIL after ms', 5000),
    atLeast('explained', 1),
    atMost('RSS growth MiB', 50),
    atMost('recovery ms', 2000),
  ],
  async run(lab) {
    const upstreams = [await lab.upstream(), await lab.upstream()];
    const server = await lab.start({ upstreams: upstreams.map(({ port }) => port) });
    await lab.warm(server);
    const before = server.memory;
    for (const { port } of upstreams) lab.network.silence(port);
    const { seconds } = lab;
    const loads = Promise.all([
      lab.load(server, { names: 'kept', rate: 1000, seconds }),
      lab.load(server, { names: 'local', rate: 1000, seconds }),
      lab.load(server, { names: 'new', rate: 1000, seconds: seconds - 2, timeout: 6 }),
    ]);
    await after(1000);
    const asked = await server.ask(lab.newName()).catch(() => undefined);
    const [kept, local, fresh] = await loads;
    const growth = server.memory - before;
    lab.network.mend();
    const recovery = await server.untilAnswered(lab.newName);
    return {
      'cached lost': kept.lost,
      'cached p99 ms': kept.p99,
      'local lost': local.lost,
      'local p99 ms': local.p99,
      'new lost': fresh.lost,
      'SERVFAIL after ms': fresh.max,
      explained: asked?.answer.extendedErrors.some(({ code }) => EXPLAINED.includes(code)) === true ? 1 : 0,
      'RSS growth MiB': growth,
      'recovery ms': recovery,
    };
  },
};
