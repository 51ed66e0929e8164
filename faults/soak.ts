// Drives ferrydns alone for a long time, while faults come in turn: nothing may be lost, and neither memory nor descriptors may grow.
import type { Children } from '../bench/children.ts';
import type { FoundServer } from '../bench/start.ts';
import { slope } from '../bench/statistics.ts';
import { atMost, exactly, type Fault, type Figures } from './fault.ts';
import { after, Lab } from './lab.ts';
import type { FaultResult } from './report.ts';
import type { Subject } from './subject.ts';

const RATE = 250;
/** Seconds of one load; a fault lasts a part of each. */
const ROUND = 60;
/** Rounds until the code is compiled and the cache has taken its place. */
const SETTLING = 5;

interface Trouble {
  readonly what: string;
  make(lab: Lab, server: Subject, upstream: number): Promise<void>;
}

/** Each ends well before its round does. */
const troubles: readonly Trouble[] = [
  { what: 'nothing', make: async () => {} },
  {
    what: 'one of two upstreams blackholed for 20 s',
    async make(lab, _server, upstream) {
      lab.network.silence(upstream);
      await after(20_000);
      lab.network.mend();
    },
  },
  {
    what: 'one of two upstreams 2 s blackholed, 2 s well, for 30 s',
    async make(lab, _server, upstream) {
      for (let count = 0; count < 7; count += 1) {
        lab.network.silence(upstream);
        await after(2000);
        lab.network.mend();
        await after(2000);
      }
    },
  },
  {
    what: '20 % loss to one of two upstreams for 30 s',
    async make(lab, _server, upstream) {
      lab.network.lose(upstream, 20);
      await after(30_000);
      lab.network.mend();
    },
  },
  {
    what: '20 reloads',
    async make(_lab, server) {
      for (let count = 0; count < 20; count += 1) {
        server.child.process.kill('SIGHUP');
        await after(1000);
      }
    },
  },
];

const fault: Fault = {
  name: 'soak',
  title: `${RATE} new names and ${RATE} names from the cache a second, half a minute of a fault in each minute, in turn: ${troubles.map(({ what }) => what).join('; ')}`,
  peers: [],
  expectations: [exactly('lost', 0), exactly('failed', 0), atMost('MiB per hour', 1), atMost('descriptors gained', 5)],
  run: () => Promise.reject(new Error('the soak has a length of its own')),
};

/** Drives it for so many seconds. `say` is told of each round. */
export async function soak(found: readonly FoundServer[], children: Children, seconds: number, say: (text: string) => void): Promise<FaultResult> {
  const one = found.find(({ server }) => server.name === 'ferrydns');
  if (one === undefined) throw new Error('there is no ferrydns to be soaked');
  const lab = new Lab(one, children, ROUND);
  const outcome = await run(lab, seconds, say).then(
    (figures) => ({ server: 'ferrydns', figures }),
    (error: unknown) => ({ server: 'ferrydns', figures: {}, failure: error instanceof Error ? error.message : String(error) }),
  );
  await lab.end();
  return { fault, outcomes: [outcome] };
}

async function run(lab: Lab, seconds: number, say: (text: string) => void): Promise<Figures> {
  const [ill, well] = [await lab.upstream(), await lab.upstream()];
  const server = await lab.start({ upstreams: [ill.port, well.port] });
  await lab.warm(server);
  const memory: number[] = [];
  const descriptors: number[] = [];
  const sum = { sent: 0, lost: 0, failed: 0, max: 0 };
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const trouble = troubles[memory.length % troubles.length] ?? troubles[0];
    const load = { rate: RATE, seconds: ROUND } as const;
    const [kept, fresh] = await Promise.all([
      lab.load(server, { ...load, names: 'kept' }),
      lab.load(server, { ...load, names: 'new' }),
      after(5000).then(() => trouble?.make(lab, server, ill.port)),
    ]);
    sum.sent += kept.sent + fresh.sent;
    sum.lost += kept.lost + fresh.lost;
    sum.failed += kept.failed + fresh.failed;
    sum.max = Math.max(sum.max, kept.max, fresh.max);
    await after(1000);
    memory.push(server.memory);
    descriptors.push(server.descriptors);
    say(
      `minute ${memory.length}: ${trouble?.what}: lost ${sum.lost}, failed ${sum.failed}, ${server.memory.toFixed(1)} MiB, ${server.descriptors} descriptors`,
    );
  }
  const settled = memory.slice(Math.min(SETTLING, Math.floor(memory.length / 2)));
  return {
    sent: sum.sent,
    lost: sum.lost,
    failed: sum.failed,
    'max ms': sum.max,
    'MiB per hour': (slope(settled) * 3600) / (ROUND + 1),
    'descriptors gained': (descriptors.at(-1) ?? 0) - (descriptors[0] ?? 0),
    'RSS MiB': memory.at(-1) ?? Number.NaN,
    descriptors: descriptors.at(-1) ?? Number.NaN,
  };
}
