import { serve, type TestServer } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../support/client.ts';
import { type Script, startUpstream, type Upstream } from '../support/upstream.ts';

const upstreamWith = async (script: Script): Promise<Upstream> => {
  const upstream = await startUpstream(script);
  onTestFinished(() => upstream.stop());
  return upstream;
};
const serverWith = async (corefile: string): Promise<TestServer> => {
  const server = await serve(`.:0 {\n metadata\n errors\n${corefile}\n}`);
  onTestFinished(() => server.stop());
  return server;
};
const texts = (upstream: Upstream) => upstream.asked.map(({ text }) => text);
const a = (data: string, name = 'www.example.org') => [`${name} 300 A ${data}`];

test('a query reaches the upstream under an id of its own and in the letter case of the client; the reply comes back to the client', async () => {
  const upstream = await upstreamWith({ 'www.example.org A': a('192.0.2.1') });
  const server = await serverWith(`forward . ${upstream.endpoint}`);
  const { reply } = await ask(server, 'wWw.Example.ORG A +id=4660');
  expect(reply).toMatchObject({ id: 4660, rcode: 'NOERROR', flags: ['qr', 'rd', 'ra'] });
  expect(reply?.questions[0]?.name).toBe('wWw.Example.ORG.');
  expect(reply?.answer.map(({ data }) => data)).toEqual(['192.0.2.1']);
  expect(texts(upstream)).toEqual(['udp wWw.Example.ORG. IN A rd']);
});

test('every query over UDP leaves from another port and with another id', async () => {
  const upstream = await upstreamWith({ '* *': 'NXDOMAIN' });
  const server = await serverWith(`forward . ${upstream.endpoint}`);
  for (let i = 0; i < 40; i++) await server.ask(`n${i}.example.org`);
  expect(new Set(upstream.asked.map(({ from }) => from)).size).toBeGreaterThan(36);
  expect(new Set(upstream.asked.map(({ message }) => message.id)).size).toBeGreaterThan(36);
});

test('the flags RD, AD and CD go on; NXDOMAIN comes back with its authority section', async () => {
  const soa = 'example.org 60 SOA ns.example.org root.example.org 1 2 3 4 60';
  const upstream = await upstreamWith({ '* *': { rcode: 'NXDOMAIN', authority: [soa] } });
  const server = await serverWith(`forward . ${upstream.endpoint}`);
  const { reply } = await ask(server, 'no.example.org A +nord +ad +cd');
  expect(texts(upstream)).toEqual(['udp no.example.org. IN A ad cd']);
  expect(reply?.rcode).toBe('NXDOMAIN');
  expect(reply?.authority).toHaveLength(1);
});

test('EDNS goes on with a size of at most 1232 and of the options the client subnet alone', async () => {
  const upstream = await upstreamWith({ '* *': a('192.0.2.1') });
  const server = await serverWith(`forward . ${upstream.endpoint}`);
  await ask(server, 'www.example.org A +size=4096 +do +option=8:00011800c00002 +option=10:0102030405060708 +option=65001:01');
  await ask(server, 'www.example.org A +size=800');
  expect(texts(upstream)).toEqual(['udp www.example.org. IN A rd, opt 1232 do 8:00011800c00002', 'udp www.example.org. IN A rd, opt 800']);
});

test('an option that a rewrite has set goes on, whatever it is', async () => {
  const upstream = await upstreamWith({ '* *': a('192.0.2.1') });
  const server = await serverWith(`rewrite edns0 local set 0xfde9 0xabcd\nforward . ${upstream.endpoint}`);
  await ask(server, 'www.example.org A +size=800 +option=10:0102030405060708');
  expect(texts(upstream)).toEqual(['udp www.example.org. IN A rd, opt 800 65001:abcd']);
});

test('of the options of an upstream the client sees its subnet and the extended error alone', async () => {
  const subnet = '00011800c00002';
  const options = [8, 10, 12, 15, 65001].map((code) => ({ code, data: code === 8 ? subnet : '0001' }));
  const upstream = await upstreamWith({ '* *': { answer: a('192.0.2.1'), opt: { options } } });
  const server = await serverWith(`forward . ${upstream.endpoint}`);
  const codes = async (asked: string) => (await ask(server, asked)).reply?.opt?.options.map(({ code }) => code);
  expect(await codes(`www.example.org A +edns +option=8:${subnet}`)).toEqual([8, 15]);
  // One that it did not send is not its.
  expect(await codes('www.example.org A +edns')).toEqual([15]);
});

test('names outside FROM and names under an exception go to the next plugin, FROM itself is never excepted', async () => {
  const upstream = await upstreamWith({ '* *': 'NXDOMAIN' });
  const server = await serverWith(`forward example.org ${upstream.endpoint} {\n except Local.example.org 0.10.in-addr.arpa example.org\n}\nwhoami`);
  await server.ask('example.org');
  await server.ask('a.example.org');
  await server.ask('example.com');
  expect(texts(upstream)).toEqual(['udp example.org. IN A rd']);
  const other = await upstreamWith({ '* *': 'NXDOMAIN' });
  const second = await serverWith(`forward . ${other.endpoint} {\n except local.example.org\n except 10.0.0.0/16\n}\nwhoami`);
  for (const name of ['local.example.org', 'x.local.example.org', 'xlocal.example.org', '1.1.0.10.in-addr.arpa', '1.1.1.10.in-addr.arpa'])
    await second.ask(name);
  expect(texts(other)).toEqual(['udp xlocal.example.org. IN A rd', 'udp 1.1.1.10.in-addr.arpa. IN A rd']);
});

