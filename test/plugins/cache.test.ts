import { definePlugin, type Query, Reply, type ReplyChange, record } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';

/** A source of answers that counts what it is asked and a clock that the test turns. */
async function cached(block: string, answer: (query: Query, times: number) => Reply | Promise<Reply>) {
  let now = 1_000_000;
  const asked: string[] = [];
  const source = definePlugin({
    name: 'source',
    summary: 'answers from the test',
    config: {},
    setup: () => ({
      handle(query) {
        asked.push(`${query.name} ${query.type}`);
        return answer(query, asked.length);
      },
    }),
  });
  const server = await serve(`. {\n errors\n ${block}\n source\n}`, {
    now: () => now,
    plugins: [{ plugin: source, place: { before: 'whoami' } }],
  });
  return { server, asked, pass: (seconds: number) => (now += seconds * 1000), [Symbol.asyncDispose]: () => server.stop() };
}

const a = (name: string, ttl: number, data = '192.0.2.1') => record({ name, type: 'A', ttl, data });
const soa = (ttl: number) =>
  record({
    name: 'example.org.',
    type: 'SOA',
    ttl,
    data: { mname: 'ns.example.org.', rname: 'root.example.org.', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: ttl },
  });
const host =
  (ttl: number, more: ReplyChange = {}) =>
  (query: Query) =>
    Reply.answer([a(query.name, ttl)], { authoritative: false, ...more });
const metric = async (server: TestServer, line: RegExp) => Number(line.exec(await server.metrics())?.[1] ?? Number.NaN);

describe('an answer', () => {
  test('is asked for once, counts down, and is asked for again when its TTL is over', async () => {
    await using it = await cached('cache', host(30));
    expect((await it.server.ask('www.example.org')).answers).toEqual(['www.example.org. 30 IN A 192.0.2.1']);
    it.pass(12);
    const hit = await it.server.ask('WWW.example.ORG');
    expect(hit.answers[0]).toMatch(/ 18 IN A 192\.0\.2\.1$/);
    expect(it.asked).toHaveLength(1);
    it.pass(18);
    expect((await it.server.ask('www.example.org')).answers).toEqual(['www.example.org. 30 IN A 192.0.2.1']);
    expect(it.asked).toHaveLength(2);
  });

  test('is authoritative from the cache only', async () => {
    await using it = await cached('cache', host(30, { recursionAvailable: true }));
    expect((await it.server.ask('www.example.org')).flags).toEqual(['rd', 'ra']);
    expect((await it.server.ask('www.example.org')).flags).toEqual(['aa', 'rd', 'ra']);
  });

  test('has the lowest TTL of all its records, within the bounds', async () => {
    const answer = () => Reply.answer([a('x.example.org.', 600)], { authorities: [soa(45)] });
    await using it = await cached('cache', answer);
    const reply = await it.server.ask('x.example.org');
    expect([...reply.answers, ...reply.authorities].map((line) => line.split(' ')[1])).toEqual(['45', '45']);
  });

  test.each([
    ['cache', 86_400, 3600],
    ['cache 60', 86_400, 60],
    ['cache {\n success 100 50\n }', 86_400, 50],
    ['cache', 1, 5],
    ['cache {\n success 100 50 20\n }', 1, 20],
    ['cache {\n success 100 50 0\n }', 1, 1],
  ])('with %j and TTL %i is given for %i seconds', async (block, ttl, given) => {
    await using it = await cached(block, host(ttl));
    expect((await it.server.ask('www.example.org')).answers[0]).toContain(` ${given} IN A`);
  });

  test('with TTL 0 is not kept', async () => {
    await using it = await cached('cache', host(0));
    expect((await it.server.ask('www.example.org')).answers[0]).toContain(' 0 IN A');
    await it.server.ask('www.example.org');
    expect(it.asked).toHaveLength(2);
  });

  test('is kept by DO and by CD, and AD is told only to those who ask for it', async () => {
    await using it = await cached('cache', host(30, { authenticData: true }));
    expect((await it.server.ask('www.example.org', 'A', { udpSize: 1232, dnssecOk: true })).flags).toContain('ad');
    expect((await it.server.ask('www.example.org')).flags).not.toContain('ad');
    await it.server.ask('www.example.org', 'A', { checkingDisabled: true });
    expect(it.asked).toHaveLength(3);
    expect((await it.server.ask('www.example.org', 'A', { udpSize: 1232, dnssecOk: true })).flags).toContain('ad');
    expect(it.asked).toHaveLength(3);
  });

  test('that is truncated is passed on and not kept', async () => {
    await using it = await cached('cache', host(30, { truncated: true }));
    expect((await it.server.ask('www.example.org')).flags).toContain('tc');
    await it.server.ask('www.example.org');
    expect(it.asked).toHaveLength(2);
  });
});

