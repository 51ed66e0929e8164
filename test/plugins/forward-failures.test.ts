import { serve, type TestServer } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../support/client.ts';
import { type Script, startUpstream, type Upstream } from '../support/upstream.ts';

const upstreamWith = async (script: Script, options?: { port: number }): Promise<Upstream> => {
  const upstream = await startUpstream(script, options);
  onTestFinished(() => upstream.stop());
  return upstream;
};
const serverWith = async (corefile: string): Promise<TestServer> => {
  const server = await serve(`.:0 {\n errors\n${corefile}\n}`);
  onTestFinished(() => server.stop());
  return server;
};
const silence = { drop: true };
const names = (upstream: Upstream) => upstream.asked.map(({ message }) => message.questions[0]?.name);
const queries = (upstream: Upstream) => names(upstream).filter((name) => name !== '.');
const checks = (upstream: Upstream) => names(upstream).filter((name) => name === '.');
const until = async (condition: () => boolean) => expect.poll(condition).toBe(true);
/** A port of 127.0.0.1 where nobody listens. */
const closedPort = async () => {
  const upstream = await startUpstream();
  await upstream.stop();
  return upstream.endpoint;
};

test('an upstream that refuses is passed over at once, and is asked again as soon as a health check succeeds', async () => {
  const well = await upstreamWith({ '* *': 'NXDOMAIN' });
  const dead = await startUpstream({ '* *': 'NXDOMAIN' });
  const server = await serverWith(`forward . ${dead.endpoint} ${well.endpoint} {\n policy sequential\n health_check 20ms\n}`);
  await dead.stop();
  for (let i = 0; i < 5; i++) expect((await server.ask('www.example.org')).rcode).toBe('NXDOMAIN');
  expect(queries(well).length).toBeGreaterThanOrEqual(5);
  const back = await upstreamWith({ '* *': 'NXDOMAIN' }, { port: dead.port });
  await until(() => checks(back).length > 0);
  await server.ask('www.example.org');
  expect(queries(back)).not.toEqual([]);
});

test('a silent upstream costs a query no more than the time after which another one is asked as well, and is then avoided', async () => {
  const well = await upstreamWith({ '* *': 'NXDOMAIN' });
  const dead = await upstreamWith({ '* *': silence });
  const server = await serverWith(`forward . ${dead.endpoint} ${well.endpoint} {\n policy round_robin\n}`);
  for (let i = 0; i < 30; i++) {
    expect((await server.ask(`n${i}.example.org`)).rcode).toBe('NXDOMAIN');
  }
  // Three without a timely reply, then nobody waits for it. The other one may be late as well, on a busy machine.
  expect(queries(dead).length).toBeOneOf([3, 4, 5, 6]);
  expect(checks(dead).length).toBeGreaterThan(0);
});

test('the first good reply wins: a late one is still taken, an error of the other upstream is not preferred to it', async () => {
  const late = await upstreamWith({ '* *': { answer: ['www.example.org 60 A 192.0.2.1'], delay: 150 } });
  const broken = await upstreamWith({ '* *': 'SERVFAIL' });
  const server = await serverWith(`forward . ${broken.endpoint} ${late.endpoint} {\n policy round_robin\n}`);
  expect((await server.ask('www.example.org')).answers).toHaveLength(1);
  expect(queries(broken)).not.toEqual([]);
});

test('a reply that cannot be read is not passed on; another upstream is asked at once', async () => {
  const question = '03777777076578616d706c65036f72670000010001';
  const broken = await upstreamWith({
    '. NS': [],
    'silence.example.org *': silence,
    '* *': { raw: `....8180 0001 0001 0000 0000 ${question} c00c0001000100000001000501020304` },
  });
  const well = await upstreamWith({
    'silence.example.org A': ['silence.example.org 60 A 192.0.2.1'],
    'www.example.org A': ['www.example.org 60 A 192.0.2.1'],
  });
  const server = await serverWith(`forward . ${broken.endpoint} ${well.endpoint} {\n policy sequential\n}`);
  const names = ['silence.example.org', 'www.example.org'];
  const inOrder = async () => {
    const answered: string[] = [];
    const answers = await Promise.all(names.map((name) => server.ask(name).finally(() => answered.push(name))));
    for (const [i, name] of names.entries()) expect(answers[i]?.answers).toEqual([`${name}. 60 IN A 192.0.2.1`]);
    return answered;
  };
  // It need not be waited for, as one that says nothing is. Where a busy machine has held up both, they are asked once more.
  await expect.poll(inOrder).toEqual(names.toReversed());
});

