// A listener on all addresses of the machine: a reply comes from the address that was asked (RFC 2181 section 4), by either UDP transport.
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { MetricsRegistry } from '../../src/metrics/registry.ts';
import { InHand } from '../../src/server/in-hand.ts';
import { LateReplies } from '../../src/server/late-replies.ts';
import { Responder } from '../../src/server/responder.ts';
import { Router } from '../../src/server/router.ts';
import { openListener } from '../../src/transport/listener.ts';
import { defaultUdpKind, type UdpKind } from '../../src/transport/open-udp.ts';
import { defaultConnections, defaultStreams, defaultTimeouts } from '../../src/transport/stream-settings.ts';
import { UdpClient } from '../support/client.ts';

const kinds: UdpKind[] = defaultUdpKind() === 'batch' ? ['batch', 'dgram'] : ['dgram'];
const log = { debug() {}, info() {}, warn() {}, error() {}, debugging: false };
const unrouted = { server: 'dns://:0', zone: 'dropped', view: '', index: 0 };
const query = Buffer.from('abcd01000001000000000000076578616d706c65036f72670000010001', 'hex');
const settings = { timeouts: defaultTimeouts, connections: defaultConnections.dns, streams: defaultStreams };
const addresses = Object.values(networkInterfaces()).flatMap((entries) =>
  (entries ?? []).filter(({ scopeid }) => !scopeid).map(({ address }) => address),
);

describe.each(kinds)('a listener on every address, UDP by %s', (udp) => {
  test('answers on each address of the machine from that one', async () => {
    const responder = new Responder(
      {
        router: new Router([]),
        unrouted,
        otherClasses: false,
        notified: false,
        stacktrace: false,
        observers: [],
        inHand: new InHand(),
        lateReplies: new LateReplies({ log, metrics: new MetricsRegistry() }),
      },
      { now: () => performance.now(), log },
    );
    const sockets = await openListener({ transport: 'dns', address: '', port: 0, answerer: responder, settings: () => settings, log, udp });
    const port = sockets[0]?.port ?? 0;
    for (const address of addresses) {
      // A connected socket takes a reply from the asked address alone.
      const asker = await UdpClient.open({ port, address });
      asker.send(query);
      expect((await asker.next())?.subarray(0, 2).toString('hex')).toBe('abcd');
      asker.close();
    }
    await Promise.all(sockets.map((socket) => socket.close()));
  });
});
