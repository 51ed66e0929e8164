// Looking at the log of queries: filters, pages, streams, a reload in between, and several processes.

import type { NumberedEvent } from 'ferrydns/built-in';
import { describe, expect, test } from 'vitest';
import { ask, eventsOf, open } from '../support/http.ts';
import { admin, adminPort, eventsWhenThere, queriesOf, serveLogged } from '../support/query-log.ts';
import { soon } from '../support/soon.ts';

const hosts = 'hosts {\n 192.0.2.1 www.example.org\n 192.0.2.2 shop.example.com\n }';
const corefile = (memory = 'memory', more = '') =>
  `. {\n querylog {\n ${memory}\n }\n ${admin}\n ${more}\n template ANY ANY gone.example {\n rcode NXDOMAIN\n }\n ${hosts}\n }`;

describe('a filter', () => {
  test.each([
    ['name=www.example.org', ['www.example.org. A']],
    ['name=WWW.Example.org.', ['www.example.org. A']],
    ['name=*.EXAMPLE.*', ['x.gone.example. TXT', 'shop.example.com. A', 'www.example.org. A']],
    ['name=*.example.c*', ['shop.example.com. A']],
    ['name=*gone*', ['x.gone.example. TXT']],
    ['name=example.org', []],
    ['client=127.0.0.2', ['shop.example.com. A']],
    ['client=127.0.0.0/31', ['x.gone.example. TXT', 'www.example.org. A']],
    ['client=2001:db8::/32', []],
    ['type=txt', ['x.gone.example. TXT']],
    ['rcode=NXDOMAIN', ['x.gone.example. TXT']],
    ['rcode=none', []],
    ['transport=udp', []],
    ['cache=none&plugin=hosts', ['shop.example.com. A', 'www.example.org. A']],
    ['failed=true', []],
    ['slow=1h', []],
    ['zone=.&view=&server=dns://127.0.0.1:0&limit=2', ['x.gone.example. TXT', 'shop.example.com. A']],
    ['before=2', ['www.example.org. A']],
    ['since=10m', ['x.gone.example. TXT', 'shop.example.com. A', 'www.example.org. A']],
    ['since=2999-01-01T00:00:00Z', []],
    ['upstream=192.0.2.1:53', []],
    ['plan=www', []],
  ])('%s', async (parameters, wanted) => {
    await using server = await serveLogged(corefile());
    await server.ask('www.example.org');
    await server.ask('shop.example.com', 'A', { from: '127.0.0.2' });
    await server.ask('x.gone.example', 'TXT');
    await eventsWhenThere(server, 3);
    expect((await queriesOf(server, parameters)).events.map(({ name, type }) => `${name} ${type}`)).toEqual(wanted);
  });

  test.each([
    ['hurry=1', "unknown parameter 'hurry', expected one of"],
    ['type=A&type=MX', "parameter 'type' is there twice"],
    ['type=XYZ', "type: unknown type 'XYZ'"],
    ['rcode=XYZ', "rcode: unknown response code 'XYZ'"],
    ['client=printer', "client: 'printer', expected an address"],
    ['cache=no', "cache: 'no', expected one of hit, stale, miss, none"],
    ['slow=7', "slow: missing unit in duration '7'"],
    ['since=yesterday', "since: 'yesterday', expected a duration back"],
    ['limit=0', "limit: '0', expected a whole number from 1 to 1000"],
    ['before=x', "before: 'x', expected a whole number"],
  ])('that is wrong is refused: %s', async (parameters, reason) => {
    await using server = await serveLogged(corefile());
    const { status, body } = await ask({ port: adminPort(server), path: `/queries?${parameters}` });
    expect([status, JSON.parse(body).reason]).toEqual([400, expect.stringContaining(reason)]);
  });
});

