// Many sets of networks at once, compared with one network after another.
import fc from 'fast-check';
import { type Client, type Network, parseNetwork } from 'ferrydns/plugin';
import { expect, test } from 'vitest';
import { ipv6Text } from '../../src/dns/address.ts';
import { NetworkRanges } from '../../src/dns/network-ranges.ts';

const octet = fc.oneof(fc.constantFrom(0, 1, 127, 128, 255), fc.integer({ min: 0, max: 255 }));
const group = fc.oneof(fc.constantFrom(0, 1, 0xffff), fc.integer({ min: 0, max: 0xffff }));
const ipv4 = fc.tuple(fc.constantFrom(0, 10, 255), octet, octet, octet).map((octets) => octets.join('.'));
const ipv6 = fc.tuple(fc.constantFrom(0, 0x2001, 0xffff), ...Array.from({ length: 7 }, () => group)).map((groups) => ipv6Text(groups));
const mapped = ipv4.map((each) => `::ffff:${each}`);
const network = fc.oneof(
  fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })).map((parts) => parts.join('/')),
  fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })).map((parts) => parts.join('/')),
);

function client(address: string): Client {
  return { address, port: 1, family: address.includes(':') ? 6 : 4, transport: 'udp', localAddress: '', localPort: 53 };
}

function bits({ bytes }: Network): string {
  return Array.from(bytes, (each) => each.toString(2).padStart(8, '0')).join('');
}

function lies(address: string, networks: readonly string[]): boolean {
  const own = bits(parseNetwork(address));
  return networks.map(parseNetwork).some((each) => bits(each).length === own.length && own.startsWith(bits(each).slice(0, each.length)));
}

test('an address has the values of the networks it lies in, in their order', () => {
  const sets = fc.array(fc.option(fc.array(network, { maxLength: 4 }), { nil: undefined }), { maxLength: 6 });
  const property = fc.property(sets, fc.array(fc.oneof(ipv4, ipv6, mapped), { minLength: 1 }), (all, addresses) => {
    const ranges = new NetworkRanges(all.map((networks, value) => ({ value, networks: networks?.map(parseNetwork) })));
    const ends = all.flatMap((networks) => (networks ?? []).map((each) => each.replace(/\/.*/, '')));
    for (const address of [...addresses, ...ends]) {
      const expected = [...all.keys()].filter((i) => all[i] === undefined || lies(address, all[i]));
      expect(ranges.find(client(address)), address).toEqual(expected);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

test('the ends of networks, and of all addresses', () => {
  const networks = (...texts: string[]) => texts.map(parseNetwork);
  const ranges = new NetworkRanges([
    { value: 'lowest', networks: networks('0.0.0.0/8', '::/16') },
    { value: 'highest', networks: networks('255.0.0.0/8', 'ff00::/8') },
    { value: 'middle', networks: networks('10.1.0.0/16', '10.1.2.3/32') },
    { value: 'all', networks: networks('0.0.0.0/0') },
    { value: 'any', networks: undefined },
  ]);
  const found = (address: string) => ranges.find(client(address)).join(' ');
  expect(found('0.0.0.0')).toBe('lowest all any');
  expect(found('0.255.255.255')).toBe('lowest all any');
  expect(found('1.0.0.0')).toBe('all any');
  expect(found('10.0.255.255')).toBe('all any');
  expect(found('10.1.0.0')).toBe('middle all any');
  expect(found('10.1.255.255')).toBe('middle all any');
  expect(found('10.2.0.0')).toBe('all any');
  expect(found('255.255.255.255')).toBe('highest all any');
  expect(found('::')).toBe('lowest any');
  expect(found('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')).toBe('highest any');
  expect(found('fe80::1%eth0')).toBe('any');
});

test('a client whose address is not known is in no network', () => {
  const ranges = new NetworkRanges([
    { value: 'all', networks: [parseNetwork('0.0.0.0/0'), parseNetwork('::/0')] },
    { value: 'any', networks: undefined },
  ]);
  expect(ranges.find(client(''))).toEqual(['any']);
});
