// The server is killed, and started again at once, as a supervisor does.
import { atMost, exactly, type Fault } from '../fault.ts';
import { after } from '../lab.ts';

const RATE = 2000;

export const kill: Fault = {
  name: 'kill',
  title: `SIGKILL, and started again at once, under ${RATE.toLocaleString('en')} names from the cache a second`,
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [atMost('serves after ms', 1000), exactly('lost without need', 0)],
  async run(lab) {
    const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
    const setup = { upstreams };
    const server = await lab.start(setup);
    await lab.warm(server);
    const load = lab.loadThrough(server, { names: 'kept', rate: RATE, seconds: lab.seconds / 2, timeout: 1 });
    await after(1500);
    server.child.process.kill('SIGKILL');
    const killed = performance.now();
    await lab.start(setup);
    const down = performance.now() - killed;
    const { sent, lost, p99 } = await load;
    // What was sent while nobody listened is lost; what waited in the socket of the killed one is little.
    const unavoidable = Math.ceil((RATE * (down + 50)) / 1000);
    return { sent, lost, 'serves after ms': down, 'lost without need': Math.max(0, lost - unavoidable), 'p99 ms': p99 };
  },
};
