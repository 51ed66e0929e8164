// Keys of server blocks, zones of plugins, and addresses.

import { describe, expect, test } from 'vitest';

import { ConfigError } from '../../src/config/error.ts';
import { normalizeZones, parseCidr, parseEndpoint, parseHostPort, parseKey } from '../../src/config/zone-key.ts';

const word = (text: string) => ({ text, quoted: false, place: { file: 'Corefile', line: 3, column: 1, length: text.length } });
const keys = (text: string) => parseKey(word(text), { dnsPort: 1053 }).map(({ transport, zone, port }) => `${transport}://${zone}:${port}`);

describe('keys', () => {
  test.each<[string, string[]]>([
    ['.', ['dns://.:1053']],
    ['.:53', ['dns://.:53']],
    ['Example.ORG', ['dns://example.org.:1053']],
    ['dns://example.org.:5353', ['dns://example.org.:5353']],
    ['tls://.', ['tls://.:853']],
    ['quic://.', ['quic://.:853']],
    ['grpc://.', ['grpc://.:443']],
    ['https://example.org', ['https://example.org.:443']],
    ['https3://.', ['https3://.:443']],
    ['.:0', ['dns://.:0']],
    ['10.0.0.0/24', ['dns://0.0.10.in-addr.arpa.:1053']],
    ['10.0.0.0/24:53', ['dns://0.0.10.in-addr.arpa.:53']],
    ['tls://2001:db8::/32:8853', ['tls://8.b.d.0.1.0.0.2.ip6.arpa.:8853']],
    ['0/25.2.0.192.in-addr.arpa', ['dns://0/25.2.0.192.in-addr.arpa.:1053']],
    ['_svc._tcp.a\\.b.org', ['dns://_svc._tcp.a\\.b.org.:1053']],
  ])('%s', (text, expected) => {
    expect(keys(text)).toEqual(expected);
  });

  test.each<[string, RegExp]>([
    ['.:', /expecting data after last colon: "\.:"$/],
    [':53', /zone is not a valid domain name: /],
    ['', /zone is not a valid domain name: /],
    ['a..b', /zone is not a valid domain name: a\.\.b/],
    [`${'a'.repeat(64)}.org`, /zone is not a valid domain name/],
    [`${'a.'.repeat(128)}`, /specified zone is too long: 256 > 255/],
    ['.:1053-1055', /zone is not a valid domain name: \.:1053-1055/],
    ['example.org:1053-1055', /zone is not a valid domain name/],
    ['.:70000', /port 70000 is out of range/],
    ['.:-1', /port -1 is out of range/],
    ['10.0.0.0/33', /invalid CIDR 10\.0\.0\.0\/33/],
    ['::/0', /invalid CIDR ::\/0/],
    ['0::/8', /invalid CIDR/],
    ['unix:///run/x', /unknown transport 'unix'/],
    ['.:53{', /zone is not a valid domain name/],
  ])('refused: %s', (text, message) => {
    const failing = () => keys(text);
    expect(failing).toThrow(ConfigError);
    expect(failing).toThrow(message);
    expect(failing).toThrow(/^error inspecting server blocks: /);
  });

  test('a brace glued to a key is explained', () => {
    expect(() => keys('example.org{')).toThrow(expect.objectContaining({ expected: "a blank before '{'" }));
  });
});

describe('reverse zones', () => {
  test.each<[string, string[]]>([
    ['10.0.0.0/8', ['10.in-addr.arpa.']],
    ['10.0.0.0/15', ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.']],
    ['192.168.1.1/23', ['0.168.192.in-addr.arpa.', '1.168.192.in-addr.arpa.']],
    ['10.129.60.0/22', ['60.129.10.in-addr.arpa.', '61.129.10.in-addr.arpa.', '62.129.10.in-addr.arpa.', '63.129.10.in-addr.arpa.']],
    ['192.0.2.7/32', ['7.2.0.192.in-addr.arpa.']],
    ['10.0.0.0/0', ['in-addr.arpa.']],
    ['2001:db8::/31', ['8.b.d.0.1.0.0.2.ip6.arpa.', '9.b.d.0.1.0.0.2.ip6.arpa.']],
    ['2001:db8:0:12::/64', ['2.1.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.']],
    ['2001::/0', ['ip6.arpa.']],
  ])('%s', (text, expected) => {
    expect(normalizeZones(text)).toEqual(expected);
  });

  test('off a border the next longer one is filled', () => {
    expect(normalizeZones('10.0.0.32/27')).toHaveLength(32);
    expect(normalizeZones('10.0.0.32/27').at(-1)).toBe('63.0.0.10.in-addr.arpa.');
    expect(normalizeZones('2001:db8::/33').map((zone) => zone.slice(0, 2))).toEqual(['0.', '1.', '2.', '3.', '4.', '5.', '6.', '7.']);
  });
  test('zones of plugins lose transport and port', () => {
    expect(normalizeZones('dns://Example.org:53')).toEqual(['example.org.']);
  });
});

describe('addresses', () => {
  test.each([
    ['8.8.8.8', { host: '8.8.8.8', port: 53 }],
    ['8.8.8.8:153', { host: '8.8.8.8', port: 153 }],
    ['8.8.8.8:', { host: '8.8.8.8', port: 53 }],
    ['fe80::1', { host: 'fe80::1', port: 53 }],
    ['fe80::1%ens3', { host: 'fe80::1', port: 53, zoneId: 'ens3' }],
    ['[fd01::1]:153', { host: 'fd01::1', port: 153 }],
    ['[fd01::1]', { host: 'fd01::1', port: 53 }],
    ['[fd01::1%ens3]:153', { host: 'fd01::1', port: 153, zoneId: 'ens3' }],
  ])('%s', (text, expected) => {
    expect(parseHostPort(text, 53)).toEqual(expected);
  });

  test.each(['', 'a.a.a.a:153', '8.8.8.8::53', 'resolv.conf', '8.9.1043', '[8.8.8.8', '1.2.3.4:70000', 'fe80::1%'])('refused: %s', (text) => {
    expect(() => parseHostPort(text, 53)).toThrow();
  });

  test('an endpoint has a transport and its default port', () => {
    expect(parseEndpoint('1.1.1.1')).toEqual({ transport: 'dns', host: '1.1.1.1', port: 53 });
    expect(parseEndpoint('dns://[::1]:5353')).toEqual({ transport: 'dns', host: '::1', port: 5353 });
    expect(parseEndpoint('tls://9.9.9.9%dns.quad9.net')).toEqual({ transport: 'tls', host: '9.9.9.9', port: 853, zoneId: 'dns.quad9.net' });
  });

  test('a network loses the bits after its prefix', () => {
    expect(parseCidr('10.1.2.3/12')).toEqual({ address: '10.0.0.0', prefix: 12, family: 4 });
    expect(parseCidr('2001:db8:ffff::1/34')).toEqual({ address: '2001:db8:c000::', prefix: 34, family: 6 });
    expect(parseCidr('::ffff:1.2.3.4/96')?.prefix).toBe(96);
    expect(parseCidr('10.0.0.0')).toBeUndefined();
    expect(parseCidr('10.0.0.0/8/8')).toBeUndefined();
  });
});
