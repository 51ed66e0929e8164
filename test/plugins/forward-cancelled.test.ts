// A query that nobody waits for any more: no further upstream is asked for it, unless others wait for the same answer in the cache.
import { definePlugin } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { TcpClient } from '../support/client.ts';
import { queryMessage } from '../support/message.ts';
import { type Reaction, startUpstream, type Upstream } from '../support/upstream.ts';

const upstreamWith = async (reaction: Reaction): Promise<Upstream> => {
  const upstream = await startUpstream({ '. NS': 'NOERROR', 'www.test A': reaction });
  onTestFinished(() => upstream.stop());
  return upstream;
};
const asked = ({ asked: all }: Upstream, name: string) => all.filter(({ text }) => text.includes(` ${name}. IN A `)).length;

/** Two upstreams, of which the first is silent unless `react` says something else, and what becomes of the queries that go down the chain. */
async function failingOver(readTimeout: string, cache = 'cache', react: Reaction = { drop: true }) {
  const silent = await upstreamWith(react);
  let now = 1_000_000;
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  const well = await upstreamWith({ answer: ['www.test 60 A 192.0.2.1'] });
  const cancelled: string[] = [];
  const settled: string[] = [];
  const watch = definePlugin({
    name: 'watch',
    summary: 'sees whether anybody waits, and what comes',
    config: {},
    setup: () => ({
      handle: async (query, next) => {
        query.signal.addEventListener('abort', () => cancelled.push(query.name));
        try {
          const reply = await next(query);
          settled.push(`${query.name} ${reply.rcode}`);
          return reply;
        } catch (error) {
          settled.push(`${query.name} ${(error as Error).message}`);
          throw error;
        }
      },
    }),
  });
  const forward = `forward . ${silent.endpoint} ${well.endpoint} {\n policy sequential\n read_timeout ${readTimeout}\n}`;
  const server = await serve(`.:0 {\n errors\n ${cache}\n watch\n ${forward}\n}`, {
    plugins: [{ plugin: watch, place: { before: 'forward' } }],
    now: () => now,
  });
  onTestFinished(() => server.stop());
  return { silent, well, cancelled, settled, server, pass };
}

async function askOverTcp({ port }: TestServer): Promise<TcpClient> {
  const client = await TcpClient.open({ port });
  client.send(queryMessage('www.test'));
  return client;
}

test('when the client is gone no other upstream is asked', async () => {
  const { silent, well, cancelled, settled, server } = await failingOver('400ms');
  const client = await askOverTcp(server);
  await silent.wait(1);
  client.reset();
  await expect.poll(() => cancelled).toEqual(['www.test.']);
  await expect.poll(() => settled).toEqual(['www.test. nobody waits for the answer any more: the client is gone']);
  expect(asked(well, 'www.test')).toBe(0);
});

test('when others wait for the same answer the other upstream is asked though the first client is gone', async () => {
  const { silent, well, cancelled, server } = await failingOver('1s');
  const first = await askOverTcp(server);
  await silent.wait(1);
  const second = server.ask('www.test');
  const third = await askOverTcp(server);
  await expect.poll(() => server.metrics()).toMatch(/^coredns_cache_misses_total\{.*\} 3$/m);
  first.reset();
  third.reset();
  expect((await second).answers).toEqual(['www.test. 60 IN A 192.0.2.1']);
  expect(asked(silent, 'www.test')).toBeGreaterThanOrEqual(1);
  expect(asked(well, 'www.test')).toBeGreaterThanOrEqual(1);
  expect(cancelled).toEqual([]);
});

test('who comes when everybody is gone asks anew', async () => {
  const { silent, well, cancelled, server } = await failingOver('1s');
  const first = await askOverTcp(server);
  await silent.wait(1);
  first.reset();
  await expect.poll(() => cancelled).toEqual(['www.test.']);
  expect((await server.ask('www.test')).answers).toEqual(['www.test. 60 IN A 192.0.2.1']);
  expect(asked(silent, 'www.test')).toBe(2);
  expect(asked(well, 'www.test')).toBe(1);
});

/** A cache that asks again for what has expired, and an upstream that was well when it was asked first. */
async function refreshing() {
  const made = await failingOver('1s', 'cache {\n serve_stale 1h verify\n }', { answer: ['www.test 60 A 192.0.2.9'] });
  await made.server.ask('www.test');
  made.silent.script = { 'www.test A': { drop: true }, '. NS': 'NOERROR' };
  made.pass(100);
  const first = await askOverTcp(made.server);
  await made.silent.wait(2);
  return { ...made, first };
}

test('who waits for a refresh gets it though the client that it began with is gone', async () => {
  const { server, cancelled, first } = await refreshing();
  const second = server.ask('www.test');
  await expect.poll(() => server.metrics()).toMatch(/^coredns_cache_requests_total\{.*\} 3$/m);
  first.reset();
  expect((await second).answers).toEqual(['www.test. 60 IN A 192.0.2.1']);
  expect(cancelled).toEqual([]);
});

test('a refresh that nobody waits for any more is begun anew for the next client, and does not count as a failure', async () => {
  const { server, cancelled, settled, first } = await refreshing();
  first.reset();
  await expect.poll(() => cancelled).toEqual(['www.test.']);
  expect((await server.ask('www.test')).answers).toEqual(['www.test. 60 IN A 192.0.2.1']);
  await expect.poll(() => settled).toContain('www.test. nobody waits for the answer any more: the client is gone');
});