test('a single upstream is asked again after read_timeout, a reply to the first attempt is still taken', async () => {
  const late = { answer: ['www.example.org 60 A 192.0.2.1'], delay: 150 };
  const upstream = await upstreamWith({ '. NS': [], '* *': () => (queries(upstream).length === 1 ? late : silence) });
  const server = await serverWith(`forward . ${upstream.endpoint} {\n read_timeout 100ms\n}`);
  const outcome = async () => {
    upstream.asked.length = 0;
    const { answers } = await server.ask('www.example.org');
    return [answers.length, queries(upstream).length];
  };
  // On a busy machine it may be later than it should be.
  await expect.poll(outcome).toEqual([1, 2]);
});

test('when nobody replies the client gets SERVFAIL with an extended error, and the log says who was silent', async () => {
  const upstream = await upstreamWith({ '* *': silence });
  const server = await serverWith(`forward . ${upstream.endpoint} {\n read_timeout 50ms\n}`);
  const { reply } = await ask(server, 'www.example.org A +edns');
  expect(reply?.rcode).toBe('SERVFAIL');
  expect(reply?.opt?.options).toEqual([{ code: 15, data: '0017' }]);
  expect(queries(upstream)).toHaveLength(2);
  expect(server.lines.join('\n')).toMatch(new RegExp(`2 www\\.example\\.org\\. A: read udp 127\\.0\\.0\\.1:\\d+->${upstream.endpoint}: i/o timeout`));
});

test('a TCP connection that fails is told in the words of CoreDNS', async () => {
  const endpoint = await closedPort();
  const refused = await serverWith(`forward . ${endpoint} {\n force_tcp\n}`);
  await refused.ask('www.example.org');
  expect(refused.lines.join('\n')).toContain(`2 www.example.org. A: dial tcp ${endpoint}: connect: connection refused`);
  const upstream = await upstreamWith({ '* *': { close: 'reset' } });
  const reset = await serverWith(`forward . ${upstream.endpoint} {\n force_tcp\n}`);
  await reset.ask('www.example.org');
  expect(reset.lines.join('\n')).toMatch(new RegExp(`A: read tcp 127\\.0\\.0\\.1:\\d+->${upstream.endpoint}: read: connection reset by peer`));
});

test.each([
  ['another id', { idOffset: 1, answer: ['www.example.org 60 A 192.0.2.66'] }],
  ['another question', { questions: [{ name: 'other.test.', type: 'A', class: 'IN' }] }],
  ['a record that is cut', { raw: '.... 8180 0001 0001 0000 0000 03777777 076578616d706c65 036f7267 00 0001 0001 c00c 0001 0001 0000003c 0004 c0' }],
  ['less than a header', { raw: '.... 81' }],
])('what comes over a stream and is no reply, by %s, is not waited behind', async (_, answer) => {
  const wrong = await upstreamWith({ '* *': answer });
  const well = await upstreamWith({ '* *': 'NXDOMAIN' });
  const lines = `force_tcp\n policy sequential\n read_timeout 1h`;
  const server = await serverWith(`forward . ${wrong.endpoint} ${well.endpoint} {\n ${lines}\n}`);
  expect((await server.ask('www.example.org')).rcode).toBe('NXDOMAIN');
  const alone = await serverWith(`forward . ${wrong.endpoint} {\n ${lines}\n}`);
  expect((await alone.ask('www.example.org')).rcode).toBe('SERVFAIL');
  expect(alone.lines.join('\n')).toMatch(
    new RegExp(`A: read tcp 127\\.0\\.0\\.1:\\d+->${wrong.endpoint}: found a message that is no reply to the query`),
  );
});

test('max_connect_attempts bounds the attempts for one query', async () => {
  const upstream = await upstreamWith({ '* *': silence });
  const server = await serverWith(`forward . ${upstream.endpoint} {\n read_timeout 20ms\n max_connect_attempts 4\n max_fails 0\n}`);
  expect((await server.ask('www.example.org')).rcode).toBe('SERVFAIL');
  expect(upstream.asked).toHaveLength(4);
});

test('with max_fails 0 there are no health checks', async () => {
  const endpoint = await closedPort();
  const server = await serverWith(`forward . ${endpoint} {\n max_fails 0\n}`);
  expect((await server.ask('www.example.org')).rcode).toBe('SERVFAIL');
  expect(await server.metrics()).toContain(`coredns_proxy_healthcheck_failures_total{proxy_name="forward",to="${endpoint}"} 0`);
});

