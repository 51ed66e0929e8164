// The door to the plans: who may come in, over TCP, TLS and a socket file, and what is told over a stream of events.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Feed } from '../../plugins/migrate/admin/feed.ts';
import { type Ask, ask, eventsOf, open, pem } from '../support/http.ts';
import { type PlanServer, type Status, servePlan, stopTime } from '../support/migration.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';
const token = 'q8fV0xw3hN5tKc2B';
const files = {
  'cert.pem': pem('server.crt'),
  'key.pem': pem('server.key'),
  'ca.pem': pem('authority.crt'),
  token: `${token}\nmore lines mean nothing\n`,
  short: 'too short\n',
};

const plan = (admin: string, moved = name) => ` migrate ${moved} {\n from 192.0.2.1\n to 192.0.2.2\n ttl 5\n transition_ttl 1\n admin ${admin}\n}\n`;
const corefile = (...plans: readonly string[]) => `. {\n${plans.join('')} whoami\n}\n`;
const json = { 'content-type': 'application/json' };
const bearer = { authorization: `Bearer ${token}` };
const operator = { cert: pem('operator.crt'), key: pem('operator.key') };

const to = (server: PlanServer, address: string, more: Partial<Ask> = {}): Ask => ({
  port: server.running.server.httpPort(address),
  path: `/migrations/${name}`,
  ...more,
});
const startOrder = { path: `/migrations/${name}/start`, method: 'POST', body: '{"epoch":1}' };

describe('an admin option', () => {
  const place = '{{DIR}}';
  test.each([
    ['open to the world', ':9180', /:7 - .*address :9180 can be reached from other machines: expected 'tls CERT KEY CLIENT_CA' or 'token FILE'/],
    ['with TLS but open to all', `192.0.2.7:9180 tls ${place}/cert.pem ${place}/key.pem`, /192\.0\.2\.7:9180 can be reached from other machines/],
    ['without a port', '127.0.0.1', /address 127\.0\.0\.1: missing port in address, expected HOST:PORT, unix:PATH or off/],
    ['with a key missing', `127.0.0.1:0 tls ${place}/cert.pem`, /expected tls CERT KEY \[CLIENT_CA\]/],
    ['with a word too many', `127.0.0.1:0 token ${place}/token more`, /unexpected 'more', expected tls CERT KEY \[CLIENT_CA\] or token FILE/],
    ['with no file', '127.0.0.1:0 token', /expected token FILE/],
    ['with TLS twice', `127.0.0.1:0 tls ${place}/cert.pem ${place}/key.pem tls ${place}/cert.pem ${place}/key.pem`, /unexpected 'tls'/],
    ['with another word', '127.0.0.1:0 secret x', /unexpected 'secret', expected tls CERT KEY \[CLIENT_CA\] or token FILE/],
    ['off and on', 'off token x', /unexpected 'token' after 'off'/],
    ['with a file that is missing', `127.0.0.1:0 token ${place}/missing`, /ENOENT/],
    ['with a token that is guessed', `127.0.0.1:0 token ${place}/short`, /short is no token, expected at least 16 characters/],
    [
      'with a key of another certificate',
      `127.0.0.1:0 tls ${place}/cert.pem ${place}/other.pem`,
      /certificate and key cannot be used: .*key values mismatch/,
    ],
    ['with TLS on a socket file', `unix:admin.sock tls ${place}/cert.pem ${place}/key.pem`, /TLS is not supported there/],
  ])('%s is refused', async (_, admin, message) => {
    const given = { ...files, 'other.pem': pem('renewed.key') };
    await expect(serve(corefile(plan(admin)), { files: given })).rejects.toThrow(message);
  });

  test('that says otherwise for the same address is refused, and so is a plan that could not be asked for', async () => {
    const two = corefile(plan('127.0.0.1:0'), plan('127.0.0.1:0 token {{DIR}}/token', 'other.example.org'));
    await expect(serve(two, { files })).rejects.toThrow(/admin 127\.0\.0\.1:0 has other words on tls or token than for plan www\.example\.org/);
    const events = corefile(plan('127.0.0.1:0').replace('ttl 5', 'ttl 5\n plan events'));
    await expect(serve(events)).rejects.toThrow("'events' cannot be the name of a plan");
  });

  test('and another plugin at its address have to agree on TLS', async () => {
    const both = corefile(plan('127.0.0.1:0 tls {{DIR}}/cert.pem {{DIR}}/key.pem')).replace(' whoami', ' health 127.0.0.1:0\n whoami');
    await expect(serve(both, { files })).rejects.toThrow(
      /127\.0\.0\.1:0 is served (with|without) TLS by plugin \w+ and (with|without) TLS by plugin/,
    );
  });
});

