import { serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { makePolicy } from '../../plugins/forward/policy.ts';
import { startUpstream } from '../support/upstream.ts';

const refusal = async (directive: string, files: Record<string, string> = {}) => {
  const error = await serve(`.:0 {\n forward ${directive}\n}`, { files }).then(
    (server) => server.stop().then(() => undefined),
    (reason: Error) => reason,
  );
  return error === undefined ? 'accepted' : error.message;
};

test.each([
  ['. nosuchfile/x', 'not an IP address, file, or valid domain: "nosuchfile/x"'],
  ['. grpc://127.0.0.1', "'grpc' is not supported as a destination protocol in forward: grpc://127.0.0.1"],
  ['. https://127.0.0.1/x', 'paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): https://127.0.0.1/x'],
  ['. empty.conf', 'no valid upstream addresses found'],
  [`. ${Array.from({ length: 16 }, (_, i) => `127.0.0.${i + 1}`).join(' ')}`, 'more than 15 TOs configured: 16'],
  ['a..b 127.0.0.1', "unable to normalize 'a..b'"],
  ['. 127.0.0.1 {\n max_age 5s\n}', 'max_age (5s) must not be less than expire (10s)'],
  ['. 127.0.0.1 {\n expire -1s\n}', "expire can't be negative: -1s"],
  ['. 127.0.0.1 {\n read_timeout 0s\n}', 'read_timeout must be positive: 0s'],
  ['. 127.0.0.1 {\n max_idle_conns -1\n}', "max_idle_conns can't be negative: -1"],
  ['. 127.0.0.1 {\n max_concurrent -1\n}', "max_concurrent can't be negative: -1"],
  ['. 127.0.0.1 {\n policy first\n}', "unknown policy 'first'"],
  ['. 127.0.0.1 {\n health_check 1s often\n}', 'health_check: unknown option often'],
  ['. 127.0.0.1 {\n health_check 1s domain a..b\n}', 'health_check: invalid domain name a..b'],
  ['. 127.0.0.1 {\n health_check 1s domain\n}', "Wrong argument count or unexpected line ending after 'domain'"],
  ['. 127.0.0.1 {\n failover NOERROR\n}', 'NoError cannot be used in failover'],
  ['. 127.0.0.1 {\n next NOSUCH\n}', 'NOSUCH is not a valid rcode'],
  ['. 127.0.0.1 {\n source_address here\n}', 'invalid IP address: here'],
  ['. 127.0.0.1 {\n resolver here\n}', 'resolver must be an IP address or IP:port: "here"'],
  ['. 127.0.0.1 {\n tls missing.pem\n}', 'could not load TLS certificates'],
  ['. tls://127.0.0.1%a.example {\n tls_servername b.example\n}', "both forward ('b.example') and proxy level ('a.example') TLS servernames are set"],
])('forward %s is refused', async (directive, message) => {
  expect(await refusal(directive, { 'empty.conf': 'search example.org\n' })).toContain(message);
});

test('upstreams are read from a file like resolv.conf, each one once', async () => {
  const directive = '. resolv.conf 127.0.0.1:53 empty.conf';
  const server = await serve(`.:0 {\n forward ${directive}\n}`, {
    files: { 'resolv.conf': '# local\nnameserver 127.0.0.1\nnameserver ::1\n', 'empty.conf': '' },
  });
  onTestFinished(() => server.stop());
  const metrics = (await server.metrics()).split('\n').filter((line) => line.startsWith('coredns_proxy_healthcheck_failures_total'));
  expect(metrics.map((line) => /to="([^"]*)"/.exec(line)?.[1])).toEqual(['127.0.0.1:53', '[::1]:53']);
});

test('an upstream given by name is looked up at start by the resolver', async () => {
  const upstream = await startUpstream({ 'dns.example.org A': ['dns.example.org 60 A 127.0.0.1'], 'dns.example.org AAAA': [], '* *': 'NXDOMAIN' });
  onTestFinished(() => upstream.stop());
  const server = await serve(`.:0 {\n forward . dns.example.org:${upstream.port} {\n resolver ${upstream.endpoint}\n}\n}`);
  onTestFinished(() => server.stop());
  expect((await server.ask('www.example.org')).rcode).toBe('NXDOMAIN');
  const unknown = await refusal(`. no.example.org {\n resolver ${upstream.endpoint}\n}`);
  expect(unknown).toContain('failed to resolve "no.example.org"');
});

test('queries and health checks leave from source_address', async () => {
  const upstream = await startUpstream({ '* *': 'NXDOMAIN' });
  onTestFinished(() => upstream.stop());
  const server = await serve(`.:0 {\n errors\n forward . ${upstream.endpoint} {\n source_address 127.0.0.9\n read_timeout 10ms\n}\n}`);
  onTestFinished(() => server.stop());
  await expect.poll(async () => (await server.ask('www.example.org')).rcode).toBe('NXDOMAIN');
  upstream.script = { '* *': { drop: true } };
  await server.ask('www.example.org');
  expect(server.lines.join('\n')).toContain('read udp 127.0.0.9:');
});

test('health_check says how often to check, what name to ask for, and whether recursion is desired', async () => {
  const upstream = await startUpstream({ 'www.example.org A': { drop: true }, '* *': 'NXDOMAIN' });
  onTestFinished(() => upstream.stop());
  const server = await serve(`.:0 {\n forward . ${upstream.endpoint} {\n read_timeout 10ms\n health_check 1s no_rec domain Check.example.org\n}\n}`);
  onTestFinished(() => server.stop());
  await server.ask('www.example.org');
  await expect.poll(() => upstream.asked.map(({ text }) => text)).toContain('udp check.example.org. IN NS');
});

test('round_robin starts with the next upstream each time, sequential always with the first', () => {
  const items = ['a', 'b', 'c'];
  const robin = makePolicy('round_robin');
  expect([robin(items), robin(items), robin(items)].map((order) => order.join(''))).toEqual(['bac', 'cab', 'abc']);
  const sequential = makePolicy('sequential');
  expect([sequential(items), sequential(items)]).toEqual([items, items]);
});

test('random puts every upstream first equally often and leaves none out', () => {
  let state = 1;
  const random = makePolicy('random', () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  });
  const first = { a: 0, b: 0, c: 0 };
  for (let i = 0; i < 3000; i++) {
    const order = random(['a', 'b', 'c'] as const);
    first[order[0] ?? 'a']++;
    expect([...order].sort()).toEqual(['a', 'b', 'c']);
  }
  expect(Math.min(...Object.values(first))).toBeGreaterThan(900);
});