describe('a denial', () => {
  const nxdomain = (ttl: number) => () => Reply.empty('NXDOMAIN', { authoritative: false, authorities: [soa(ttl)] });

  test('is kept for the TTL of its SOA, half an hour at most', async () => {
    await using it = await cached('cache', nxdomain(86_400));
    expect((await it.server.ask('no.example.org')).authorities[0]).toMatch(/^example\.org\. 1800 IN SOA/);
    it.pass(1799);
    expect(await it.server.ask('no.example.org')).toMatchObject({ rcode: 'NXDOMAIN', flags: ['aa', 'rd'] });
    expect(it.asked).toHaveLength(1);
  });

  test('without SOA is not kept', async () => {
    await using it = await cached('cache', () => Reply.empty('NXDOMAIN'));
    await it.server.ask('no.example.org');
    await it.server.ask('no.example.org');
    expect(it.asked).toHaveLength(2);
  });

  test('of data behind a CNAME is kept with a SOA and not without', async () => {
    const alias = record({ name: 'x.example.org.', type: 'CNAME', ttl: 60, data: 'y.example.org.' });
    await using bare = await cached('cache', () => Reply.answer([alias]));
    await using full = await cached('cache', () => Reply.answer([alias], { authorities: [soa(60)] }));
    for (const it of [bare, full]) {
      await it.server.ask('x.example.org');
      await it.server.ask('x.example.org');
    }
    expect([bare.asked.length, full.asked.length]).toEqual([2, 1]);
  });
});

describe('a failure', () => {
  test('is kept for five seconds', async () => {
    await using it = await cached('cache', () => Reply.empty('SERVFAIL'));
    await it.server.ask('x.example.org');
    it.pass(4);
    expect((await it.server.ask('x.example.org')).rcode).toBe('SERVFAIL');
    expect(it.asked).toHaveLength(1);
    it.pass(1);
    await it.server.ask('x.example.org');
    expect(it.asked).toHaveLength(2);
  });

  test('that no plugin answered is not kept', async () => {
    await using it = await cached('cache', () => Reply.decline('SERVFAIL'));
    await it.server.ask('x.example.org');
    await it.server.ask('x.example.org');
    expect(it.asked).toHaveLength(2);
  });

  test('does not hide an answer that is still good', async () => {
    await using it = await cached('cache {\n servfail 60s\n prefetch 1 1m 90%\n }', (query, times) =>
      times === 1 ? host(10)(query) : Reply.empty('SERVFAIL'),
    );
    await it.server.ask('x.example.org');
    it.pass(5);
    await it.server.ask('x.example.org');
    expect((await it.server.ask('x.example.org')).rcode).toBe('NOERROR');
    expect(it.asked.length).toBeGreaterThan(1);
  });

  test.each([
    ['servfail 0s', 2],
    ['servfail 30s', 1],
  ])('with %j is asked for %i times', async (line, times) => {
    await using it = await cached(`cache {\n ${line}\n }`, () => Reply.empty('SERVFAIL'));
    await it.server.ask('x.example.org');
    it.pass(6);
    await it.server.ask('x.example.org');
    expect(it.asked).toHaveLength(times);
  });

  test('that refuses is never kept', async () => {
    await using it = await cached('cache', () => Reply.empty('REFUSED'));
    await it.server.ask('x.example.org');
    await it.server.ask('x.example.org');
    expect(it.asked).toHaveLength(2);
  });
});

describe('identical misses', () => {
  test('ask once and are all answered', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using it = await cached('cache', async (query) => {
      await promise;
      return host(30)(query);
    });
    const waiting = Array.from({ length: 50 }, (_, i) => it.server.ask(i % 2 === 0 ? 'www.example.org' : 'WWW.Example.org'));
    await expect.poll(() => metric(it.server, /coredns_cache_misses_total\{.*\} (\d+)/)).toBe(50);
    resolve();
    const answers = await Promise.all(waiting);
    expect(it.asked).toHaveLength(1);
    expect(new Set(answers.map(({ answers: [first] }) => first?.toLowerCase()))).toEqual(new Set(['www.example.org. 30 in a 192.0.2.1']));
  });
});

