// What the console tells of the traffic: counts by server block and plugin, the last hour in steps, upstreams, processes.
import { serve, type TestServer } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import type { OverviewBlock, ToldOverview } from '../../plugins/console/told.ts';
import { askConsole, consoleBlock, serveConsole, told } from '../support/console.ts';
import { eventsOf, open } from '../support/http.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';

const look = async (server: TestServer): Promise<ToldOverview> => told(await askConsole(server, '/overview'));
const sum = (numbers: readonly number[] = []) => numbers.reduce((total, each) => total + each, 0);
const counted = ({ chain }: OverviewBlock) => chain.map(({ plugin, queries, answered, failed }) => [plugin, queries, answered, failed]);

describe('a chain', () => {
  test('tells how many queries each plugin was given, answered and failed at', async () => {
    const upstream = await startUpstream({ 'a.example A': { answer: ['a.example 300 A 192.0.2.7'] }, 'b.example A': { rcode: 'NXDOMAIN' } });
    await using server = await serveConsole([], ['local', 'cache', `forward . 127.0.0.1:${upstream.port}`]);
    for (const name of ['a.example', 'a.example', 'a.example', 'b.example', 'localhost']) await server.ask(name);
    const { blocks, upstreams } = await look(server);
    expect(blocks.map(counted)).toEqual([
      [
        ['local', 5, 1, 0],
        ['cache', 4, 2, 0],
        ['forward', 2, 2, 0],
      ],
    ]);
    expect(upstreams).toMatchObject([{ block: blocks[0]?.id, address: `127.0.0.1:${upstream.port}`, up: true, replies: 2 }]);
    await upstream.stop();
  });

  test('counts an error for the plugin that was given the query last', async () => {
    await using server = await serveConsole([], ['forward . 127.0.0.1:1 {', '  max_fails 0', '}']);
    expect((await server.ask('a.example')).rcode).toBe('SERVFAIL');
    const { blocks, upstreams } = await look(server);
    expect(blocks.map(counted)).toEqual([[['forward', 1, 0, 1]]]);
    expect(upstreams).toMatchObject([{ address: '127.0.0.1:1' }]);
  });

  test('is counted for every block, in whichever the console stands, and once where there are two', async () => {
    await using server = await serve(`a.org:0 {\n whoami\n}\n${consoleBlock()}b.org:0 {\n console 127.0.0.2:0\n whoami\n}\n`);
    const ports = server.server.listening().filter(({ transport }) => transport === 'udp');
    for (const { port } of ports) for (const name of ['www.a.org', 'www.b.org', 'www.c.org']) await server.ask(name, 'A', { port } as object);
    const { blocks, unrouted } = await look(server);
    expect(blocks.map(({ zone }) => zone)).toEqual(['a.org.', '.', 'b.org.']);
    expect(sum(blocks.map(({ chain }) => sum(chain.map(({ queries }) => queries)))) + (unrouted?.total ?? 0)).toBe(ports.length * 3);
    expect(told(await askConsole(server, '/overview', {}, '127.0.0.2:0')).blocks).toHaveLength(3);
  });

  test('does not count what nobody outside has asked', async () => {
    await using server = await serveConsole();
    await server.explain('a.example');
    expect((await look(server)).blocks.map(counted)).toEqual([[['whoami', 0, 0, 0]]]);
  });

  test('goes on being counted through a reload', async () => {
    await using server = await serveConsole();
    await server.ask('a.example');
    await server.reload(consoleBlock([], ['errors', 'whoami']));
    await server.ask('a.example');
    expect((await look(server)).blocks.map(counted)).toEqual([
      [
        ['errors', 2, 0, 0],
        ['whoami', 2, 2, 0],
      ],
    ]);
  });
});

describe('the last hour', () => {
  test('is told in steps of five seconds, by response code, cache and time', async () => {
    let now = 0;
    await using server = await serve(consoleBlock([], ['cache', 'hosts {', '  192.0.2.7 a.example', '  fallthrough', '}', 'whoami']), {
      now: () => now,
    });
    await server.ask('a.example');
    await server.ask('a.example');
    now = 5000;
    await expect.poll(async () => (await look(server)).blocks[0]?.queries.length, soon).toBe(1);
    await server.ask('b.example', 'MX');
    now = 20_000;
    await expect.poll(async () => (await look(server)).blocks[0]?.queries.length, soon).toBe(4);
    const { every, blocks, memory, processes } = await look(server);
    expect(every).toBe(5);
    const [block] = blocks;
    expect(block?.queries).toEqual([2, 1, 0, 0]);
    expect(sum(Object.values(block?.rcodes ?? {}).flat())).toBe(3);
    expect([sum(block?.hits), sum(block?.misses)]).toEqual([1, 2]);
    expect(block?.p50.map((each) => each === null)).toEqual([false, false, true, true]);
    expect(memory.rss).toHaveLength(4);
    expect(processes).toMatchObject([{ name: 'main', pid: process.pid, rss: expect.any(Number) }]);
  });

  test('goes on through a reload, and ends after an hour', async () => {
    let now = 0;
    await using server = await serve(consoleBlock(), { now: () => now });
    await server.ask('a.example');
    now = 5000;
    await expect.poll(async () => (await look(server)).blocks[0]?.queries, soon).toEqual([1]);
    await server.reload(consoleBlock([], ['errors', 'whoami']));
    expect((await look(server)).blocks[0]?.queries).toEqual([1]);
    now += 3_600_000;
    await expect.poll(async () => (await look(server)).blocks[0]?.queries.length, soon).toBe(720);
    expect(sum((await look(server)).blocks[0]?.queries)).toBe(0);
  });

  test('is followed by events that hold what is new', async () => {
    let now = 0;
    await using server = await serve(consoleBlock(), { now: () => now });
    const stream = await open({ port: server.server.httpPort('127.0.0.1:0'), path: '/overview/events' });
    const events = eventsOf(stream);
    await server.ask('a.example');
    now = 5000;
    const { value } = await events.next();
    expect(value?.name).toBe('overview');
    expect(JSON.parse(value?.data ?? '{}').blocks[0].queries).toEqual([1]);
    await server.ask('a.example');
    await server.ask('a.example');
    now = 10_000;
    expect(JSON.parse((await events.next()).value?.data ?? '{}').blocks[0].queries).toEqual([2]);
    stream.destroy();
  });
});

test('what the workers of `multisocket` have counted is told, with what they take', async () => {
  await using server = await serveConsole([], ['multisocket 2', 'whoami']);
  await server.ask('a.example');
  await server.ask('a.example', 'A', { transport: 'tcp' });
  await expect.poll(async () => (await look(server)).blocks.map(counted), soon).toEqual([[['whoami', 2, 2, 0]]]);
  await expect.poll(async () => (await look(server)).processes.map(({ name }) => name), soon).toEqual(['main', 'worker 0', 'worker 1']);
});
