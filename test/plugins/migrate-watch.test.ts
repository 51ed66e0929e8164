// Checks of a side that is a name: its addresses are followed through the server, and each of them is looked at.
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type PlanServer, type Status, servePlan, stopTime } from '../support/migration.ts';
import { type Service, tcpService } from '../support/services.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';
const b = 'b.example.net';

function corefile({ port, upstream, more = '' }: { port: number; upstream: Upstream; more?: string }): string {
  const check = `check to tcp ${port} interval 100ms fall 3 rise 1 dwell 0s`;
  return `. {\n migrate ${name} {\n from 192.0.2.1\n to ${b}\n ttl 20\n ${check}\n admin 127.0.0.1:0\n ${more}\n}\n forward . ${upstream.endpoint}\n}\n`;
}

function leadsTo(ttl: number, ...addresses: readonly string[]): Record<string, readonly string[]> {
  return {
    [`${b} A`]: addresses.filter((each) => !each.includes(':')).map((each) => `${b} ${ttl} A ${each}`),
    [`${b} AAAA`]: addresses.filter((each) => each.includes(':')).map((each) => `${b} ${ttl} AAAA ${each}`),
  };
}

/** Lets time pass, and with it the real sockets work, until the status is so. */
const passUntil = (server: PlanServer, holds: (status: Status) => boolean) => server.when(name, holds, () => delay(10));

const becomes = (server: PlanServer, health: string) => passUntil(server, (status) => status.health.to === health);

/** How often an upstream was asked for the addresses of B. */
function askedFor(upstream: Upstream, type: string): number {
  return upstream.asked.filter(({ text }) => text === `tcp ${b}. IN ${type} rd`).length;
}

async function served(ttl: number, more?: string): Promise<{ service: Service; upstream: Upstream; server: PlanServer } & AsyncDisposable> {
  const service = await tcpService({ address: '127.0.0.2' });
  const upstream = await startUpstream(leadsTo(ttl, '127.0.0.2'));
  const server = await servePlan(corefile({ port: service.port, upstream, ...(more === undefined ? {} : { more }) }));
  const stop = async () => {
    await server[Symbol.asyncDispose]();
    await upstream.stop();
    await service.stop();
  };
  return { service, upstream, server, [Symbol.asyncDispose]: stop };
}

test('a name is well while what it leads to is, and a move begins only then', async () => {
  await using it = await served(2);
  await becomes(it.server, 'healthy');
  await it.service.stop();
  await becomes(it.server, 'unhealthy');
  expect(await it.server.order(name, 'start')).toBe('B is not healthy');
  await it.service.start();
  await becomes(it.server, 'healthy');
  expect(await it.server.order(name, 'start')).toBeUndefined();
});

test('in the transition clients are answered A while nothing that B leads to is well', async () => {
  await using it = await served(2, 'weight 100');
  await becomes(it.server, 'healthy');
  expect(await it.server.order(name, 'start')).toBeUndefined();
  await it.server.advance(name);
  expect((await it.server.ask(name)).answers).toEqual([`${name}. 5 IN CNAME ${b}.`, expect.stringMatching(/IN A 127\.0\.0\.2$/)]);
  await it.service.stop();
  await becomes(it.server, 'unhealthy');
  expect((await it.server.ask(name)).answers).toEqual([`${name}. 5 IN A 192.0.2.1`]);
});

test('one address that is well is enough, and an address that the name no longer leads to is not looked at', async () => {
  await using it = await served(2);
  await becomes(it.server, 'healthy');
  const moved = await tcpService({ address: '127.0.0.3', port: it.service.port });
  it.upstream.script = leadsTo(2, '127.0.0.2', '127.0.0.3');
  await passUntil(it.server, () => moved.visits > 2);
  await it.service.stop();
  await it.server.pass(name, 5000, () => delay(10));
  expect((await it.server.status(name)).health.to).toBe('healthy');

  it.upstream.script = leadsTo(2, '127.0.0.2');
  await becomes(it.server, 'unhealthy');
  const { visits } = moved;
  await it.server.pass(name, 2000, () => delay(10));
  expect(moved.visits).toBe(visits);
  await moved.stop();
});

test('it is asked for again when its TTL is over, and not before', async () => {
  await using it = await served(7);
  await becomes(it.server, 'healthy');
  expect(askedFor(it.upstream, 'A')).toBe(1);
  const before = it.service.visits;
  await it.server.pass(name, 6000, () => delay(5));
  expect(it.service.visits).toBeGreaterThan(before);
  expect(askedFor(it.upstream, 'A')).toBe(1);
  await passUntil(it.server, () => askedFor(it.upstream, 'A') === 2);
  expect(askedFor(it.upstream, 'AAAA')).toBe(2);
});

test.each([
  ['does not exist', { '* *': 'NXDOMAIN' }],
  ['has no address', { '* *': [] }],
  ['is not answered for', { '* *': 'SERVFAIL' }],
])('a name that %s is ill after `fall` attempts, and well again when it leads somewhere', async (_, script) => {
  await using it = await served(1);
  await becomes(it.server, 'healthy');
  const asked = askedFor(it.upstream, 'A');
  it.upstream.script = script;
  await passUntil(it.server, () => askedFor(it.upstream, 'A') > asked);
  // Once may be an accident.
  expect((await it.server.status(name)).health.to).toBe('healthy');
  await becomes(it.server, 'unhealthy');
  expect(askedFor(it.upstream, 'A')).toBeGreaterThanOrEqual(asked + 3);
  it.upstream.script = leadsTo(1, '127.0.0.2');
  await becomes(it.server, 'healthy');
});

test('a name that never led anywhere is ill', async () => {
  await using service = await tcpService({ address: '127.0.0.2' });
  const upstream = await startUpstream({ '* *': 'NXDOMAIN' });
  await using server = await servePlan(corefile({ port: service.port, upstream }));
  expect((await server.status(name)).health.to).toBe('unknown');
  await becomes(server, 'unhealthy');
  expect(service.visits).toBe(0);
  await upstream.stop();
});

test('the names of one plan that lead to the same name are looked at once', async () => {
  await using service = await tcpService({ address: '127.0.0.2' });
  const upstream = await startUpstream(leadsTo(60, '127.0.0.2'));
  await using server = await servePlan(corefile({ port: service.port, upstream, more: 'name other.example.org' }));
  await becomes(server, 'healthy');
  expect(askedFor(upstream, 'A')).toBe(1);
  await upstream.stop();
});
