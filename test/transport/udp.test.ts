// Both UDP transports give the same service, over real sockets on loopback.
import { createSocket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import { type Answerer, type Peer, pending } from '../../src/transport/answerer.ts';
import { defaultUdpKind, type OpenUdpOptions, openUdp, type UdpKind, type UdpListening } from '../../src/transport/open-udp.ts';
import { client, echo, hasIpv6, open, silent } from '../support/udp.ts';

const kinds: UdpKind[] = defaultUdpKind() === 'batch' ? ['batch', 'dgram'] : ['dgram'];

/** Answers with what the peer says of itself. */
const describePeer: Answerer['answer'] = (_wire, _start, _end, peer, out) => {
  const { address, port, family, transport, localAddress, localPort } = peer;
  const text = Buffer.from(JSON.stringify({ address, port, family, transport, localAddress, localPort }));
  out.set(text);
  return text.length;
};

test('on this platform the batch transport is there', () => {
  const expected = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) && process.getBuiltinModule('node:ffi') !== undefined;
  expect(defaultUdpKind()).toBe(expected ? 'batch' : 'dgram');
});

describe.each(kinds)('UDP by %s', (kind) => {
  async function listen(answer: Answerer['answer'], options: Partial<OpenUdpOptions> = {}): Promise<UdpListening> {
    const listening = await openUdp({ address: '127.0.0.1', port: 0, answerer: { answer }, log: silent, kind, ...options });
    open.add(listening);
    return listening;
  }

  test('says which transport it is and where it listens', async () => {
    const listening = await listen(echo);
    expect(listening).toMatchObject({ kind, transport: 'udp', address: '127.0.0.1' });
    expect(listening.port).toBeGreaterThan(0);
  });

  test('a message is answered to the one who sent it', async () => {
    const { port } = await listen(echo);
    const [one, two] = [await client(port), await client(port)];
    one.send(Buffer.from('one'));
    two.send(Buffer.from('two'));
    expect([String(await one.next()), String(await two.next())]).toEqual(['one', 'two']);
  });

  test('the peer is the sender, the local address the one that was asked', async () => {
    const { port } = await listen(describePeer);
    const asker = await client(port);
    asker.send(Buffer.from('who'));
    expect(JSON.parse(String(await asker.next()))).toEqual({
      address: '127.0.0.1',
      port: asker.port,
      family: 4,
      transport: 'udp',
      localAddress: '127.0.0.1',
      localPort: port,
    });
  });

  test('a peer that is kept tells the same after other messages have come', async () => {
    const kept: Peer[] = [];
    const { port } = await listen((wire, start, end, peer, out) => {
      kept.push(peer);
      return echo(wire, start, end, peer, out);
    });
    const askers = await Promise.all(Array.from({ length: 100 }, () => client(port)));
    for (const asker of askers) {
      asker.send(Buffer.from('kept'));
      await asker.next();
    }
    expect(kept.map((peer) => [peer.address, peer.port])).toEqual(askers.map((asker) => ['127.0.0.1', asker.port]));
  });

  test.runIf(hasIpv6)('IPv6 is served as IPv4 is', async () => {
    const { port, address } = await listen(describePeer, { address: '::1' });
    const asker = await client(port, '::1');
    asker.send(Buffer.from('who'));
    expect(address).toBe('::1');
    expect(JSON.parse(String(await asker.next()))).toMatchObject({
      address: '::1',
      port: asker.port,
      family: 6,
      localAddress: '::1',
      localPort: port,
    });
  });

  test.runIf(hasIpv6)('a socket on :: leaves the port of IPv4 alone', async () => {
    // A port that the system chose for IPv6 may be somebody else's for IPv4: several are tried.
    const shared = async (): Promise<boolean> => {
      const { port } = await listen(echo, { address: '::' });
      return listen(echo, { address: '0.0.0.0', port }).then(
        (socket) => socket.port === port,
        () => false,
      );
    };
    expect([await shared(), await shared(), await shared(), await shared()]).toContain(true);
  });

  test('every one of many messages is answered, whatever comes between', async () => {
    const { port } = await listen(echo);
    const askers = await Promise.all(Array.from({ length: 8 }, () => client(port)));
    const sent = askers.map((_, i) => Array.from({ length: 25 }, (_, j) => `${i}/${j}`));
    for (let j = 0; j < 25; j++) for (const [i, asker] of askers.entries()) asker.send(Buffer.from(sent[i]?.[j] ?? ''));
    const received = await Promise.all(
      askers.map(async (asker) => {
        const texts: string[] = [];
        while (texts.length < 25) texts.push(String(await asker.next()));
        return texts.sort();
      }),
    );
    expect(received).toEqual(sent.map((texts) => texts.sort()));
  });

  test('an answer that comes later goes to its asker, a sent buffer may be used again at once', async () => {
    const waiting: { peer: Peer; text: string }[] = [];
    const { port } = await listen((wire, start, end, peer) => {
      waiting.push({ peer, text: Buffer.from(wire.subarray(start, end)).toString() });
      if (waiting.length === 150) setImmediate(answerAll);
      return pending;
    });
    const shared = Buffer.alloc(64);
    const answerAll = () => {
      for (const { peer, text } of waiting.reverse()) {
        const length = shared.write(`to ${peer.port}: ${text}`);
        peer.send(shared.subarray(0, length));
        shared.fill(0);
      }
    };
    const askers = await Promise.all(Array.from({ length: 150 }, () => client(port)));
    for (const [i, asker] of askers.entries()) asker.send(Buffer.from(String(i)));
    const received = await Promise.all(askers.map(async (asker) => String(await asker.next())));
    expect(received).toEqual(askers.map((asker, i) => `to ${asker.port}: ${i}`));
  });

  test('a late answer given while another query is being answered spoils neither', async () => {
    const waiting: Peer[] = [];
    const { port } = await listen((wire, start, end, peer, out) => {
      if (waiting.length === 0) {
        waiting.push(peer);
        return pending;
      }
      const length = echo(wire, start, end, peer, out);
      waiting[0]?.send(Buffer.from('late'));
      return length;
    });
    const [first, second] = [await client(port), await client(port)];
    first.send(Buffer.from('first'));
    await new Promise((resolve) => setImmediate(resolve));
    second.send(Buffer.from('second'));
    expect([String(await first.next()), String(await second.next())]).toEqual(['late', 'second']);
  });

  test('nothing is sent where the answer is nothing', async () => {
    const { port } = await listen((wire, start, end, peer, out) => (wire[start] === 0 ? 0 : echo(wire, start, end, peer, out)));
    const asker = await client(port);
    for (const byte of [0, 0, 1]) asker.send(Buffer.from([byte]));
    expect(await asker.next()).toEqual(Buffer.from([1]));
  });

  test('an empty message reaches the answerer as one', async () => {
    const { port } = await listen((_wire, start, end, _peer, out) => {
      out[0] = end - start;
      return 1;
    });
    const asker = await client(port);
    asker.send(Buffer.alloc(0));
    expect(await asker.next()).toEqual(Buffer.from([0]));
  });

  test('a message of 4,096 octets arrives whole; of a longer one at least the start does, and the socket serves on', async () => {
    const lengths: number[] = [];
    const { port } = await listen((wire, start, end, peer, out) => {
      lengths.push(end - start);
      return echo(wire, start, Math.min(end, start + 16), peer, out);
    });
    const asker = await client(port);
    for (const length of [4096, 9000, 65507, 20]) {
      asker.send(Buffer.alloc(length, length & 0xff));
      expect(await asker.next()).toEqual(Buffer.alloc(16, length & 0xff));
    }
    expect(lengths[0]).toBe(4096);
    expect(lengths[1]).toBeGreaterThanOrEqual(4096);
    expect(lengths[3]).toBe(20);
  });

  test('a reply of 60,000 octets goes out whole', async () => {
    const { port } = await listen((_wire, _start, _end, _peer, out) => {
      out.fill(7, 0, 60_000);
      return 60_000;
    });
    const asker = await client(port);
    asker.send(Buffer.from('long'));
    expect(await asker.next()).toEqual(Buffer.alloc(60_000, 7));
  });

  test('a reply that no datagram can hold is dropped, those around it are not', async () => {
    const { port } = await listen((wire, start, end, peer, out) => (wire[start] === 2 ? 65_535 : echo(wire, start, end, peer, out)));
    const asker = await client(port);
    for (const byte of [1, 2, 3]) asker.send(Buffer.from([byte]));
    expect([await asker.next(), await asker.next()]).toEqual([Buffer.from([1]), Buffer.from([3])]);
  });

  test('askers that are gone harm nobody', async () => {
    const { port } = await listen(echo);
    for (let i = 0; i < 20; i++) {
      const gone = createSocket('udp4');
      await new Promise((resolve) => gone.send('gone', port, '127.0.0.1', resolve));
      gone.close();
    }
    const asker = await client(port);
    asker.send(Buffer.from('here'));
    expect(String(await asker.next())).toBe('here');
  });

  test('an address that is taken, or not of this machine, is refused with the reason', async () => {
    const { port } = await listen(echo);
    await expect(listen(echo, { port })).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'bind' });
    await expect(listen(echo, { address: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind' });
  });

  test('sockets that agree to share a port do', async () => {
    const wide = await listen(echo, { address: '0.0.0.0', shared: true });
    const narrow = await listen(describePeer, { port: wide.port, shared: true });
    expect(narrow.port).toBe(wide.port);
    await expect(listen(echo, { port: wide.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('a closed socket gives its port back', async () => {
    const listening = await listen(echo);
    await listening.close();
    open.delete(listening);
    expect((await listen(echo, { port: listening.port })).port).toBe(listening.port);
  });

  test('an answer that comes while or after the socket is closed does no harm', async () => {
    const { promise, resolve } = Promise.withResolvers<Peer>();
    const listening = await listen((_wire, _start, _end, peer) => {
      resolve(peer);
      return pending;
    });
    (await client(listening.port)).send(Buffer.from('slow'));
    const peer = await promise;
    const closing = listening.close();
    open.delete(listening);
    peer.send(Buffer.from('during'));
    await closing;
    peer.send(Buffer.from('after'));
    peer.sendNothing();
  });
});