test('when every upstream is down the query is tried all the same, unless failfast_all_unhealthy_upstreams says no', async () => {
  const endpoint = await closedPort();
  const broken = async (server: TestServer) => Number(/healthcheck_broken_total (\d+)/.exec(await server.metrics())?.[1]);
  const down = async (option: string) => {
    const server = await serverWith(`forward . ${endpoint} {\n max_fails 1\n health_check 5ms\n ${option}\n}`);
    await server.ask('first.example.org');
    await expect.poll(() => server.metrics()).toMatch(/healthcheck_failures_total\{[^}]*\} [2-9]/);
    await server.ask('second.example.org');
    return server;
  };
  const trying = await down('');
  expect(await broken(trying)).toBe(2);
  expect(trying.lines.join('\n')).toMatch(/second\.example\.org\. A: read udp .* connection refused/);
  const failing = await down('failfast_all_unhealthy_upstreams');
  expect(await broken(failing)).toBe(1);
  expect(failing.lines.join('\n')).toMatch(/second\.example\.org\. A: no healthy proxies/);
});

test('failover asks every upstream in turn and gives the last reply', async () => {
  const [first, second, third] = [
    await upstreamWith({ '* *': 'SERVFAIL' }),
    await upstreamWith({ '* *': 'REFUSED' }),
    await upstreamWith({ '* *': 'NXDOMAIN' }),
  ];
  const tos = (...upstreams: Upstream[]) => upstreams.map(({ endpoint }) => endpoint).join(' ');
  const option = ' {\n policy sequential\n failover SERVFAIL\n failover refused\n}';
  const all = await serverWith(`forward . ${tos(first, second, third)}${option}`);
  expect((await all.ask('www.example.org')).rcode).toBe('NXDOMAIN');
  const two = await serverWith(`forward . ${tos(first, second)}${option}`);
  expect((await two.ask('www.example.org')).rcode).toBe('REFUSED');
  const none = await serverWith(`forward . ${tos(first, second)} {\n policy sequential\n}`);
  expect((await none.ask('www.example.org')).rcode).toBe('SERVFAIL');
});

test('a kept TCP connection that the upstream has closed is replaced silently', async () => {
  const upstream = await upstreamWith({ '* *': { rcode: 'NXDOMAIN', close: 'after' } });
  const server = await serverWith(`forward . ${upstream.endpoint} {\n force_tcp\n max_fails 0\n}`);
  for (let i = 0; i < 5; i++) expect((await server.ask('www.example.org')).rcode).toBe('NXDOMAIN');
  expect(upstream.connections).toBe(5);
});

test('TCP connections are kept and used again', async () => {
  const upstream = await upstreamWith({ '* *': 'NXDOMAIN' });
  const server = await serverWith(`forward . ${upstream.endpoint} {\n force_tcp\n}`);
  for (let i = 0; i < 5; i++) await server.ask('www.example.org');
  expect(upstream.connections).toBe(1);
  expect(await server.metrics()).toContain(`coredns_proxy_conn_cache_hits_total{proto="tcp",proxy_name="forward",to="${upstream.endpoint}"} 4`);
});

test('max_idle_conns bounds the connections that are kept, expire and max_age their age', async () => {
  const upstream = await upstreamWith({ '* *': { rcode: 'NXDOMAIN', delay: 20 } });
  let now = 0;
  const server = await serve(`.:0 {\n forward . ${upstream.endpoint} {\n force_tcp\n max_idle_conns 1\n expire 3s\n max_age 5s\n}\n}`, {
    now: () => now,
  });
  onTestFinished(() => server.stop());
  await Promise.all([server.ask('a.example.org'), server.ask('b.example.org')]);
  await server.ask('c.example.org');
  expect(upstream.connections).toBe(2);
  now = 2900;
  await server.ask('d.example.org');
  expect(upstream.connections).toBe(2);
  now = 5100;
  await server.ask('e.example.org');
  expect(upstream.connections).toBe(3);
  now = 8200;
  await server.ask('f.example.org');
  expect(upstream.connections).toBe(4);
});

test('what is known of an upstream outlives a reload', async () => {
  const well = await upstreamWith({ '* *': 'NXDOMAIN' });
  const dead = await upstreamWith({ '* *': silence });
  const corefile = `.:0 {\n forward . ${dead.endpoint} ${well.endpoint} {\n policy sequential\n read_timeout 100ms\n}\n}`;
  const server = await serve(corefile);
  onTestFinished(() => server.stop());
  await Promise.all(Array.from({ length: 5 }, (_, i) => server.ask(`n${i}.example.org`)));
  expect(queries(dead)).toHaveLength(5);
  await server.reload(`${corefile}\n`);
  await server.ask('www.example.org');
  expect(queries(dead)).toHaveLength(5);
});
