// Sessions of datagrams without a header of their own, by a clock of the test.
import { expect, test } from 'vitest';
import { maxMessage, type Peer } from '../../src/transport/answerer.ts';
import { DatagramUnwrapper } from '../../src/transport/proxied-datagrams.ts';
import { defaultStreams, defaultTimeouts } from '../../src/transport/stream-settings.ts';
import { datagramFrom4, datagramFrom6 } from '../support/proxy-header.ts';

const query = Buffer.from('abcd01000001000000000000076578616d706c65036f72670000010001', 'hex');

function proxyAt(port: number): Peer {
  return { transport: 'udp', address: '192.0.2.250', port, family: 4, localAddress: '192.0.2.1', localPort: 53, send() {}, sendNothing() {} };
}

/** Says for each datagram who seems to ask, "nobody" for one that is dropped. */
function listener(most: number) {
  const clock = { now: 0 };
  const seen: string[] = [];
  const proxy = { policy: () => 'use' as const, sessions: { milliseconds: 1000, most }, now: () => clock.now, happened() {} };
  const settings = { timeouts: defaultTimeouts, connections: 1, streams: defaultStreams, proxy };
  const answer = (wire: Uint8Array, start: number, end: number, peer: Peer) => {
    expect(Buffer.from(wire.subarray(start, end)).equals(query)).toBe(true);
    return seen.push(peer.address);
  };
  const unwrapper = new DatagramUnwrapper({ answer }, () => settings);
  const receive = (port: number, ...parts: readonly Buffer[]) => {
    const before = seen.length;
    const wire = Buffer.concat([Buffer.from('other'), ...parts]);
    unwrapper.answer(wire, 5, wire.length, proxyAt(port), Buffer.alloc(maxMessage));
    return seen.length === before ? 'nobody' : seen.at(-1);
  };
  return { clock, receive };
}

test('a header alone begins a session, which lasts from datagram to datagram', () => {
  const { clock, receive } = listener(10);
  expect(receive(1, datagramFrom4)).toBe('nobody');
  for (clock.now = 900; clock.now < 5000; clock.now += 900) expect(receive(1, query)).toBe('192.0.2.7');
  expect(receive(2, query)).toBe('192.0.2.250');
  clock.now += 1000;
  expect(receive(1, query)).toBe('192.0.2.250');
});

test('a header before a query begins one as well, and another header another one', () => {
  const { receive } = listener(10);
  expect(receive(1, datagramFrom4, query)).toBe('192.0.2.7');
  expect(receive(1, query)).toBe('192.0.2.7');
  expect(receive(1, datagramFrom6, query)).toBe('2001:db8::7');
  expect(receive(1, query)).toBe('2001:db8::7');
});

test('of too many sessions the one that was used longest ago ends', () => {
  const { receive } = listener(2);
  receive(1, datagramFrom4);
  receive(2, datagramFrom4);
  receive(1, query);
  receive(3, datagramFrom4);
  expect([1, 2, 3].map((port) => receive(port, query))).toEqual(['192.0.2.7', '192.0.2.250', '192.0.2.7']);
});