describe('stale entries', () => {
  test('are given at once with TTL 0 while they are asked for again', async () => {
    await using it = await cached('cache {\n serve_stale\n }', (query, times) => Reply.answer([a(query.name, 10, `192.0.2.${times}`)]));
    await it.server.ask('x.example.org');
    it.pass(60);
    expect((await it.server.ask('x.example.org')).answers).toEqual(['x.example.org. 0 IN A 192.0.2.1']);
    expect((await it.server.ask('x.example.org')).answers).toEqual(['x.example.org. 10 IN A 192.0.2.2']);
    expect(await metric(it.server, /coredns_cache_served_stale_total\{.*\} (\d+)/)).toBe(1);
  });

  test('are not given once they are older than the configuration says', async () => {
    await using it = await cached('cache {\n serve_stale 1m\n }', (query, times) => (times === 1 ? host(10)(query) : Reply.empty('SERVFAIL')));
    await it.server.ask('x.example.org');
    it.pass(10 + 59);
    expect((await it.server.ask('x.example.org')).rcode).toBe('NOERROR');
    it.pass(1);
    expect((await it.server.ask('x.example.org')).rcode).toBe('SERVFAIL');
  });

  test('are verified first where that is asked for, and given when that fails', async () => {
    await using it = await cached('cache {\n serve_stale 1h verify\n }', (query, times) => {
      if (times === 2) throw new Error('unreachable');
      return Reply.answer([a(query.name, 10, `192.0.2.${times}`)]);
    });
    await it.server.ask('x.example.org');
    it.pass(60);
    expect((await it.server.ask('x.example.org')).answers).toEqual(['x.example.org. 0 IN A 192.0.2.1']);
    expect((await it.server.ask('x.example.org')).answers).toEqual(['x.example.org. 10 IN A 192.0.2.3']);
  });

  test('have the TTL that the configuration gives them', async () => {
    await using it = await cached('cache {\n serve_stale 1h immediate 30s\n }', (query, times) =>
      times === 1 ? host(10)(query) : Reply.empty('REFUSED'),
    );
    await it.server.ask('x.example.org');
    it.pass(60);
    expect((await it.server.ask('x.example.org')).answers[0]).toContain(' 30 IN A');
  });
});

describe('prefetch', () => {
  test('asks again for what is asked for often, before it expires', async () => {
    await using it = await cached('cache {\n prefetch 2 1m 20%\n }', (query, times) => Reply.answer([a(query.name, 10, `192.0.2.${times}`)]));
    await it.server.ask('x.example.org');
    await it.server.ask('x.example.org');
    it.pass(8);
    expect((await it.server.ask('x.example.org')).answers).toEqual(['x.example.org. 2 IN A 192.0.2.1']);
    expect((await it.server.ask('x.example.org')).answers).toEqual(['x.example.org. 10 IN A 192.0.2.2']);
    expect(it.asked).toHaveLength(2);
    expect(await metric(it.server, /coredns_cache_prefetch_total\{.*\} (\d+)/)).toBe(1);
  });

  test('leaves alone what is asked for seldom', async () => {
    await using it = await cached('cache {\n prefetch 5 1m 20%\n }', host(10));
    await it.server.ask('x.example.org');
    it.pass(9);
    await it.server.ask('x.example.org');
    expect(it.asked).toHaveLength(1);
  });
});

describe('zones', () => {
  test('that are not named pass by', async () => {
    await using it = await cached('cache 30 example.org', host(30));
    for (const name of ['www.example.com', 'www.example.com', 'www.example.org', 'www.example.org']) await it.server.ask(name);
    expect(it.asked).toEqual(['www.example.com. A', 'www.example.com. A', 'www.example.org. A']);
  });

  test('are excepted from the cache of answers by disable', async () => {
    await using it = await cached('cache {\n disable success example.org\n }', host(30));
    for (const name of ['www.example.com', 'www.example.com', 'www.example.org', 'www.example.org']) await it.server.ask(name);
    expect(it.asked).toHaveLength(3);
  });
});

test('keepttl gives the TTL that was stored', async () => {
  await using it = await cached('cache {\n keepttl\n }', host(30));
  await it.server.ask('x.example.org');
  it.pass(20);
  expect((await it.server.ask('x.example.org')).answers[0]).toContain(' 30 IN A');
});

test('a reload keeps the entries of a block that did not change, and drops those of one that did', async () => {
  await using it = await cached('cache', host(300));
  const corefile = '. {\n errors\n cache\n source\n}';
  await it.server.ask('x.example.org');
  await it.server.reload(`${corefile}\nother.example {\n whoami\n}`);
  await it.server.ask('x.example.org');
  expect(it.asked).toHaveLength(1);
  await it.server.reload(corefile.replace('cache', 'cache 60'));
  await it.server.ask('x.example.org');
  expect(it.asked).toHaveLength(2);
});
