// More is asked than can be answered.
import { atLeast, atMost, type Fault, type Figures } from '../fault.ts';
import { after, type Lab } from '../lab.ts';

export const overload: readonly Fault[] = [
  {
    name: 'overload',
    title: 'new names as fast as dnsperf can with 5,000 at a time, for thrice the usual time',
    peers: ['coredns', 'unbound', 'dnsdist'],
    expectations: [atMost('p99 of answered ms', 1000), atMost('RSS growth MiB', 100), atMost('recovery ms', 1000), atLeast('event loop metric', 1)],
    run: (lab) => flood(lab, []),
  },
  {
    name: 'overload-shed',
    title: 'the same with the plugin shed',
    peers: ['coredns'],
    expectations: [atMost('p99 of answered ms', 1000), atMost('RSS growth MiB', 100), atMost('recovery ms', 1000)],
    run: (lab) => flood(lab, ['shed']),
  },
];

async function flood(lab: Lab, lines: readonly string[]): Promise<Figures> {
  const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
  const server = await lab.start({ upstreams, lines });
  await lab.warm(server);
  // The cache fills in any case: it is not what is looked for.
  await lab.load(server, { names: 'new', seconds: lab.seconds });
  const before = server.memory;
  const load = lab.load(server, { names: 'new', seconds: lab.seconds * 2, outstanding: 5000, timeout: 2 });
  let peak = before;
  const sampling = setInterval(() => {
    if (server.alive) peak = Math.max(peak, server.memory);
  }, 200);
  const { sent, answered, lost, p50, p99 } = await load.finally(() => clearInterval(sampling));
  const recovery = await server.untilAnswered(lab.newName);
  await after(500);
  const calm = await lab.load(server, { names: 'new', rate: 1000, seconds: 3 });
  return {
    'answers per s': answered / (lab.seconds * 2),
    'lost %': (100 * lost) / sent,
    'p50 of answered ms': p50,
    'p99 of answered ms': p99,
    'RSS growth MiB': peak - before,
    'recovery ms': recovery,
    'p99 afterwards ms': calm.p99,
    ...(lab.isFerrydns ? { 'event loop metric': (await server.metric('nodejs_eventloop_lag_p99_seconds')) >= 0 ? 1 : 0 } : {}),
  };
}
