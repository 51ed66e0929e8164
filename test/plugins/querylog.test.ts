// The log of queries over real sockets: what an event says of every kind of answer, and which queries become events.
import { describe, expect, test } from 'vitest';
import { faulty, release, waitingCount } from '../support/faulty.ts';
import { ask } from '../support/http.ts';
import { admin, adminPort, eventsWhenThere, queriesOf, serveLogged } from '../support/query-log.ts';
import { block, refusal } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';

const hosts = 'hosts {\n 192.0.2.1 www.example.org\n ttl 60\n }';
const logged = (...directives: readonly string[]) => `. {\n querylog\n ${admin}\n ${directives.join('\n ')}\n }`;

describe('an event', () => {
  test('says what was asked by whom, and what was answered', async () => {
    await using server = await serveLogged(logged(hosts));
    await server.ask('WWW.example.org', 'A', { transport: 'udp', udpSize: 1232 });
    const [event] = await eventsWhenThere(server, 1);
    expect(event).toEqual({
      number: 1,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      client: '127.0.0.1',
      transport: 'udp',
      name: 'www.example.org.',
      type: 'A',
      class: 'IN',
      rcode: 'NOERROR',
      ttl: 60,
      size: 44,
      sent: 60,
      duration: expect.any(Number),
      server: 'dns://127.0.0.1:0',
      zone: '.',
      view: '',
      plugin: 'hosts',
      cache: null,
      upstream: null,
      plan: null,
      phase: null,
      member: null,
      error: null,
    });
    expect(Math.abs(Date.parse(event?.time ?? '') - Date.now())).toBeLessThan(600_000);
    expect(event?.duration).toBeGreaterThan(0);
  });

  test('says how the cache dealt with the query, and whom it was passed on to', async () => {
    const upstream = await startUpstream({ 'www.example.org A': ['www.example.org 300 A 192.0.2.1'] });
    await using server = await serveLogged(logged('cache', `forward . ${upstream.endpoint}`));
    await server.ask('www.example.org');
    await server.ask('www.example.org', 'A', { transport: 'udp' });
    const [miss, hit] = await eventsWhenThere(server, 2);
    expect(miss).toMatchObject({ transport: 'tcp', cache: 'miss', plugin: 'forward', upstream: upstream.endpoint, ttl: 300 });
    expect(hit).toMatchObject({ transport: 'udp', cache: 'hit', plugin: 'cache', upstream: null });
    await upstream.stop();
  });

  test('tells a stale answer and its extended error', async () => {
    let now = 0;
    const upstream = await startUpstream({ 'www.example.org A': ['www.example.org 1 A 192.0.2.1'] });
    await using server = await serveLogged(logged('cache {\n serve_stale\n }', `forward . ${upstream.endpoint}`), { now: () => now });
    await server.ask('www.example.org');
    now += 5000;
    await server.ask('www.example.org', 'A', { udpSize: 1232 });
    const [, stale] = await eventsWhenThere(server, 2);
    expect(stale).toMatchObject({ cache: 'stale', error: 3, ttl: 0 });
    await upstream.stop();
  });

  test('names the members of a pool, and the plan with its phase', async () => {
    const pool = 'pool www.example.org {\n member 192.0.2.1\n }';
    const plan = 'migrate db.example.org {\n from 192.0.2.1\n to 192.0.2.2\n journal {{DIR}}/db.journal\n admin off\n }';
    await using server = await serveLogged(logged(pool, plan, 'whoami'));
    await server.ask('www.example.org');
    await server.ask('db.example.org');
    const [first, second] = await eventsWhenThere(server, 2);
    expect(first).toMatchObject({ plugin: 'pool', member: '192.0.2.1', plan: null });
    expect(second).toMatchObject({ plan: 'db.example.org', phase: 'original' });
  });

  test('is made of what acl refuses or drops, of what no plugin and no server block answers', async () => {
    const acl = 'acl {\n block type TXT\n drop type MX\n }';
    await using server = await serveLogged(`example.org {\n querylog\n ${admin}\n ${acl}\n ${hosts}\n }`);
    await server.ask('www.example.org', 'TXT', { udpSize: 1232 });
    await expect(server.ask('www.example.org', 'MX', { transport: 'udp', timeout: 50 })).rejects.toThrow();
    await eventsWhenThere(server, 2);
    await server.ask('nobody.example.org');
    await server.ask('www.example.com', 'AAAA');
    const found = await eventsWhenThere(server, 4);
    expect(found).toMatchObject([
      { type: 'TXT', rcode: 'REFUSED', plugin: 'acl', error: 15 },
      { type: 'MX', rcode: null, sent: 0, plugin: 'acl' },
      { name: 'nobody.example.org.', rcode: 'SERVFAIL', plugin: 'hosts' },
      { name: 'www.example.com.', rcode: 'REFUSED', zone: 'dropped', plugin: '', sent: 33 },
    ]);
  });

  test('is made once of what fails in a plugin, at once and later', async () => {
    await using server = await serveLogged(logged('faulty', 'whoami'), { plugins: [faulty] });
    const names = ['fail.test', 'panic.test', 'later-fail.test', 'later-panic.test'];
    for (const name of names) await server.ask(name);
    const found = await eventsWhenThere(server, names.length);
    expect(found.map(({ name, rcode }) => [name, rcode])).toEqual(names.map((name) => [`${name}.`, 'SERVFAIL']));
  });

  test('of a query that waits says what became of that query, whatever was asked meanwhile', async () => {
    await using server = await serveLogged(logged('faulty', 'cache', hosts), { plugins: [{ ...faulty, place: { before: 'hosts' } }] });
    const waiting = server.ask('slow.test');
    await expect.poll(waitingCount, soon).toBe(1);
    await server.ask('www.example.org');
    await server.ask('www.example.org');
    release();
    await waiting;
    const found = await eventsWhenThere(server, 3);
    expect(found.map(({ name, cache, rcode }) => [name, cache, rcode])).toEqual([
      ['www.example.org.', 'miss', 'NOERROR'],
      ['www.example.org.', 'hit', 'NOERROR'],
      ['slow.test.', 'miss', 'NXDOMAIN'],
    ]);
  });

  test('is not made of what is explained, nor of what the server asks itself', async () => {
    await using server = await serveLogged(logged('rewrite name www.example.com www.example.org', hosts));
    await server.explain('www.example.org');
    await server.ask('www.example.com');
    expect((await eventsWhenThere(server, 1)).map(({ name }) => name)).toEqual(['www.example.com.']);
  });

  test('of a hostile name is plain JSON', async () => {
    await using server = await serveLogged(logged('whoami'));
    const name = `\\<script\\>\\027[2J\\"\\\\.${'\\001'.repeat(63)}.${'\\255'.repeat(63)}.${'a'.repeat(63)}.${'b'.repeat(40)}`.replace(
      '\\<script\\>',
      '<script>',
    );
    await server.ask(name);
    const { body } = await ask({ port: adminPort(server), path: '/queries' });
    expect(body).toMatch(/^[\n -~]*$/);
    expect((JSON.parse(body) as { events: { name: string }[] }).events[0]?.name).toContain('<script>\\027[2j\\"\\\\.\\001\\001');
  });
});

