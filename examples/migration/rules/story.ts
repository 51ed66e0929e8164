// The story of a DNS service that moves from A to B: starts both, lets the clients live, changes the state step by step, and looks at the clients.
import { ask } from 'ferrydns/testing';
import { Crowd, serviceName } from '../client.ts';
import { type Look, live, type Stage, type StoryResult } from '../life.ts';
import { addressOfA, addressOfB, type Pair, withPair } from '../pair.ts';
import type { Phases } from '../theory.ts';

export interface StoryOptions {
  readonly clients: number;
  readonly seed: number;
  /** How much of a real second a second of a TTL takes. */
  readonly scale: number;
  readonly phases: Phases;
  /** The server program and its first words. */
  readonly command: readonly string[];
  /** TTLs that the clients spend in the transition before DNS B is killed. */
  readonly transition: number;
  /** TTLs that they spend in it after DNS B has come back. */
  readonly again: number;
  /** Called with each look at the clients. */
  readonly report?: (look: Look) => void;
}

const file = (name: string) => new URL(`./${name}.Corefile`, import.meta.url);

/** Tells the story once. Every server that it started has ended when it resolves or rejects. */
export function tell(options: StoryOptions): Promise<StoryResult> {
  return withPair(options, async (pair) => {
    await pair.a.start(file('original'));
    return await watch(pair, options);
  });
}

async function watch(pair: Pair, options: StoryOptions): Promise<StoryResult> {
  const { port } = pair;
  const first = await ask({ address: addressOfA, port, name: serviceName });
  const ttl = first.reply.answers[0]?.ttl ?? 0;
  const second = 1000 * options.scale;
  const length = ttl * second;
  const { clients, seed, phases, report } = options;
  const phase = (random: number) => (phases === 'spread' ? random : phases) * length;
  const crowd = new Crowd({ clients, seed, service: addressOfA, port, second, phase });
  const lived = await live(stagesOf(pair, options), { crowd, service: addressOfA, ttl: length, phases, report });
  const end = await ask({ address: addressOfB, port, name: serviceName });
  return { ttl, ...lived, end: end.answers };
}

function stagesOf({ a, b }: Pair, { transition, again }: StoryOptions): Stage[] {
  return [
    { name: 'original', course: 'stay', length: 1, begin: async () => {} },
    {
      name: 'transition',
      course: 'halve',
      length: transition,
      // DNS B is there before anybody is told of it.
      begin: async () => {
        await b.start(file('dns-b'));
        await a.reload(file('dns-a'));
      },
    },
    { name: 'B is down', course: 'return', length: 2, begin: () => b.kill() },
    { name: 'B is back', course: 'halve', length: again, begin: () => b.start(file('dns-b')) },
    { name: 'new', course: 'leave', length: 1, begin: () => a.reload(file('new')) },
    { name: 'A is off', course: 'stay', length: 1, begin: () => a.stop() },
  ];
}
