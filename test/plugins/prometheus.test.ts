import { definePlugin, Reply, record } from 'ferrydns/plugin';
import { ask, serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { faulty } from '../support/faulty.ts';
import { block, refusal } from '../support/refusal.ts';

const address = '127.0.0.1:0';
const plugins = { plugins: [faulty] };
const labels = 'server="dns://127.0.0.1:0",';

async function samples(server: TestServer, start: string): Promise<string[]> {
  const lines = (await server.metrics()).split('\n').filter((line) => line.startsWith(`coredns_${start}`));
  return lines.map((line) => line.slice('coredns_'.length).replace(labels, '')).sort();
}

test('metrics are at /metrics of the address, also for several blocks', async () => {
  const corefile = `.:0 {\nprometheus ${address}\nwhoami\n}\nexample.org:0 {\nprometheus ${address}\nwhoami\n}`;
  await using server = await serve(corefile);
  await server.ask('a.example.org');
  await server.ask('a.test');
  const response = await fetch(`http://127.0.0.1:${server.server.httpPort(address)}/metrics`);
  const body = await response.text();
  expect(response.headers.get('content-type')).toContain('text/plain');
  for (const zone of ['.', 'example.org.']) {
    expect(body).toContain(`coredns_dns_requests_total{family="1",proto="udp",${labels}type="A",view="",zone="${zone}"} 1`);
  }
  expect(body).toMatch(/^process_resident_memory_bytes \d+/m);
  expect(body).toMatch(/^process_start_time_seconds \d+/m);
});

test('queries are counted by transport, family and type', async () => {
  await using server = await serve(block(`prometheus ${address}`));
  await server.ask('a.test', 'AAAA');
  await server.ask('a.test', 'AAAA', { transport: 'tcp' });
  await server.ask('a.test', 'TYPE999', { dnssecOk: true });
  await server.ask('a.test', 'HTTPS');
  expect(await samples(server, 'dns_requests_total')).toEqual([
    'dns_requests_total{family="1",proto="tcp",type="AAAA",view="",zone="."} 1',
    'dns_requests_total{family="1",proto="udp",type="AAAA",view="",zone="."} 1',
    'dns_requests_total{family="1",proto="udp",type="HTTPS",view="",zone="."} 1',
    'dns_requests_total{family="1",proto="udp",type="other",view="",zone="."} 1',
  ]);
  expect(await samples(server, 'dns_do_requests_total')).toEqual(['dns_do_requests_total{view="",zone="."} 1']);
});

test('replies are counted by code and by the plugin that answered; nobody answered what failed', async () => {
  await using server = await serve(block(`prometheus ${address}`, 'errors', 'faulty'), plugins);
  for (const name of ['a.test', 'b.test', 'later.test', 'fail.test', 'later-fail.test', 'refuse.test']) await server.ask(name);
  await server.ask('drop.test', 'A', { timeout: 100 }).catch(() => undefined);
  expect(await samples(server, 'dns_responses_total')).toEqual([
    'dns_responses_total{plugin="",rcode="NOERROR",view="",zone="."} 1',
    'dns_responses_total{plugin="",rcode="REFUSED",view="",zone="."} 1',
    'dns_responses_total{plugin="",rcode="SERVFAIL",view="",zone="."} 2',
    'dns_responses_total{plugin="faulty",rcode="NXDOMAIN",view="",zone="."} 1',
    'dns_responses_total{plugin="whoami",rcode="NOERROR",view="",zone="."} 2',
  ]);
});

test('failures are counted without the errors plugin too', async () => {
  await using server = await serve(block(`prometheus ${address}`, 'faulty'), plugins);
  for (const name of ['fail.test', 'later-fail.test']) await server.ask(name);
  expect(await samples(server, 'dns_responses_total')).toEqual(['dns_responses_total{plugin="",rcode="SERVFAIL",view="",zone="."} 2']);
});

test('a panic is counted as one, and as a query that was dropped', async () => {
  await using server = await serve(block(`prometheus ${address}`, 'faulty'), plugins);
  expect(await samples(server, 'panics_total')).toEqual(['panics_total 0']);
  await server.ask('panic.test');
  await server.ask('later-panic.test');
  expect(await samples(server, 'panics_total')).toEqual(['panics_total 2']);
  expect(await samples(server, 'dns_responses_total')).toEqual(['dns_responses_total{plugin="",rcode="SERVFAIL",view="",zone="dropped"} 2']);
});

test('what no block answers is dropped, on every listener of the process; a wrong EDNS version is not counted', async () => {
  const corefile = `example.org:0 {\nbind 127.0.0.1\nprometheus ${address}\nwhoami\n}\nexample.net:0 {\nbind 127.0.0.2\nwhoami\n}`;
  await using server = await serve(corefile);
  await server.ask('www.example.com');
  await server.ask('www.example.org', 'A', { class: 'CH' });
  const port = server.server.listening().find((socket) => socket.address === '127.0.0.2')?.port ?? 0;
  await ask({ name: 'www.example.com', address: '127.0.0.2', port });
  expect(await samples(server, 'dns_responses_total')).toEqual([
    'dns_responses_total{plugin="",rcode="REFUSED",server="dns://127.0.0.2:0",view="",zone="dropped"} 1',
    'dns_responses_total{plugin="",rcode="REFUSED",view="",zone="dropped"} 2',
  ]);
});

test('sizes are those of the query and of the reply uncompressed, over UDP and TCP', async () => {
  const answer = [record({ name: 'www.test.', type: 'A', ttl: 60, data: '192.0.2.1' })];
  const answering = definePlugin({ name: 'answering', summary: 'answers', config: {}, setup: () => ({ handle: () => Reply.answer(answer) }) });
  const place = { before: 'whoami' };
  await using server = await serve(block(`prometheus ${address}`, 'answering'), { plugins: [{ plugin: answering, place }] });
  await server.ask('www.test');
  await server.ask('www.test', 'A', { transport: 'tcp' });
  const found = (await samples(server, 'dns_re')).filter((line) => /size_bytes_(sum|bucket.*le="(0|100)")/.test(line));
  const expected = ['tcp', 'udp'].flatMap((proto) => [
    `dns_request_size_bytes_bucket{proto="${proto}",view="",zone=".",le="0"} 0`,
    `dns_request_size_bytes_bucket{proto="${proto}",view="",zone=".",le="100"} 1`,
    `dns_request_size_bytes_sum{proto="${proto}",view="",zone="."} 26`,
    `dns_response_size_bytes_bucket{proto="${proto}",view="",zone=".",le="0"} 0`,
    `dns_response_size_bytes_bucket{proto="${proto}",view="",zone=".",le="100"} 1`,
    `dns_response_size_bytes_sum{proto="${proto}",view="",zone="."} 50`,
  ]);
  expect(found).toEqual(expected.sort());
});

test('durations are in seconds, from reception on', async () => {
  let time = 0;
  await using server = await serve(block(`prometheus ${address}`), { now: () => (time += 300) });
  await server.ask('a.test');
  const found = await samples(server, 'dns_request_duration_seconds');
  expect(found).toContain('dns_request_duration_seconds_sum{view="",zone="."} 0.3');
  expect(found).toContain('dns_request_duration_seconds_bucket{view="",zone=".",le="0.256"} 0');
  expect(found).toContain('dns_request_duration_seconds_bucket{view="",zone=".",le="0.512"} 1');
});

test('build and plugins are told, and after a reload those of the new configuration', async () => {
  await using server = await serve(block(`prometheus ${address}`, 'errors', 'bind 127.0.0.1'));
  expect(await samples(server, 'build_info')).toEqual([
    expect.stringMatching(/^build_info\{goversion="node v\d+.*",revision="",version="\d+\.\d+\.\d+"\} 1$/),
  ]);
  const enabled = (name: string) => `plugin_enabled{name="${name}",view="",zone="."} 1`;
  expect(await samples(server, 'plugin_enabled')).toEqual(['errors', 'prometheus', 'whoami'].map(enabled));
  await server.reload(block(`prometheus ${address}`, 'log', 'bind 127.0.0.1'));
  expect(await samples(server, 'plugin_enabled')).toEqual(['log', 'prometheus', 'whoami'].map(enabled));
  await expect(server.reload(block(`prometheus ${address}`, 'nonsense'))).rejects.toThrow("Unknown directive 'nonsense'");
  expect(await samples(server, 'plugin_enabled')).toEqual(['log', 'prometheus', 'whoami'].map(enabled));
});

test('counts live through a reload', async () => {
  await using server = await serve(block(`prometheus ${address}`));
  await server.ask('a.test');
  await server.reload(block(`prometheus ${address}`, 'errors'));
  await server.ask('a.test');
  expect(await samples(server, 'dns_responses_total')).toEqual(['dns_responses_total{plugin="whoami",rcode="NOERROR",view="",zone="."} 2']);
});

test.each([
  ['prometheus nowhere', 'address nowhere: missing port in address'],
  ['prometheus :1 :2', 'Wrong argument count'],
  ['prometheus :0\nprometheus :0', 'only be used once'],
  ['prometheus :0 {\ntls web.yml\n}', 'ferrydns does not serve them yet'],
  ['prometheus :0 {\ntls\n}', 'Wrong argument count'],
  ['prometheus :0 {\nruntime_metrics all\n}', 'Wrong argument count'],
  ['prometheus :0 {\npush\n}', "unknown property 'push'"],
])('%j is refused', async (directive, message) => {
  expect(await refusal(block(directive))).toContain(message);
});

test('runtime_metrics is accepted', async () => {
  await using server = await serve(block(`prometheus ${address} {\nruntime_metrics\n}`));
  expect(await server.metrics()).toContain('nodejs_eventloop_lag_seconds');
});