describe('which queries become events', () => {
  const asked = ['a.example.org', 'b.example.com', 'c.example.org'];
  const chosen = async (options: string) => {
    await using server = await serveLogged(`. {\n querylog {\n ${options}\n }\n ${admin}\n faulty\n whoami\n }`, { plugins: [faulty] });
    for (const name of [...asked, 'fail.test', 'later.test']) await server.ask(name);
    await server.ask('d.example.org', 'A', { from: '127.0.0.2' });
    return (await queriesOf(server)).events.map(({ name }) => name.replace(/\.$/, '')).reverse();
  };

  test('those of some names', async () => {
    expect(await chosen('names example.org')).toEqual(['a.example.org', 'c.example.org', 'd.example.org']);
  });

  test('those of some clients', async () => {
    expect(await chosen('clients 192.0.2.0/24 127.0.0.2')).toEqual(['d.example.org']);
  });

  test('failures', async () => {
    expect(await chosen('failures')).toEqual(['fail.test']);
  });

  test('slow ones, and failures as well where both are said', async () => {
    let now = 0;
    const options = { plugins: [faulty], now: () => now };
    await using server = await serveLogged(`. {\n querylog {\n slow 100ms\n failures\n }\n ${admin}\n faulty\n whoami\n }`, options);
    await server.ask('a.example.org');
    await server.ask('fail.test');
    const waiting = server.ask('slow.test');
    await expect.poll(waitingCount, soon).toBe(1);
    now += 150;
    release();
    await waiting;
    const found = await eventsWhenThere(server, 2);
    expect(found.map(({ name, duration }) => [name, duration])).toEqual([
      ['fail.test.', 0],
      ['slow.test.', 0.15],
    ]);
  });

  test('one in so many, and the others are counted', async () => {
    await using server = await serveLogged(`. {\n querylog {\n sample 1000000\n }\n ${admin}\n prometheus 127.0.0.1:0\n whoami\n }`);
    for (const name of asked) await server.ask(name);
    expect((await queriesOf(server)).held).toBe(0);
    expect(await server.metrics()).toContain('ferrydns_querylog_sampled_total 3');
  });
});

