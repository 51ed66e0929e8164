// Tables of networks: the longest network that an address lies in, whatever the order in which they came.
import fc from 'fast-check';
import { clientSubnetOf, clientSubnetOption, EdnsOption, NetworkTable, networkText, parseNetwork } from 'ferrydns/plugin';
import { describe, expect, test } from 'vitest';

describe('a network', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.77/24', '192.0.2.0/24'],
    ['192.0.2.1', '192.0.2.1/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::1/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::ffff:192.0.2.7/120', '192.0.2.0/24'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
    ['::/0', '::/0'],
  ])('%s is %s', (text, normal) => {
    expect(networkText(parseNetwork(text))).toBe(normal);
  });

  test.each(['', '/24', '192.0.2.0/33', '2001:db8::/129', '192.0.2/24', '192.0.2.0/', '192.0.2.0/x', '192.0.2.0/24/8', 'www.example', '-1/8'])(
    '%j is none',
    (text) => {
      expect(() => parseNetwork(text)).toThrow(`found "${text}", expected an address, or a network such as 192.0.2.0/24 or 2001:db8::/32`);
    },
  );
});

describe('a table', () => {
  const table = new NetworkTable([
    ['10.0.0.0/8', 'ten'],
    ['10.1.0.0/16', 'one'],
    ['10.1.2.3', 'host'],
    ['2001:db8::/32', 'six'],
    ['2001:db8:0:1::/64', 'subnet'],
  ]);

  test.each([
    ['10.9.9.9', '10.0.0.0/8', 'ten'],
    ['10.1.9.9', '10.1.0.0/16', 'one'],
    ['10.1.2.3', '10.1.2.3/32', 'host'],
    ['::ffff:10.1.2.3', '10.1.2.3/32', 'host'],
    ['2001:db8::1', '2001:db8::/32', 'six'],
    ['2001:db8:0:1::1%eth0', '2001:db8:0:1::/64', 'subnet'],
  ])('finds for %s the longest, %s', (address, network, value) => {
    expect(table.find(address)).toEqual({ network, value });
  });

  test.each(['11.0.0.1', '2001:db9::', 'no address', ''])('finds nothing for %j', (address) => {
    expect(table.find(address)).toBeUndefined();
    expect(table.has(address)).toBe(false);
  });

  test('keeps one value for each network, however that is written', () => {
    const once = new NetworkTable<number>([['10.0.0.0/8', 1]]);
    once.set('10.99.0.0/8', 2);
    expect([once.size, once.find('10.0.0.1')?.value]).toEqual([1, 2]);
  });

  test('finds what a search through all of them finds', () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.integer({ min: 0, max: 255 }).map((last) => `10.0.0.${last}`),
    );
    const network = fc
      .oneof(
        fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
        fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
        fc.tuple(fc.constant('10.0.0.129'), fc.integer({ min: 20, max: 32 })),
      )
      .map(([base, length]) => `${base}/${length}`);
    fc.assert(
      fc.property(fc.array(network, { maxLength: 30 }), fc.array(address, { minLength: 1, maxLength: 20 }), (networks, addresses) => {
        const all = new NetworkTable(networks.map((each) => [each, networkText(parseNetwork(each))]));
        for (const each of addresses) {
          // The search: masked to the length of a network, the address is that network.
          const holding = networks.map(parseNetwork).filter(({ bytes, length }) => {
            const own = parseNetwork(each);
            return (
              own.bytes.length === bytes.length &&
              networkText(parseNetwork(`${networkText(own).replace(/\/.*/, '')}/${length}`)) === networkText({ bytes, length })
            );
          });
          const longest = holding.sort((a, b) => b.length - a.length)[0];
          expect(all.find(each)?.network).toBe(longest === undefined ? undefined : networkText(longest));
        }
      }),
    );
  });

  test('of 10,000 networks has each', () => {
    const many = new NetworkTable<number>();
    for (let i = 0; i < 10_000; i++) many.set(`10.${i >> 8}.${i & 255}.0/24`, i);
    expect(many.size).toBe(10_000);
    for (let i = 0; i < 10_000; i += 7) expect(many.find(`10.${i >> 8}.${i & 255}.9`)?.value).toBe(i);
    expect(many.has('10.40.0.1')).toBe(false);
  });
});

describe('a client subnet', () => {
  const option = (hex: string) => [{ code: EdnsOption.CLIENT_SUBNET, data: Buffer.from(hex, 'hex') }];

  test.each([
    ['0001180ac00002', { network: '192.0.2.0/24', scope: 10 }],
    ['00010000', { network: '0.0.0.0/0', scope: 0 }],
    ['0002200020010db8', { network: '2001:db8::/32', scope: 0 }],
  ])('of %s is read, and written as it was', (hex, subnet) => {
    expect(clientSubnetOf(option(hex))).toEqual(subnet);
    expect(clientSubnetOption(subnet)).toEqual(option(hex)[0]);
  });

  test.each(['', '0001', '0003180ac00002', '00012100c0000200', '00011800c000', '00011800c0000201', '00011700c00003', '00011821c00002'])(
    'that is malformed (%s) counts as none',
    (hex) => {
      expect(clientSubnetOf(option(hex))).toBeUndefined();
    },
  );

  test.each([
    [{ network: '192.0.2.0/33' }, 'found "192.0.2.0/33", expected an address, or a network'],
    [{ network: '192.0.2.0/24', scope: 33 }, 'found 33 as scope of 192.0.2.0/24, expected 0 to 32'],
  ])('%j is refused', (subnet, message) => {
    expect(() => clientSubnetOption(subnet)).toThrow(message);
  });
});