test.each([
  ['tls {{DIR}}/cert.pem {{DIR}}/key.pem token {{DIR}}/token', bearer, {}],
  ['token {{DIR}}/token tls {{DIR}}/cert.pem {{DIR}}/key.pem {{DIR}}/ca.pem', bearer, operator],
  ['tls {{DIR}}/cert.pem {{DIR}}/key.pem {{DIR}}/ca.pem token {{DIR}}/token', bearer, operator],
])('TLS and a token go together: %s', async (words, headers, certificate) => {
  await using server = await servePlan(corefile(plan(`127.0.0.1:0 ${words}`)), { files });
  expect((await ask(to(server, '127.0.0.1:0', { tls: certificate, headers }))).status).toBe(200);
  expect((await ask(to(server, '127.0.0.1:0', { tls: certificate }))).status).toBe(401);
});

test('a token that crosses a network without TLS is warned of', async () => {
  await using server = await servePlan(corefile(plan('0.0.0.0:0 token {{DIR}}/token')), { files });
  expect(server.running.lines.join('\n')).toContain('the token crosses the network to 0.0.0.0:0 unencrypted');
  expect((await ask(to(server, '0.0.0.0:0', { headers: { ...bearer, host: 'dns.example.net' } }))).status).toBe(200);
});

test.each([
  ['none', {}, 401],
  ['another one', { authorization: 'Bearer q8fV0xw3hN5tKc2b' }, 401],
  ['another scheme', { authorization: `Basic ${token}` }, 401],
  ['its beginning', { authorization: `Bearer ${token.slice(0, -1)}` }, 401],
  ['the token', bearer, 200],
  ['the token, and a name of the host', { ...bearer, host: 'dns.example.net' }, 200],
])('with a token, %s leads to a status', async (_, headers, status) => {
  await using server = await servePlan(corefile(plan('127.0.0.1:0 token {{DIR}}/token')), { files });
  expect((await ask(to(server, '127.0.0.1:0', { headers }))).status).toBe(status);
  const order = await ask(to(server, '127.0.0.1:0', { ...startOrder, headers: { ...json, ...headers } }));
  expect(order.status).toBe(status);
  expect((await ask(to(server, '127.0.0.1:0', { headers: bearer }))).body).toContain(status === 200 ? '"phase": "lowering"' : '"phase": "original"');
});

test('with client certificates, the journal and the log say whose it was', async () => {
  await using server = await servePlan(corefile(plan('127.0.0.1:0 tls {{DIR}}/cert.pem {{DIR}}/key.pem {{DIR}}/ca.pem')), { files });
  await expect(ask(to(server, '127.0.0.1:0', { tls: {} }))).rejects.toThrow();
  const order = { ...startOrder, tls: operator, headers: json };
  expect((await ask(to(server, '127.0.0.1:0', order))).status).toBe(200);
  expect(server.journal(name).join('\n')).toContain('"by":"ann from ann at 127.0.0.1"');
  expect(server.running.lines.join('\n')).toContain('start asked for by ann from ann at 127.0.0.1');
});

test('on a socket file the owner of the process is let in, whatever the name of the host', async () => {
  await using server = await servePlan(corefile(plan('unix:{{DIR}}/admin.sock')));
  const socket = join(server.running.directory, 'admin.sock');
  const told = await ask({ socket, ...startOrder, headers: { ...json, host: 'ferrydns' } });
  expect(told.status).toBe(200);
  expect(server.journal(name).join('\n')).toContain(`"by":"an operator from unix:${socket}"`);
});

test('a door tells of the plans that name it', async () => {
  const two = corefile(plan('127.0.0.1:0'), plan('unix:{{DIR}}/admin.sock', 'other.example.org'), plan('off', 'third.example.org'));
  await using server = await servePlan(two);
  const plansAt = async (how: Ask) => (JSON.parse((await ask(how)).body) as Status[]).map((status) => status.plan);
  expect(await plansAt(to(server, '127.0.0.1:0', { path: '/migrations' }))).toEqual([name]);
  expect(await plansAt({ socket: join(server.running.directory, 'admin.sock'), path: '/migrations' })).toEqual(['other.example.org']);
  expect((await ask(to(server, '127.0.0.1:0', { path: '/migrations/third.example.org' }))).status).toBe(404);
});

