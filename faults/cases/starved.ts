// The server gets a fifth of a core, as under a CPU limit that is too low.
import { atMost, type Fault, type Figures } from '../fault.ts';
import { after, type Lab } from '../lab.ts';
import type { Subject } from '../subject.ts';

/** As the kernel does with a quota: in each period it runs for a while, then not at all. */
const RUNS = 20;
const STOPS = 80;

export const starved: readonly Fault[] = [
  {
    name: 'starved',
    title: 'the process runs 20 of every 100 ms, under 8,000 new names a second',
    peers: ['coredns', 'unbound', 'dnsdist'],
    expectations: [atMost('RSS growth MiB', 100), atMost('p99 of answered ms', 2000), atMost('recovery ms', 1000)],
    run: (lab) => starve(lab, []),
  },
  {
    name: 'starved-shed',
    title: 'the same with the plugin shed',
    peers: ['coredns'],
    expectations: [atMost('RSS growth MiB', 100), atMost('p99 of answered ms', 2000), atMost('recovery ms', 1000)],
    run: (lab) => starve(lab, ['shed']),
  },
];

async function starve(lab: Lab, lines: readonly string[]): Promise<Figures> {
  const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
  const server = await lab.start({ upstreams, lines });
  await lab.warm(server);
  await lab.load(server, { names: 'new', seconds: 3, rate: 8000 });
  const before = server.memory;
  const throttle = throttled(server);
  const { seconds } = lab;
  const load = await lab.load(server, { names: 'new', rate: 8000, seconds, timeout: 3 }).finally(() => {
    throttle.ended = true;
  });
  const recovery = await server.untilAnswered(lab.newName);
  return {
    'answers per s': load.answered / seconds,
    'lost %': (100 * load.lost) / load.sent,
    'p50 of answered ms': load.p50,
    'p99 of answered ms': load.p99,
    'RSS growth MiB': throttle.peak - before,
    'recovery ms': recovery,
  };
}

/** Stops and continues it until it is ended; knows how much memory it had at most. */
function throttled(server: Subject) {
  const state = { peak: 0, ended: false };
  void (async () => {
    while (!state.ended && server.alive) {
      server.signal('SIGSTOP');
      state.peak = Math.max(state.peak, server.memory);
      await after(STOPS);
      server.signal('SIGCONT');
      await after(RUNS);
    }
  })();
  return state;
}
