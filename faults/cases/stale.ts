// All upstreams are silent, and what is in the cache has expired.
import { median } from '../../bench/statistics.ts';
import { atLeast, atMost, exactly, type Fault } from '../fault.ts';
import { after } from '../lab.ts';

const STALE_ANSWER = 3;
const NAMES = 20;

export const stale: Fault = {
  name: 'stale',
  title: 'all upstreams blackholed, and what was cached has expired; with serve_stale, or what the others have for it',
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [
    exactly('lost', 0),
    exactly('failed', 0),
    atMost('first ms', 1800),
    atMost('then p50 ms', 5),
    atMost('TTL', 30),
    atLeast('explained', 1),
    exactly('new lost', 0),
  ],
  async run(lab) {
    const upstreams = [await lab.upstream(), await lab.upstream()];
    const server = await lab.start({ upstreams: upstreams.map(({ port }) => port), keep: 1, stale: true });
    const names = Array.from({ length: NAMES }, (_, index) => `s${index}.stale.bench.`);
    for (const name of names) await server.ask(name);
    for (const { port } of upstreams) lab.network.silence(port);
    await after(3000);
    const ask = async (name: string) => server.ask(name).catch(() => undefined);
    const fresh = ask(lab.newName());
    const first = await Promise.all(names.map(ask));
    const then: typeof first = [];
    for (const name of names) then.push(await ask(name));
    const given = [...first, ...then];
    const milliseconds = (all: typeof first) => all.map((asked) => asked?.milliseconds ?? Number.NaN);
    const answers = given.flatMap((asked) => asked?.answer ?? []);
    return {
      lost: given.length - answers.length,
      failed: answers.filter(({ rcode }) => rcode !== 'NOERROR').length,
      'first ms': Math.max(...milliseconds(first)),
      'then p50 ms': median(milliseconds(then)),
      TTL: Math.max(...answers.map(({ answers: [record = ''] }) => Number(record.split(' ')[1]))),
      explained: answers.every(({ extendedErrors }) => extendedErrors.some(({ code }) => code === STALE_ANSWER)) ? 1 : 0,
      'new lost': (await fresh) === undefined ? 1 : 0,
    };
  },
};