describe('the address of a client', () => {
  const clientOf = async (addresses: string, files = {}) => {
    await using server = await serveLogged(`. {\n querylog {\n addresses ${addresses}\n }\n ${admin}\n whoami\n }`, { files });
    await server.ask('www.example.org');
    const [event] = await eventsWhenThere(server, 1);
    expect((await queriesOf(server, `client=${encodeURIComponent(event?.client ?? '')}`)).events).toHaveLength(1);
    return event?.client;
  };

  test('is cut to its network', async () => {
    expect(await clientOf('network')).toBe('127.0.0.0/24');
  });

  test('is hashed by a key: the same key, the same hash', async () => {
    const one = await clientOf('hash {{DIR}}/key', { key: 'a-key-of-sixteen-or-more\n' });
    expect(one).toMatch(/^[\da-f]{16}$/);
    expect(await clientOf('hash {{DIR}}/key', { key: 'a-key-of-sixteen-or-more\n' })).toBe(one);
    expect(await clientOf('hash {{DIR}}/key', { key: 'another-key-of-that-length\n' })).not.toBe(one);
  });
});

describe('a configuration is refused', () => {
  test.each([
    ['hash without a key', ['querylog {\n addresses hash\n}'], "no file behind 'hash'"],
    ['a key that is not there', ['querylog {\n addresses hash /nowhere/key\n}'], 'ENOENT'],
    ['a key behind another form', ['querylog {\n addresses network /nowhere/key\n}'], "unexpected '/nowhere/key' behind 'network'"],
    ['too few events', ['querylog {\n memory 5\n}'], '5 is out of range'],
    ['a sample of none', ['querylog {\n sample 0\n}'], '0 is out of range'],
    ['two memories in a block', ['querylog', 'querylog'], 'two querylog of this server block keep events in memory'],
  ])('%s', async (_, directives, reason) => {
    expect(await refusal(block(...directives))).toContain(reason);
  });

  test('memories of two sizes, as there is one for all server blocks', async () => {
    const text = 'example.org:0 {\n querylog\n whoami\n}\nexample.com:0 {\n querylog {\n memory 1000 10m\n }\n whoami\n}\n';
    expect(await refusal(text)).toContain('memory for 1000 events for 600 s, where another server block says 50000 events for 3600 s');
  });
});
