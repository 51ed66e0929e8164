// What a real API server does to those who watch it: whatever it is, every name is answered all the time, and changes are answered in the end. Beside CoreDNS, with
// figures, `npm run faults:kubernetes` does the same.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Children, createChildren } from '../../bench/children.ts';
import { clusterFaults } from '../../bench/cluster/faults.ts';
import { FaultyCluster } from '../../bench/cluster/faulty-cluster.ts';
import { ferrydns } from '../../bench/cluster/servers.ts';

/** Milliseconds between two questions. */
const askEvery = 20;
const scale = { cuts: 5, refusing: 3000 };
let children: Children;
let cluster: FaultyCluster;

beforeAll(async () => {
  children = createChildren();
  cluster = await FaultyCluster.start(children);
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  children?.end();
});

/** Asks for what is there all the time, until the signal aborts; resolves to the answers that were not it. */
async function wrongAnswers(signal: AbortSignal): Promise<string[]> {
  const wrong: string[] = [];
  const [server] = cluster.servers;
  for (let i = 0; !signal.aborted; i++) {
    const name = cluster.names[i % cluster.names.length] ?? '';
    const found = await server?.ask(name).catch((error: Error) => ({ answers: [], rcode: error.message }));
    if (found?.answers.length !== 1) wrong.push(`${name}: ${found?.rcode}`);
    await delay(askEvery);
  }
  return wrong;
}

describe('every name is answered, and what changed is answered in the end, when', () => {
  test.each(clusterFaults.map((fault) => [fault.name, fault] as const))('%s', async (_, fault) => {
    await cluster.serve([ferrydns], fault.way, fault.block);
    const ending = new AbortController();
    const asking = wrongAnswers(ending.signal);
    const delays = await fault.run(cluster, scale).finally(() => ending.abort());
    expect(await asking).toEqual([]);
    expect(delays.length).toBeGreaterThan(0);
    const [server] = cluster.servers;
    for (const each of delays) expect(each.get('ferrydns'), server?.printed()).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});
