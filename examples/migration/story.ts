// The story of a DNS service that moves from A to B: starts both, lets the clients live, changes the state step by step, and looks at the clients.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from 'ferrydns/testing';
import { Crowd, emptyTally, serviceName, type Tally } from './client.ts';
import { Service } from './service.ts';
import { type Course, deviation, expectedShare, type Phases } from './theory.ts';

export const addressOfA = '127.0.0.2';
export const addressOfB = '127.0.0.3';

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

/** A look at all clients. */
export interface Look {
  readonly stage: string;
  /** TTLs since the story began. */
  readonly time: number;
  /** TTLs since the stage began. */
  readonly inStage: number;
  /** Shares of the clients that use DNS A. */
  readonly measured: number;
  readonly expected: number;
  /** One standard deviation of the share. */
  readonly sigma: number;
}

/** What the clients were told during a stage. */
interface StageResult {
  readonly name: string;
  readonly course: Course;
  readonly start: number;
  readonly length: number;
  readonly tally: Tally;
}

export interface StoryResult {
  /** Seconds, as the first answer said. */
  readonly ttl: number;
  readonly looks: readonly Look[];
  readonly stages: readonly StageResult[];
  /** What each service that runs answers at the end. */
  readonly end: readonly string[];
}

interface Stage {
  readonly name: string;
  readonly course: Course;
  /** TTLs. */
  readonly length: number;
  /** What an operator, or fate, does at its beginning. */
  readonly begin: () => Promise<void>;
}

/** Looks at the clients for each TTL. */
export const looksPerTtl = 4;

const file = (name: string) => new URL(`./${name}.Corefile`, import.meta.url);

/** Tells the story once. Every server that it started has ended when it resolves or rejects. */
export async function tell(options: StoryOptions): Promise<StoryResult> {
  const directory = mkdtempSync(join(tmpdir(), 'ferrydns-migration-'));
  const port = await freePort([addressOfA, addressOfB]);
  const { command } = options;
  const a = new Service({ name: 'DNS A', address: addressOfA, port, command, directory });
  const b = new Service({ name: 'DNS B', address: addressOfB, port, command, directory });
  const forget = () => rmSync(directory, { recursive: true, force: true });
  const killNow = () => {
    for (const service of [a, b]) service.killNow();
    forget();
  };
  process.once('exit', killNow);
  try {
    await a.start(file('original'));
    return await live(a, b, options);
  } finally {
    await Promise.all([a.stop(), b.stop()]);
    process.removeListener('exit', killNow);
    forget();
  }
}

async function live(a: Service, b: Service, options: StoryOptions): Promise<StoryResult> {
  const { port } = a;
  const first = await ask({ address: addressOfA, port, name: serviceName });
  const ttl = first.reply.answers[0]?.ttl ?? 0;
  const second = 1000 * options.scale;
  const length = ttl * second;
  const { phases } = options;
  const phase = (random: number) => (phases === 'spread' ? random : phases) * length;
  const crowd = new Crowd({ clients: options.clients, seed: options.seed, service: addressOfA, port, second, phase });
  const looks: Look[] = [];
  const results: StageResult[] = [];
  let start = 0;
  let before = 1;
  for (const stage of stagesOf(a, b, options)) {
    await stage.begin();
    crowd.tally = emptyTally();
    for (let step = 1; step <= stage.length * looksPerTtl; step++) {
      const inStage = step / looksPerTtl;
      await crowd.runUntil((start + inStage) * length);
      const expected = expectedShare(stage.course, before, inStage, phases);
      const sigma = deviation(expected, options.clients);
      const look = { stage: stage.name, time: start + inStage, inStage, measured: crowd.share(addressOfA), expected, sigma };
      looks.push(look);
      options.report?.(look);
    }
    results.push({ name: stage.name, course: stage.course, start, length: stage.length, tally: crowd.tally });
    before = expectedShare(stage.course, before, stage.length, phases);
    start += stage.length;
  }
  const end = await ask({ address: addressOfB, port, name: serviceName });
  return { ttl, looks, stages: results, end: end.answers };
}

function stagesOf(a: Service, b: Service, { transition, again }: StoryOptions): Stage[] {
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

/** A port that is free for UDP and TCP at every one of the addresses, and not among those that systems give to clients. */
async function freePort(addresses: readonly string[]): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = randomInt(10_240, 32_768);
    const tries = addresses.flatMap((address) => [isFreeForUdp(address, port), isFreeForTcp(address, port)]);
    if ((await Promise.all(tries)).every((free) => free)) return port;
  }
  throw new Error(`no port is free at ${addresses.join(' and ')}, expected two addresses of the loopback interface`);
}

async function isFreeForUdp(address: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createSocket('udp4');
  socket.once('error', () => resolve(false));
  socket.bind(port, address, () => resolve(true));
  return promise.finally(() => socket.close());
}

async function isFreeForTcp(address: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, address, () => server.close(() => resolve(true)));
  return promise;
}