test('the transport is the one of the client, unless force_tcp or prefer_udp say otherwise', async () => {
  const transports = async (option: string) => {
    const upstream = await upstreamWith({ '* *': 'NXDOMAIN' });
    const server = await serverWith(`forward . ${upstream.endpoint} {\n ${option}\n}`);
    await server.ask('a.example.org', 'A', { transport: 'udp' });
    await server.ask('b.example.org', 'A', { transport: 'tcp' });
    return upstream.asked.map(({ transport }) => transport);
  };
  expect(await transports('max_fails 2')).toEqual(['udp', 'tcp']);
  expect(await transports('force_tcp')).toEqual(['tcp', 'tcp']);
  expect(await transports('prefer_udp')).toEqual(['udp', 'udp']);
  expect(await transports('force_tcp\n prefer_udp')).toEqual(['tcp', 'tcp']);
});

test('a truncated reply goes to the client; with prefer_udp the upstream is asked again over TCP', async () => {
  const upstream = await upstreamWith({ '* *': { answer: a('192.0.2.1'), truncate: true } });
  const plain = await serverWith(`forward . ${upstream.endpoint}`);
  expect((await plain.ask('www.example.org')).flags).toContain('tc');
  const preferring = await serverWith(`forward . ${upstream.endpoint} {\n prefer_udp\n}`);
  expect((await preferring.ask('www.example.org', 'A', { transport: 'tcp' })).answers).toHaveLength(1);
  expect(upstream.asked.map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp']);
});

test('max_concurrent refuses what would be one too many', async () => {
  // It is asked again after read_timeout.
  const upstream = await upstreamWith({ '* *': { sequence: [{ drop: true }, 'NXDOMAIN'] } });
  const server = await serverWith(`forward . ${upstream.endpoint} {\n max_concurrent 1\n}`);
  const first = server.ask('first.example.org');
  await upstream.wait(1);
  expect((await server.ask('www.example.org')).rcode).toBe('REFUSED');
  expect(server.lines.join('\n')).toContain('concurrent queries exceeded maximum 1');
  expect(await server.metrics()).toContain('coredns_forward_max_concurrent_rejects_total 1');
  expect((await first).rcode).toBe('NXDOMAIN');
  expect((await server.ask('www.example.org')).rcode).toBe('NXDOMAIN');
});

test('next and next_on_nodata hand the query to the forward that follows, and to nothing else', async () => {
  const first = await upstreamWith({ 'nodata.example.org A': [], '* *': 'NXDOMAIN' });
  const second = await upstreamWith({ '* *': 'REFUSED' });
  const server = await serverWith(
    `forward . ${first.endpoint} {\n next NXDOMAIN\n next_on_nodata\n}\nforward . ${second.endpoint} {\n next REFUSED\n}\nwhoami`,
  );
  expect((await server.ask('www.example.org')).rcode).toBe('REFUSED');
  expect((await server.ask('nodata.example.org')).rcode).toBe('REFUSED');
  expect(second.asked).toHaveLength(2);
});

test('next hands a name on only where a forward for it follows; else the reply at hand is given', async () => {
  const soa = { rcode: 'NXDOMAIN', authority: ['. 60 SOA a. b. 1 2 3 4 5'] };
  const first = await upstreamWith({ 'nodata.example.net A': [], '* *': soa });
  const corp = await upstreamWith({ '* *': 'REFUSED' });
  const lab = await upstreamWith({ '* *': 'SERVFAIL' });
  const server = await serverWith(
    [
      `forward . ${first.endpoint} {\n next NXDOMAIN\n next_on_nodata\n}`,
      `forward corp.example ${corp.endpoint} {\n except public.corp.example\n}`,
      `forward lab.example ${lab.endpoint}`,
    ].join('\n'),
  );
  for (const name of ['www.example.net', 'corp.example.net', 'public.corp.example', 'www.public.corp.example']) {
    const { rcode, authorities } = await server.ask(name);
    expect([name, rcode, authorities.length]).toEqual([name, 'NXDOMAIN', 1]);
  }
  expect((await server.ask('nodata.example.net')).rcode).toBe('NOERROR');
  expect([corp.asked.length, lab.asked.length]).toEqual([0, 0]);
  expect((await server.ask('www.corp.example')).rcode).toBe('REFUSED');
  expect((await server.ask('lab.example')).rcode).toBe('SERVFAIL');
});

test('metadata tells which upstream was asked, metrics count its replies', async () => {
  const upstream = await upstreamWith({ '* *': { rcode: 'NXDOMAIN' } });
  const server = await serverWith(`log . "to={/forward/upstream}"\nforward . ${upstream.endpoint}`);
  await server.ask('www.example.org');
  expect(server.lines.join('\n')).toContain(`to=${upstream.endpoint}`);
  const metrics = (await server.metrics()).split('\n').filter((line) => line.includes(upstream.endpoint) && !line.includes('_bucket'));
  expect(metrics).toContain(`coredns_proxy_request_duration_seconds_count{proxy_name="forward",rcode="NXDOMAIN",to="${upstream.endpoint}"} 1`);
  expect(metrics).toContain(`coredns_proxy_conn_cache_misses_total{proto="udp",proxy_name="forward",to="${upstream.endpoint}"} 1`);
});
