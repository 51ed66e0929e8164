// An upstream sends forged and broken replies before the right one.
import { join } from 'node:path';
import { atMost, exactly, type Fault } from '../fault.ts';
import { FORGED } from '../lying-upstream.ts';

const ASKED_ONE_BY_ONE = 200;

export const upstreamLying: Fault = {
  name: 'upstream-lying',
  title: 'the only upstream sends a forged or broken reply, and the right one 20 ms later; 500 new names a second',
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [exactly('lost', 0), exactly('failed', 0), exactly('forged', 0), atMost('RSS growth MiB', 30)],
  async run(lab) {
    const upstream = await lab.upstream({ program: join(import.meta.dirname, '../lying-upstream.ts') });
    const server = await lab.start({ upstreams: [upstream.port] });
    await lab.load(server, { names: 'new', rate: 500, seconds: 2 });
    const before = server.memory;
    const { sent, lost, failed, p99 } = await lab.load(server, { names: 'new', rate: 500, seconds: lab.seconds });
    let forged = 0;
    for (let count = 0; count < ASKED_ONE_BY_ONE; count += 1) {
      const asked = await server.ask(lab.newName()).catch(() => undefined);
      if (asked?.answer.answers.some((record) => record.includes(FORGED)) === true) forged += 1;
    }
    return { sent, lost, failed, [`forged`]: forged, 'p99 ms': p99, 'RSS growth MiB': server.memory - before };
  },
};