describe('a stream of events', () => {
  test('tells of a move from its beginning to its end', async () => {
    await using server = await servePlan(corefile(plan('127.0.0.1:0')));
    const response = await open(to(server, '127.0.0.1:0', { path: `/migrations/${name}/events` }));
    expect(response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const next: Readonly<Record<string, () => Promise<unknown>>> = {
      original: () => server.order(name, 'start'),
      lowering: () => server.advance(name),
      transition: async () => {
        // Somebody who was led to A keeps the plan from being done at once.
        await server.ask(name);
        await server.order(name, 'advance');
      },
      draining: () => server.until(name, 'done'),
    };
    const phases: string[] = [];
    for await (const { data } of eventsOf(response)) {
      const phase = (JSON.parse(data) as Status).phase ?? '';
      if (phases.includes(phase)) continue;
      phases.push(phase);
      if (phase === 'done') break;
      await next[phase]?.();
    }
    expect(phases).toEqual(['original', 'lowering', 'transition', 'draining', 'done']);
  });

  test('of all plans tells of each', async () => {
    await using server = await servePlan(corefile(plan('127.0.0.1:0'), plan('127.0.0.1:0', 'other.example.org')));
    const events = eventsOf(await open(to(server, '127.0.0.1:0', { path: '/migrations/events' })));
    const next = async () => JSON.parse((await events.next()).value?.data ?? '') as Status;
    expect([(await next()).plan, (await next()).plan]).toEqual([name, 'other.example.org']);
    await server.order('other.example.org', 'start');
    const changed = await next();
    expect([changed.plan, changed.phase]).toEqual(['other.example.org', 'lowering']);
  });

  test('ends with a reload, which keeps the door open and reads its files anew', async () => {
    const secure = corefile(plan('127.0.0.1:0 tls {{DIR}}/cert.pem {{DIR}}/key.pem'));
    await using server = await servePlan(secure, { files });
    const place = to(server, '127.0.0.1:0', { tls: {} });
    const { serial } = await ask(place);
    const response = await open({ ...place, path: '/migrations/events' });
    const ended = once(response.resume(), 'end');
    writeFileSync(join(server.running.directory, 'cert.pem'), pem('renewed.crt'));
    writeFileSync(join(server.running.directory, 'key.pem'), pem('renewed.key'));
    await server.running.reload(secure);
    await ended;
    expect(response.complete).toBe(true);
    const after = await ask(place);
    expect(after.status).toBe(200);
    expect(after.serial).not.toBe(serial);
    expect(server.running.server.httpPort('127.0.0.1:0')).toBe(place.port);
  });

  test('a reload that is refused leaves the door as it was', async () => {
    const secure = corefile(plan('127.0.0.1:0 tls {{DIR}}/cert.pem {{DIR}}/key.pem'));
    await using server = await servePlan(secure, { files });
    const events = eventsOf(await open(to(server, '127.0.0.1:0', { tls: {}, path: '/migrations/events' })));
    await events.next();
    await expect(server.running.reload(secure.replace('key.pem', 'token'))).rejects.toThrow('certificate and key cannot be used');
    const read = events.next();
    await ask(to(server, '127.0.0.1:0', { ...startOrder, tls: {}, headers: json }));
    expect((await read).value?.data).toContain('"phase":"lowering"');
  });
});

test('silence is broken by comments, and many streams cost one look', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  let [looks, phase] = [0, 'original'];
  const status = () => {
    looks++;
    return { now: String(looks), phase };
  };
  const feed = new Feed({ status, pace: 20, heartbeat: 50 });
  const ending = new AbortController();
  const streams = Array.from({ length: 50 }, () => feed.events(() => [name], ending.signal));
  const read = async () => new Set((await Promise.all(streams.map((stream) => stream.next()))).map(({ value }) => value));
  expect(await read()).toEqual(new Set(['event: status\ndata: {"now":"1","phase":"original"}\n\n']));
  expect(looks).toBe(1);
  vi.advanceTimersByTime(50);
  expect(await read()).toEqual(new Set([': still here\n\n']));
  phase = 'lowering';
  expect(await read()).toEqual(new Set(['event: status\ndata: {"now":"2","phase":"lowering"}\n\n']));
  expect(looks).toBe(2);
  ending.abort();
  expect(await Promise.all(streams.map((stream) => stream.next()))).toEqual(streams.map(() => ({ done: true, value: undefined })));
});

test('a stream begins with how the plan stands then, whatever another stream was told just before, and never goes back', async () => {
  let phase = 'original';
  const feed = new Feed({ pace: 1000, status: () => ({ now: '', phase }) });
  const ending = new AbortController();
  const first = feed.events(() => [name], ending.signal);
  expect((await first.next()).value).toContain('original');
  phase = 'lowering';
  const second = feed.events(() => [name], ending.signal);
  expect((await second.next()).value).toContain('lowering');
  expect((await first.next()).value).toContain('lowering');
  ending.abort();
});

test('a status that takes long to make is made less often', async () => {
  let looks = 0;
  const feed = new Feed({
    pace: 2,
    status: () => {
      looks++;
      const end = performance.now() + 20;
      while (performance.now() < end);
      return { now: '', looks };
    },
  });
  const ending = new AbortController();
  const stream = feed.events(() => [name], ending.signal);
  const start = performance.now();
  for (let event = 0; event < 2; event++) await stream.next();
  expect(performance.now() - start).toBeGreaterThan(20 * 50);
  ending.abort();
});
