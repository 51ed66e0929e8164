// Sockets that share an address and port: the system spreads clients over them, and one of them can go without losing a query.
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { type Answerer, type Listening, type Peer, pending } from '../../src/transport/answerer.ts';
import { isNativeAvailable } from '../../src/transport/batch/library.ts';
import { openUdp, type UdpKind } from '../../src/transport/open-udp.ts';
import { defaultConnections, defaultStreams, defaultTimeouts } from '../../src/transport/stream-settings.ts';
import { listenTcp } from '../../src/transport/tcp.ts';
import { TcpClient, UdpClient } from '../support/client.ts';

const log = { debug() {}, info() {}, warn() {}, error() {}, debugging: false };
const hasIpv6 = Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'));
const open = new Set<{ close(): unknown }>();
afterEach(async () => {
  await Promise.all([...open].map((each) => each.close()));
  open.clear();
});

function answering(text: string): Answerer {
  return {
    answer(_wire, _start, _end, _peer, out) {
      out.set(Buffer.from(text));
      return text.length;
    },
  };
}

async function listenUdp(
  kind: UdpKind,
  answerer: Answerer,
  where: { address?: string; port?: number; reusePort?: boolean } = {},
): Promise<Listening> {
  const socket = await openUdp({ kind, answerer, log, address: '127.0.0.1', port: 0, ...where });
  open.add(socket);
  return socket;
}

/** Who answers, of so many clients. */
async function answerers(port: number, address = '127.0.0.1', count = 40): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, async () => {
      const client = await UdpClient.open({ port, address });
      open.add(client);
      client.send(Buffer.from('who?'));
      return String(await client.next());
    }),
  );
  return [...new Set(answers)].sort();
}

const kinds: UdpKind[] = isNativeAvailable() ? ['batch', 'dgram'] : ['dgram'];

describe.each(kinds)('%s', (kind) => {
  test('two sockets that both say so answer at one port', async () => {
    const first = await listenUdp(kind, answering('first'), { reusePort: true });
    await listenUdp(kind, answering('second'), { reusePort: true, port: first.port });
    expect(await answerers(first.port)).toEqual(['first', 'second']);
  });

  test('one that does not say so keeps its port for itself, and does not get one of others', async () => {
    const alone = await listenUdp(kind, answering('alone'));
    await expect(listenUdp(kind, answering('other'), { reusePort: true, port: alone.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const shared = await listenUdp(kind, answering('shared'), { reusePort: true });
    await expect(listenUdp(kind, answering('other'), { port: shared.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe.runIf(isNativeAvailable())('a socket that is open already', () => {
  test('can be shared later, UDP and TCP', async () => {
    const first = await listenUdp('batch', answering('first'));
    first.share?.();
    await listenUdp('batch', answering('second'), { reusePort: true, port: first.port });
    expect(await answerers(first.port)).toEqual(['first', 'second']);
    const tcp = {
      address: '127.0.0.1',
      answerer: answering('x'),
      settings: () => ({ timeouts: defaultTimeouts, connections: defaultConnections.dns, streams: defaultStreams }),
    };
    const alone = await listenTcp({ ...tcp, port: 0 });
    open.add(alone);
    await expect(listenTcp({ ...tcp, port: alone.port, reusePort: true })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    alone.share?.();
    open.add(await listenTcp({ ...tcp, port: alone.port, reusePort: true }));
    const client = await TcpClient.open(alone);
    client.close();
  });
});

const addresses = ['127.0.0.1', '0.0.0.0', ...(hasIpv6 ? ['::1', '::'] : [])];

describe.runIf(isNativeAvailable()).each(addresses)('a shared socket on %s that closes', (address) => {
  const asked = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address;

  test('leaves new queries to the others, and answers those in hand from the address that was asked', async () => {
    const taken: Peer[] = [];
    const slow: Answerer = {
      answer(_wire, _start, _end, peer) {
        taken.push(peer);
        return pending;
      },
    };
    const leaving = await listenUdp('batch', slow, { address, reusePort: true });
    const client = await UdpClient.open({ port: leaving.port, address: asked });
    open.add(client);
    client.send(Buffer.from('slow?'));
    await expect.poll(() => taken.length).toBe(1);
    await listenUdp('batch', answering('stays'), { address, reusePort: true, port: leaving.port });
    const closed = leaving.close();
    expect(await answerers(leaving.port, asked)).toEqual(['stays']);
    taken[0]?.send(Buffer.from('at last'));
    expect(String(await client.next())).toBe('at last');
    await closed;
    expect(await answerers(leaving.port, asked)).toEqual(['stays']);
  });
});
