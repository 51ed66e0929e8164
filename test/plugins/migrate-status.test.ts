// What the status of a plan says of its sides, its fence and its store, and what the log of a server says of the plan's own questions.
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { orderIn, type PlanServer, type Status, servePlan, stopTime } from '../support/migration.ts';
import { tcpService } from '../support/services.ts';
import { startUpstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';

const corefile = ({ sides = 'from 192.0.2.1\n to 192.0.2.2', more = '', before = '', after = 'whoami' }) =>
  `. {\n ${before}\n migrate ${name} {\n ${sides}\n ttl 5\n transition_ttl 1\n admin 127.0.0.1:0\n ${more}\n}\n ${after}\n}\n`;

/** Lets time pass, and with it the real sockets work, until the status is so. */
const passUntil = (server: PlanServer, holds: (status: Status) => boolean) => server.when(name, holds, () => delay(5));

test('the health of a side that is a pool is known as soon as the pool is, and of a side that nobody looks at never', async () => {
  const service = await tcpService({ address: '127.0.0.2' });
  const pool = `pool a.example.net {\n member 127.0.0.2\n check tcp ${service.port} interval 100ms fall 3 rise 1 dwell 0s\n}`;
  await using server = await servePlan(corefile({ sides: 'from pool a.example.net\n to 192.0.2.2', before: pool }));
  expect((await passUntil(server, ({ health }) => health.from !== 'unknown')).health).toEqual({ from: 'healthy', to: 'unknown' });
  await service.stop();
  expect((await passUntil(server, ({ health }) => health.from === 'unhealthy')).health.to).toBe('unknown');
});

test('the health of A is unknown until a check has spoken', async () => {
  const service = await tcpService({ address: '127.0.0.2' });
  const check = `check from tcp ${service.port} interval 100ms fall 3 rise 1 dwell 0s`;
  await using server = await servePlan(corefile({ sides: 'from 127.0.0.2\n to 192.0.2.2', more: check }));
  expect((await server.status(name)).health.from).toBe('unknown');
  await passUntil(server, ({ health }) => health.from === 'healthy');
  await service.stop();
});

test('the status says why a fence has failed, and so does its alarm', async () => {
  const fence = 'fence exec /bin/sh -c "echo cannot reach firewall; exit 4"';
  await using server = await servePlan(corefile({ more: `mode exclusive\n countdown 1s\n hold 20ms\n ${fence}` }));
  expect((await server.status(name)).fence).toMatchObject({ state: 'none', output: null });
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.advance(name);
  const { fence: failed, alarms } = await passUntil(server, (status) => status.fence?.state === 'failed');
  expect(failed).toMatchObject({ attempt: 1, output: 'exit status 4: cannot reach firewall' });
  expect(alarms).toEqual([
    { about: 'fence', text: 'the fence failed (exit status 4: cannot reach firewall): `advance` runs it again, `rollback` goes back' },
  ]);
});

test('a rollback is logged with who asked for it, once', async () => {
  await using server = await servePlan(corefile({}));
  expect(await server.order(name, 'start')).toBeUndefined();
  expect(await server.order(name, 'rollback')).toBeUndefined();
  const lines = server.running.lines.filter((line) => line.includes('rolled back'));
  expect(lines).toEqual([expect.stringMatching(/epoch 2, original: rolled back: by ann from 127\.0\.0\.1$/)]);
});

test('a server that has never heard its store says so at once, in its log and by an alarm', async () => {
  const nowhere = 'http://127.0.0.1:1';
  await using server = await servePlan(corefile({ more: `store etcd ${nowhere}\n replica a\n hold 20ms` }));
  const { alarms, store } = (await server.status(name)) as Status & { readonly store: object };
  expect(store).toMatchObject({ kind: 'etcd', heard: false });
  const reason = expect.stringContaining('cannot be heard: http://127.0.0.1:1/v3/kv/range: connect ECONNREFUSED');
  expect(alarms).toEqual([{ about: 'store', text: reason }]);
  await server.pass(name, 3000, () => delay(5));
  expect(server.running.lines.filter((line) => line.includes('cannot be heard'))).toEqual([expect.stringMatching(/^\[WARNING\] /)]);
});

test('questions of the plan itself are no errors of clients', async () => {
  const upstream = await startUpstream({ '* *': 'SERVFAIL' });
  const endpoint = upstream.endpoint;
  await upstream.stop();
  const check = 'check to tcp 1 interval 100ms fall 3 rise 1 dwell 0s';
  await using server = await servePlan(
    corefile({ sides: 'from 192.0.2.1\n to b.example.net', more: check, before: 'errors', after: `forward . ${endpoint}` }),
  );
  await passUntil(server, ({ upstream: { now }, health }) => now !== null && health.to === 'unhealthy');
  const errors = () => server.running.lines.filter((line) => line.includes('plugin/errors'));
  expect(errors()).toEqual([]);
  await server.ask('other.example.org');
  expect(errors()).toEqual([expect.stringContaining('other.example.org. A: ')]);
});

test('what the status says of each order is what an order gets', async () => {
  await using server = await servePlan(corefile({ more: 'canary 10' }));
  const agrees = async () => {
    const status = await server.status(name);
    for (const { verb, refusal } of status.orders.filter((each) => each.refusal !== null)) {
      expect(await server.order(name, verb, status.epoch), `${verb} in ${status.phase}`).toBe(refusal);
    }
    return status.orders.flatMap(({ verb, refusal }) => (refusal === null ? [verb] : []));
  };
  expect(await agrees()).toEqual(['start']);
  expect(await server.order(name, 'start')).toBeUndefined();
  await passUntil(server, ({ wait }) => (wait?.until ?? null) !== null);
  expect(await agrees()).toEqual(['pause', 'rollback']);
  expect(await server.order(name, 'pause')).toBeUndefined();
  expect(await agrees()).toEqual(['resume', 'rollback']);
  expect(await server.order(name, 'resume')).toBeUndefined();
  await server.advance(name);
  expect(await agrees()).toEqual(['advance', 'pause', 'rollback']);
  expect(await server.order(name, 'advance')).toBeUndefined();
  await server.until(name, 'done');
  expect(await agrees()).toContain('pause');
  // Nobody has shown B yet: the names are given back only by who insists.
  expect(orderIn(await server.status(name), 'advance')).toMatchObject({ unless: 'force', refusal: expect.stringContaining('has not shown B') });
  expect(await server.order(name, 'advance', 1, { force: true })).toBeUndefined();
  expect(await agrees()).toEqual([]);
});
