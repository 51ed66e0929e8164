// The machine has little memory to give.
import { atLeast, atMost, exactly, type Fault } from '../fault.ts';
import { makeMemoryGroup } from '../memory-group.ts';

const MEBIBYTES = 128;

export const memory: Fault = {
  name: 'memory',
  title: `a memory limit of ${MEBIBYTES} MiB, under a flood of new names with 1,000 at a time`,
  peers: ['coredns', 'unbound', 'dnsdist'],
  needs: ['memory group'],
  expectations: [exactly('killed', 0), atMost('RSS MiB', MEBIBYTES), atLeast('kept names in cache %', 99)],
  async run(lab) {
    const upstream = await lab.upstream();
    using group = makeMemoryGroup(MEBIBYTES * 2 ** 20);
    const server = await lab.start({ upstreams: [upstream.port] }, { through: group.through });
    await lab.warm(server);
    const [flood, kept] = await Promise.all([
      lab.loadThrough(server, { names: 'new', seconds: lab.seconds * 1.5, outstanding: 1000 }),
      lab.loadThrough(server, { names: 'kept', seconds: lab.seconds * 1.5, rate: 500 }),
    ]);
    const killed = group.kills();
    const { memory: resident, alive } = server.alive ? server : { memory: Number.NaN, alive: false };
    const before = alive ? await upstream.queries() : 0;
    const asked = alive ? (await lab.load(server, { names: 'kept', seconds: 'once', outstanding: 20 })).sent : Number.NaN;
    const again = alive ? (await upstream.queries()) - before : Number.NaN;
    await server.stop();
    return {
      'names per s': flood.answered / (lab.seconds * 1.5),
      killed,
      'lost %': (100 * (flood.lost + kept.lost)) / (flood.sent + kept.sent),
      'RSS MiB': resident,
      'kept names in cache %': 100 * (1 - again / asked),
      'kept p99 ms': kept.p99,
    };
  },
};