describe('the memory', () => {
  test('holds so many, the newest; pages go back by the numbers', async () => {
    await using server = await serveLogged(corefile('memory 100'));
    for (let i = 1; i <= 250; i++) await server.ask(`n${i}.gone.example`);
    const newest = await queriesOf(server, 'limit=60');
    expect(newest).toMatchObject({ held: 100, written: 250, dropped: 0, more: true });
    expect(newest.events.map(({ number }) => number)).toEqual(Array.from({ length: 60 }, (_, i) => 250 - i));
    const older = await queriesOf(server, `before=${newest.events.at(-1)?.number}`);
    expect(older.more).toBe(false);
    expect(older.events.map(({ name }) => name)).toEqual(Array.from({ length: 40 }, (_, i) => `n${190 - i}.gone.example.`));
  });

  test('holds what fits of long names', async () => {
    await using server = await serveLogged(corefile('memory 100'));
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(45)}.gone.example`;
    for (let i = 0; i < 120; i++) await server.ask(long);
    const { held, events } = await queriesOf(server);
    expect(held).toBeGreaterThan(20);
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set([`${long}.`]));
  });

  test('lives through a reload, also one that makes it smaller, and one that is refused', async () => {
    await using server = await serveLogged(corefile('memory 1000'));
    for (let i = 1; i <= 150; i++) await server.ask(`n${i}.gone.example`);
    await server.reload(corefile('memory 1000', 'chaos'));
    await server.ask('n151.gone.example');
    await expect(server.reload(corefile('memory 5'))).rejects.toThrow('out of range');
    expect(await queriesOf(server)).toMatchObject({ held: 151, written: 151 });
    await server.reload(corefile('memory 100'));
    await server.ask('n152.gone.example');
    const { held, events } = await queriesOf(server);
    expect(held).toBe(100);
    expect(events.slice(0, 2).map(({ name, number }) => [name, number])).toEqual([
      ['n152.gone.example.', 152],
      ['n151.gone.example.', 151],
    ]);
  });

  test('is none where events go elsewhere, and then nothing is at the address', async () => {
    await using server = await serveLogged(`. {\n querylog {\n stdout\n }\n ${admin}\n whoami\n }`);
    expect((await ask({ port: adminPort(server), path: '/queries' })).status).toBe(404);
  });

  test('that nobody can look at is warned of', async () => {
    await using server = await serveLogged('. {\n querylog\n whoami\n }');
    expect(server.lines.join('\n')).toContain("nobody can look at the queries in memory, expected the plugin 'admin' in a server block");
  });
});

describe('a stream of events', () => {
  test('tells of what comes and fits', async () => {
    await using server = await serveLogged(corefile());
    await server.ask('www.example.org');
    const response = await open({ port: adminPort(server), path: '/queries/events?name=*.example.org' });
    const events = eventsOf(response);
    await server.ask('shop.example.com');
    await server.ask('www.example.org', 'AAAA');
    const { value } = await events.next();
    expect(value?.name).toBe('queries');
    const told = JSON.parse(value?.data ?? '') as NumberedEvent[];
    expect(told.map(({ name, type, number }) => [name, type, number])).toEqual([['www.example.org.', 'AAAA', 3]]);
    response.destroy();
  });

  test('that lags behind hears how much it has missed', async () => {
    await using server = await serveLogged(corefile('memory 100'));
    for (let i = 1; i <= 5; i++) await server.ask(`n${i}.gone.example`);
    const response = await open({ port: adminPort(server), path: '/queries/events?since=1h' });
    const events = eventsOf(response);
    expect((await events.next()).value?.name).toBe('queries');
    for (let i = 6; i <= 205; i++) await server.ask(`n${i}.gone.example`);
    const seen: number[] = [];
    let missed = 0;
    for await (const { name, data } of events) {
      if (name === 'missed') missed += JSON.parse(data).count;
      if (name === 'queries') seen.push(...(JSON.parse(data) as NumberedEvent[]).map(({ number }) => number));
      if (missed + seen.length >= 200) break;
    }
    expect(missed + seen.length).toBe(200);
    expect(seen.at(-1)).toBe(205);
    response.destroy();
  });
});

test('events of all processes come into one memory', async () => {
  await using server = await serveLogged(`. {\n multisocket 2\n querylog\n ${admin}\n ${hosts}\n }`);
  for (let i = 0; i < 40; i++) await server.ask('www.example.org', 'A', { from: `127.0.0.${2 + (i % 8)}` });
  await expect.poll(async () => (await queriesOf(server)).held, soon).toBe(40);
  const { events, dropped } = await queriesOf(server);
  expect(dropped).toBe(0);
  expect(new Set(events.map(({ client }) => client)).size).toBe(8);
  expect(events.every(({ name, plugin, rcode }) => name === 'www.example.org.' && plugin === 'hosts' && rcode === 'NOERROR')).toBe(true);
  const top = JSON.parse((await ask({ port: adminPort(server), path: '/queries/top' })).body);
  expect(top.names).toEqual([{ key: 'www.example.org.', count: 40, error: 0 }]);
});
