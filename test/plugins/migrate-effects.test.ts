// What a plan does in the world: commands that cannot be run, a store that went back, clients as a canary tells them apart.
import { migration } from 'ferrydns/built-in/moves';
import { clientSubnetOption, makeQuery, type Name } from 'ferrydns/plugin';
import { expect, test } from 'vitest';
import { canaryKeyOf } from '../../plugins/migrate/answer/subnet.ts';
import { execute } from '../../plugins/migrate/runner/execute.ts';
import { Link } from '../../plugins/migrate/store/link.ts';
import type { Found, Store } from '../../plugins/migrate/store/store.ts';
import { planFor } from '../migration/scenarios.ts';

test('a command that the system refuses to run has failed', async () => {
  const { outcome, text } = await execute(['/bin/true', 'x'.repeat(4 << 20)], { seconds: 1, env: {} });
  expect({ outcome, text }).toEqual({ outcome: 'failed', text: expect.stringContaining('E2BIG') });
});

test('a store that holds an older version than was swapped last cannot be agreed with', async () => {
  const plan = planFor({ mode: 'exclusive', store: 'etcd', ttl: 10, session: 0 });
  const now = { wall: 1_000_000, mono: 0, leased: { from: 0, to: 0 } };
  const begun = migration.begin({ plan, replica: 'a', view: null, now });
  const { effects } = migration.step(begun, { kind: 'read', version: 0, agreement: null }, now);
  const founding = effects.find((effect) => effect.kind === 'commit');
  if (founding === undefined) throw new Error('nothing is founded');
  let found: Found = { version: 3, kept: { agreement: founding.agreement, changed: null, runs: {} } };
  const store: Store = { place: 'here', read: async () => found, swap: async () => ({ done: false, found }), close: () => {} };
  const log = { debugging: false, debug() {}, info() {}, warn() {}, error() {} };
  const link = new Link({ store, replica: 'a', shared: true, earlier: new Set(), log, now: () => 0, heard() {}, changed() {}, usurped() {} });
  expect(await link.swap({ ...founding, expect: 7 })).toEqual({
    kind: 'unreachable',
    id: founding.id,
    reason: 'here went back: it holds version 3, expected 7 or a later one',
  });
  // One that has lost everything is heard, so that what is known is put back.
  found = { version: 0, kept: null };
  expect(await link.swap({ ...founding, expect: 7 })).toEqual({ kind: 'conflict', id: founding.id, version: 0, agreement: null });
});

/** The client that a canary sees: who asks, and the subnet that the query carries. */
function canaryKey(address: string, network?: string): string {
  const query = makeQuery({
    name: 'www.example.org.' as Name,
    type: 'A',
    client: { address, port: 1, family: address.includes(':') ? 6 : 4, transport: 'udp', localAddress: '', localPort: 53 },
    receivedAt: 0,
  });
  return canaryKeyOf(network === undefined ? query : query.with({ options: [clientSubnetOption({ network })] }));
}

test.each([
  ['2001:db8::1', '2001:db8::2', true],
  ['2001:db8:0:0:a::', '2001:db8::2', true],
  ['2001:db8:0:1::1', '2001:db8::1', false],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
])('a client is an IPv4 address or the /64 of an IPv6 address: %s and %s', (one, other, same) => {
  expect(canaryKey(one) === canaryKey(other)).toBe(same);
});

test.each([
  ['192.0.2.1/32', '192.0.2.1', true],
  ['192.0.2.1/32', '192.0.2.2', false],
  ['192.0.2.0/24', '192.0.2.0', false],
  ['2001:db8::1/128', '2001:db8::1', true],
  ['2001:db8:0:1::/64', '2001:db8:0:1::7', true],
  ['2001:db8::/56', '2001:db8::1', false],
  ['0.0.0.0/0', '198.51.100.1', true],
])('a client that a forwarder names by %s and %s that asks by itself', (network, address, same) => {
  expect(canaryKey('198.51.100.1', network) === canaryKey(address)).toBe(same);
});
