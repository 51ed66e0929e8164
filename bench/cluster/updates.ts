// Updates of endpoints at a fixed rate, from a played API server to several DNS servers at once: what an update costs each, and how long it takes until it is answered.
// Both hear of it as Protocol Buffers, as from a real API server. That and its etcd would take both cores of a small machine for a few hundred updates a second.
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { PlayedApi } from '../../test/support/played-api.ts';
import type { Children } from '../children.ts';
import { processTime } from '../process-time.ts';
import { percentile } from '../statistics.ts';
import { changedAddress, largeCluster, serviceNames, sliceOf } from './large-cluster.ts';
import { type ClusterServer, type ServerKind, startServer } from './servers.ts';

export interface UpdateFigures {
  /** CPU time of the server for one update, in microseconds. */
  readonly cpu: number;
  /** Milliseconds from an update to its answer, ascending. */
  readonly delays: readonly number[];
}

export interface UpdateLoad {
  /** Updates in a second. */
  readonly rate: number;
  /** Seconds of each part: one in which the CPU time is taken, and one in which updates are asked for. */
  readonly seconds: number;
}

/** Milliseconds. */
const longestWait = 10_000;

export async function underUpdates(children: Children, kinds: readonly ServerKind[], load: UpdateLoad): Promise<readonly UpdateFigures[]> {
  await using api = await PlayedApi.start([...largeCluster()], { protobuf: 'plain' });
  const servers: ClusterServer[] = [];
  for (const kind of kinds) servers.push(await startServer(children, kind, { block: [`endpoint ${api.url}`, 'startup_timeout 120s'] }));
  const updates = new Updates(api);
  const used = servers.map(({ child }) => processTime(child.pid));
  await updates.run(load);
  const cpu = servers.map(({ child }, i) => (processTime(child.pid) - (used[i] ?? 0)) / (load.rate * load.seconds));
  const ending = new AbortController();
  const delays = servers.map((server) => delaysOf(server, updates, ending.signal));
  await updates.run(load);
  ending.abort();
  const figures: UpdateFigures[] = [];
  for (const [i, each] of delays.entries()) figures.push({ cpu: cpu[i] ?? 0, delays: (await each).toSorted((a, b) => a - b) });
  for (const server of servers) await server.stop();
  return figures;
}

class Updates {
  private readonly api: PlayedApi;
  private round = 0;
  private waiting: ((round: number) => void)[] = [];

  constructor(api: PlayedApi) {
    this.api = api;
  }

  async run({ rate, seconds }: UpdateLoad): Promise<void> {
    const begun = performance.now();
    for (let i = 0; i < rate * seconds; i++) {
      const early = begun + (i * 1000) / rate - performance.now();
      if (early > 1) await delay(early);
      else await turn();
      const round = ++this.round;
      this.api.put(sliceOf(round % serviceNames.length, round));
      for (const tell of this.waiting.splice(0)) tell(round);
    }
  }

  /** Resolves to the number of the next update, when it is made. */
  next(): Promise<number> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** Waits for the answer to one update after another. */
async function delaysOf(server: ClusterServer, updates: Updates, signal: AbortSignal): Promise<readonly number[]> {
  const delays: number[] = [];
  const ended = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  for (;;) {
    const round = await Promise.race([updates.next(), ended]);
    if (round === undefined) return delays;
    delays.push(await answeredAfter(server, round));
  }
}

/** Milliseconds until a server answers for the endpoint that an update has brought. */
async function answeredAfter(server: ClusterServer, round: number): Promise<number> {
  const since = performance.now();
  const name = `${changedAddress(round).replaceAll('.', '-')}.${serviceNames[round % serviceNames.length]}`;
  while (performance.now() - since < longestWait) {
    const { answers } = await server.ask(name).catch(() => ({ answers: [] }));
    if (answers.length > 0) break;
    await delay(1);
  }
  return performance.now() - since;
}

/** p50, p90 and p99. */
export function describeDelays({ delays }: UpdateFigures): string {
  return [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${percentile(delays, share).toFixed(1)} ms`).join(', ');
}
