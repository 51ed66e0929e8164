// What the recorded answers of CoreDNS do not show: clients over IPv6, failures, prefixes, reloads.
import { ask, serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { refusal } from '../support/refusal.ts';
import { startUpstream } from '../support/upstream.ts';

const hosts = 'hosts {\n192.0.2.33 four.test\n2001:db8::6 six.test\n192.0.2.66 six.test\nfallthrough\n}';

test('clients over IPv6 are meant, those over IPv4 only where it says so', async () => {
  await using server = await serve(`.:0 {\nbind ::1\ndns64\n${hosts}\n}`);
  const overIpv6 = (name: string) => ask({ port: server.port, address: '::1', name, type: 'AAAA' });
  expect((await overIpv6('four.test')).answers).toEqual(['four.test. 600 IN AAAA 64:ff9b::c000:221']);
  expect((await overIpv6('six.test')).answers).toEqual(['six.test. 3600 IN AAAA 2001:db8::6']);
  await using other = await serve(`.:0 {\ndns64\n${hosts}\n}`);
  expect((await other.ask('four.test', 'AAAA')).answers).toEqual([]);
});

// RFC 6052 section 2.4, with 2001:db8::/32 as prefix.
test.each([
  ['2001:db8::/32', '2001:db8:c000:221::'],
  ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
  ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
  ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
  ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100:0'],
  ['2001:db8:122:344::/96', '2001:db8:122:344::c000:221'],
])('with prefix %s 192.0.2.33 stands as %s', async (prefix, address) => {
  await using server = await serve(`.:0 {\ndns64 ${prefix} {\nallow_ipv4\n}\n${hosts}\n}`);
  expect((await server.ask('four.test', 'AAAA')).answers).toEqual([`four.test. 600 IN AAAA ${address}`]);
});

describe('with an upstream', () => {
  const corefile = (endpoint: string, more = '') => `.:0 {\ndns64 {\nallow_ipv4\n}\n${more}\nforward . ${endpoint} {\nmax_fails 0\n}\n}`;

  test('a failure of both questions stays a failure, and a name that does not exist is not asked for again', async () => {
    await using upstream = await startUpstream({ 'gone.test *': 'NXDOMAIN', '* *': 'SERVFAIL' });
    await using server = await serve(corefile(upstream.endpoint));
    expect((await server.ask('broken.test', 'AAAA')).rcode).toBe('SERVFAIL');
    upstream.asked.length = 0;
    expect((await server.ask('gone.test', 'AAAA')).rcode).toBe('NXDOMAIN');
    expect(upstream.asked).toHaveLength(1);
  });

  test('the question for A records passes an acl on behalf of the client', async () => {
    await using upstream = await startUpstream({ '* A': ['a.test 30 A 192.0.2.1'], '* AAAA': {} });
    await using server = await serve(corefile(upstream.endpoint, 'acl {\nfilter type A\n}'));
    expect(await server.ask('a.test', 'AAAA')).toMatchObject({ rcode: 'NOERROR', answers: [] });
  });
});

test('a reload brings another prefix', async () => {
  const corefile = (prefix: string) => `.:0 {\ndns64 {\nallow_ipv4\nprefix ${prefix}\n}\n${hosts}\n}`;
  await using server = await serve(corefile('2001:db8:1::/96'));
  await server.reload(corefile('2001:db8:2::/96'));
  expect((await server.ask('four.test', 'AAAA')).answers).toEqual(['four.test. 600 IN AAAA 2001:db8:2::c000:221']);
  expect(await server.metrics()).toMatch(/^coredns_dns64_requests_translated_total\{server="dns:\/\/127.0.0.1:0"\} 1$/m);
});

test.each([
  ['prefix 64:1337::/97', 'invalid prefix length "64:1337::/97"'],
  ['prefix 10.0.0.0/8', 'invalid netmask 32 IPv6 address: "10.0.0.0/8"'],
  ['prefix 64:1337::', 'invalid CIDR address: 64:1337::'],
  ['translate', "unknown property 'translate'"],
])('%j is refused', async (line, message) => {
  expect(await refusal(`.:0 {\ndns64 {\n${line}\n}\nwhoami\n}`)).toContain(message);
});
