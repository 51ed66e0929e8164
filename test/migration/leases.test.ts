import { describe, expect, test } from 'vitest';
import { clientKey } from '../../src/migration/client-key.ts';
import { Ledger } from '../../src/migration/leases.ts';

const ledger = (clients = 1000) => new Ledger({ clients, slack: 3000, caches: 0 });
const now = 1_700_000_000_000;

describe('a lease', () => {
  test('ends TTL and slack after its answer was sent', () => {
    const leases = ledger();
    leases.hand({ client: '192.0.2.7', answer: 'from', ttl: 30 }, now);
    expect(leases.latest).toEqual({ from: now + 33_000, to: 0 });
    expect(leases.alive('from', now + 32_999)).toBe(1);
    expect(leases.alive('from', now + 33_000)).toBe(0);
  });

  test('on A and B is counted for both when the answer names both', () => {
    const leases = ledger();
    leases.hand({ client: '192.0.2.7', answer: 'both', ttl: 5 }, now);
    expect([leases.alive('from', now), leases.alive('to', now)]).toEqual([1, 1]);
  });

  test('is never shortened by a later answer with a lower TTL', () => {
    const leases = ledger();
    leases.hand({ client: '192.0.2.7', answer: 'from', ttl: 30 }, now);
    leases.hand({ client: '192.0.2.7', answer: 'from', ttl: 1 }, now + 1000);
    expect(leases.last(1)).toMatchObject([{ client: '192.0.2.7', from: now + 33_000 }]);
    expect(leases.latest.from).toBe(now + 33_000);
  });

  test('of clients that nobody can name is counted, and the list says when some are missing', () => {
    const leases = ledger();
    leases.hand({ client: '192.0.2.7', answer: 'from', ttl: 30 }, now);
    leases.reserve({ from: now + 20_000, to: now + 40_000 });
    expect(leases.latest).toEqual({ from: now + 33_000, to: now + 40_000 });
    expect([leases.size, leases.cut]).toEqual([1, false]);
    leases.reserve({ from: now + 50_000, to: 0 }, { cut: true });
    expect(leases.latest).toEqual({ from: now + 50_000, to: now + 40_000 });
    expect(leases.cut).toBe(true);
  });

  test('belongs to the /64 of an IPv6 client, and to the address of an IPv4 client', () => {
    const leases = ledger();
    for (const client of ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1', '192.0.2.1', '192.0.2.2', '::ffff:192.0.2.2'])
      leases.hand({ client, answer: 'from', ttl: 5 }, now);
    expect(leases.size).toBe(4);
    expect(leases.last(9).map(({ client }) => client)).toContain('2001:db8:1:2::/64');
  });
});

test.each([
  ['::1', { high: 0, low: 0, ipv6: true }],
  ['2001:db8::', { high: 0x20010db8, low: 0, ipv6: true }],
  ['1:2:3:4:5:6:7:8', { high: 0x10002, low: 0x30004, ipv6: true }],
  ['fe80::1%eth0', { high: 0xfe800000, low: 0, ipv6: true }],
  ['64:ff9b::192.0.2.1', { high: 0x64ff9b, low: 0, ipv6: true }],
  ['255.0.0.1', { high: 0, low: 0xff000001, ipv6: false }],
])('the ledger knows %s by %j', (client, key) => {
  expect(clientKey(client)).toEqual(key);
});

describe('a full ledger', () => {
  test('keeps the latest end, and says that the list is cut', () => {
    const leases = ledger(100);
    for (let i = 0; i < 150; i++) leases.hand({ client: `10.0.0.${i}`, answer: 'from', ttl: i }, now);
    expect(leases.size).toBe(100);
    expect(leases.cut).toBe(true);
    expect(leases.latest.from).toBe(now + 152_000);
  });

  test('first makes room by what has ended', () => {
    const leases = ledger(100);
    for (let i = 0; i < 100; i++) leases.hand({ client: `10.0.0.${i}`, answer: 'from', ttl: 5 }, now);
    leases.hand({ client: '10.1.0.1', answer: 'from', ttl: 5 }, now + 60_000);
    expect(leases.cut).toBe(false);
    expect(leases.alive('from', now + 60_000)).toBe(1);
    expect(leases.last(1)).toMatchObject([{ client: '10.1.0.1' }]);
  });

  test('of 100,000 clients takes less than 20 MB', () => {
    const before = process.memoryUsage();
    const leases = new Ledger({ slack: 3000, caches: 0 });
    for (let i = 0; i < 100_000; i++)
      leases.hand({ client: `2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::1`, answer: 'from', ttl: 30 }, now + i);
    expect(leases.size).toBe(100_000);
    expect(leases.cut).toBe(false);
    expect(leases.bytes).toBeLessThan(20_000_000);
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(20_000_000);
  });
});

describe('a client that looks pinned to A', () => {
  const regular = (leases: Ledger, client: string, answer: 'from' | 'to') => {
    for (let i = 0; i < 4; i++) leases.hand({ client, answer: i < 3 ? 'from' : answer, ttl: 5 }, now + i * 5500);
  };

  test('came back once per TTL, got A, and has been silent for three TTLs', () => {
    const leases = ledger();
    regular(leases, '192.0.2.1', 'from');
    expect(leases.pinned(now + 3 * 5500 + 14_999)).toEqual([]);
    expect(leases.pinned(now + 3 * 5500 + 15_000)).toMatchObject([{ client: '192.0.2.1' }]);
  });

  test('is given as long as one that comes back has, where the TTL was counted down to 0', () => {
    const leases = ledger();
    for (let i = 0; i < 4; i++) leases.hand({ client: '192.0.2.1', answer: 'from', ttl: 0 }, now + i * 150);
    expect(leases.pinned(now + 450 + 2999)).toEqual([]);
    expect(leases.pinned(now + 450 + 3000)).toMatchObject([{ client: '192.0.2.1' }]);
  });

  test('was not given B, and is not one that rarely asks', () => {
    const leases = ledger();
    regular(leases, '192.0.2.1', 'to');
    leases.hand({ client: '192.0.2.2', answer: 'from', ttl: 5 }, now);
    leases.hand({ client: '192.0.2.2', answer: 'from', ttl: 5 }, now + 60_000);
    expect(leases.pinned(now + 600_000)).toEqual([]);
  });
});

test('the last leases are listed with the latest end first, however many there are', () => {
  const leases = new Ledger({ slack: 0, caches: 0 });
  const ttls = Array.from({ length: 500 }, (_, i) => ((i * 7919) % 1009) + 1);
  for (const [i, ttl] of ttls.entries()) leases.hand({ client: `10.0.${i >> 8}.${i & 255}`, answer: 'from', ttl }, now);
  const latest = [...ttls].sort((a, b) => b - a).slice(0, 20);
  expect(leases.last(20).map(({ from }) => (from - now) / 1000)).toEqual(latest);
  expect(leases.last(0)).toEqual([]);
});
