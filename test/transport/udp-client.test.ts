// Both UDP clients give the same service, over real sockets on loopback.
import { spawnSync } from 'node:child_process';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { defaultUdpKind, type UdpKind } from '../../src/transport/open-udp.ts';
import { openUdpClient } from '../../src/transport/udp-client.ts';
import type { Receiver, UdpClient, UdpRoute, UdpSocket } from '../../src/transport/udp-socket.ts';

const kinds: UdpKind[] = defaultUdpKind() === 'batch' ? ['batch', 'dgram'] : ['dgram'];
const hasIpv6 = Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'));
const modulePath = new URL('../../src/transport/udp-client.ts', import.meta.url).pathname;

const open = new Set<{ close(): unknown }>();
afterEach(() => {
  for (const each of open) each.close();
  open.clear();
});

/** A peer that remembers what it was sent, and answers as the test says. */
class Peer {
  readonly heard: { readonly text: string; readonly from: RemoteInfo }[] = [];
  private readonly socket: Socket;

  static async start(address = '127.0.0.1', answer?: (text: string) => string): Promise<Peer> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    const peer = new Peer(socket, answer);
    open.add(peer);
    return peer;
  }

  constructor(socket: Socket, answer: ((text: string) => string) | undefined) {
    this.socket = socket;
    socket.on('message', (message, from) => {
      this.heard.push({ text: String(message), from });
      if (answer !== undefined) this.send(answer(String(message)), from);
    });
  }

  get port(): number {
    return this.socket.address().port;
  }

  send(text: string, to: RemoteInfo): void {
    this.socket.send(text, to.port, to.address);
  }

  async wait(count: number): Promise<RemoteInfo> {
    while (this.heard.length < count) await once(this.socket, 'message');
    return this.heard[count - 1]?.from as RemoteInfo;
  }

  close(): void {
    this.socket.removeAllListeners();
    this.socket.close();
    open.delete(this);
  }
}

/** Hears of one socket, and lets the test wait for it. */
class Listener implements Receiver {
  readonly heard: string[] = [];
  socket: UdpSocket | undefined;
  private readonly waiting: PromiseWithResolvers<string>[] = [];

  received(message: Buffer): boolean {
    this.heard.push(String(message));
    for (const { resolve } of this.waiting.splice(0)) resolve(String(message));
    return false;
  }

  failed(error: NodeJS.ErrnoException): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  next(): Promise<string> {
    const waiting = Promise.withResolvers<string>();
    this.waiting.push(waiting);
    return waiting.promise;
  }
}

function ask(route: UdpRoute, text: string, owner = new Listener()): Listener {
  owner.socket = route.connect(owner);
  owner.socket.send(Buffer.from(text));
  return owner;
}

const echo = (text: string) => `${text}!`;
/** Open ones of this process. */
const descriptors = () => readdirSync('/dev/fd').length;

describe.each(kinds)('UDP client by %s', (kind) => {
  function openClient(): UdpClient {
    const client = openUdpClient(kind);
    open.add(client);
    return client;
  }
  const routeTo = (peer: Peer, more: { address?: string; source?: string } = {}) =>
    openClient().routeTo({ address: '127.0.0.1', port: peer.port, ...more });

  test('says which it is, and brings the reply of the peer', async () => {
    const peer = await Peer.start('127.0.0.1', echo);
    expect(openClient().kind).toBe(kind);
    const one = ask(routeTo(peer), 'one');
    expect(await one.next()).toBe('one!');
    expect(one.socket?.local).toBe(`127.0.0.1:${peer.heard[0]?.from.port}`);
  });

  test('every query leaves from another port, in no order that can be foretold', async () => {
    const peer = await Peer.start('127.0.0.1', echo);
    const route = routeTo(peer);
    for (let i = 0; i < 60; i++) {
      const owner = ask(route, `q${i}`);
      expect(await owner.next()).toBe(`q${i}!`);
      owner.socket?.close();
    }
    const ports = peer.heard.map(({ from }) => from.port);
    const steps = ports.slice(1).map((port, i) => port - (ports[i] ?? 0));
    expect(new Set(ports).size).toBeGreaterThan(55);
    expect(new Set(steps).size).toBeGreaterThan(50);
  });

  test('queries at the same time each hear their own reply', async () => {
    const peer = await Peer.start('127.0.0.1', echo);
    const route = routeTo(peer);
    const asked = Array.from({ length: 200 }, (_, i) => {
      const owner = ask(route, `q${i}`);
      return owner.next();
    });
    expect(await Promise.all(asked)).toEqual(asked.map((_, i) => `q${i}!`));
  });

  test('what comes from another port than that of the peer is not heard', async () => {
    const [peer, stranger] = [await Peer.start(), await Peer.start()];
    const owner = ask(routeTo(peer), 'q');
    const from = await peer.wait(1);
    stranger.send('forged', from);
    peer.send('genuine', from);
    expect(await owner.next()).toBe('genuine');
  });

  test('a closed port is told at once', async () => {
    const peer = await Peer.start();
    const route = routeTo(peer);
    peer.close();
    await expect(ask(route, 'q').next()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('what is left of one query is not heard by the next', async () => {
    const peer = await Peer.start();
    const route = routeTo(peer);
    for (let i = 0; i < 20; i++) {
      const first = ask(route, 'first');
      const from = await peer.wait(2 * i + 1);
      for (const text of ['reply', 'again', 'and again']) peer.send(text, from);
      await first.next();
      first.socket?.close();
      const second = ask(route, 'second');
      const back = await peer.wait(2 * i + 2);
      peer.send('late', from);
      peer.send('own', back);
      expect(await second.next()).toBe('own');
      second.socket?.close();
      expect([first.heard, second.heard]).toEqual([['reply'], ['own']]);
    }
  });

  test('a socket that is closed while its reply is about to be handed over stays silent, and so does the one that takes its place', async () => {
    const peer = await Peer.start();
    const route = routeTo(peer);
    const owners = Array.from({ length: 10 }, (_, i) => ask(route, `q${i}`));
    await peer.wait(10);
    const late: Listener[] = [];
    for (const owner of owners) {
      owner.received = (message) => {
        owner.heard.push(String(message));
        for (const other of owners) other.socket?.close();
        for (let i = 0; i < 10; i++) late.push(ask(route, 'new'));
        return true;
      };
    }
    for (const { from } of peer.heard.slice(0, 10)) peer.send('old', from);
    const back = await peer.wait(11);
    peer.send('new', back);
    const listener = await Promise.race(late.map((owner) => owner.next().then(() => owner)));
    expect(listener.heard).toEqual(['new']);
    expect(owners.flatMap(({ heard }) => heard)).toEqual(['old']);
    expect(late.flatMap(({ heard }) => heard)).toEqual(['new']);
  });

  test('asks from the address that it was told, still from another port each time', async () => {
    const peer = await Peer.start('127.0.0.1', echo);
    const route = routeTo(peer, { source: '127.0.0.3' });
    for (let i = 0; i < 10; i++) {
      const owner = ask(route, 'q');
      await owner.next();
      owner.socket?.close();
    }
    expect(new Set(peer.heard.map(({ from }) => from.address))).toEqual(new Set(['127.0.0.3']));
    expect(new Set(peer.heard.map(({ from }) => from.port)).size).toBeGreaterThan(7);
  });

  test.runIf(hasIpv6)('asks over IPv6, with an address of its own if told so', async () => {
    const peer = await Peer.start('::1', echo);
    for (const source of [undefined, '::1']) {
      const route = openClient().routeTo({ address: '::1', port: peer.port, source });
      const ports = new Set<string>();
      for (let i = 0; i < 5; i++) {
        const owner = ask(route, 'six');
        expect(await owner.next()).toBe('six!');
        ports.add(owner.socket?.local ?? '');
        owner.socket?.close();
      }
      expect(ports.size).toBeGreaterThan(2);
      expect([...ports].every((port) => port.startsWith('[::1]:'))).toBe(true);
    }
  });

  test('what a burst has needed is given back to the system', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const peer = await Peer.start('127.0.0.1', echo);
    const route = routeTo(peer);
    const askSome = async (count: number) => {
      const owners = Array.from({ length: count }, (_, i) => ask(route, `q${i}`));
      await Promise.all(owners.map((owner) => owner.next()));
      for (const owner of owners) owner.socket?.close();
    };
    await askSome(1);
    const before = descriptors();
    await askSome(40);
    // Those that one query needs now and then are kept.
    for (let look = 0; look < 3; look++) {
      await askSome(1);
      vi.advanceTimersByTime(5000);
    }
    await expect.poll(descriptors).toBeLessThan(before + 5);
  });

  test('an address that this machine does not have cannot be asked from', async () => {
    const peer = await Peer.start();
    expect(() => ask(routeTo(peer, { source: '192.0.2.1' }), 'q')).toThrow('EADDRNOTAVAIL');
  });

  test('a long datagram comes whole, an empty one too', async () => {
    const long = 'x'.repeat(60_000);
    const peer = await Peer.start('127.0.0.1', (text) => (text === 'empty' ? '' : long));
    const route = routeTo(peer);
    expect(await ask(route, 'empty').next()).toBe('');
    expect(await ask(route, long).next()).toBe(long);
    expect(peer.heard[1]?.text).toBe(long);
  });

  test('a client that is closed lets nobody hear anything more, and asks nothing', async () => {
    const peer = await Peer.start();
    const client = openUdpClient(kind);
    const route = client.routeTo({ address: '127.0.0.1', port: peer.port });
    const owner = ask(route, 'q');
    const from = await peer.wait(1);
    client.close();
    client.close();
    peer.send('late', from);
    const [other] = [ask(routeTo(peer), 'other')];
    peer.send('hello', await peer.wait(2));
    await other?.next();
    expect(owner.heard).toEqual([]);
  });

  test('the bytes of a reply stay as they were while others come and memory is collected', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const peer = await Peer.start('127.0.0.1', (text) => text.repeat(20));
    const route = routeTo(peer);
    const kept: { readonly text: string; readonly bytes: Buffer }[] = [];
    for (let i = 0; i < 300; i++) {
      const text = `query ${i} `;
      const owner = new Listener();
      owner.received = (bytes) => {
        kept.push({ text, bytes });
        return Listener.prototype.received.call(owner, bytes);
      };
      ask(route, text, owner);
      await owner.next();
      owner.socket?.close();
      if (i % 10 === 0) collect();
    }
    expect(kept.filter(({ text, bytes }) => String(bytes) !== text.repeat(20))).toEqual([]);
  });

  test('without descriptors connecting fails, and works again when some are given back; the process ends by itself', () => {
    const script = `
      const { openUdpClient } = await import(${JSON.stringify(modulePath)});
      const { createSocket } = await import('node:dgram');
      const peer = createSocket('udp4', (message, from) => peer.send(message, from.port, from.address));
      await new Promise((resolve) => peer.bind(0, '127.0.0.1', resolve));
      const client = openUdpClient(${JSON.stringify(kind)});
      const route = client.routeTo({ address: '127.0.0.1', port: peer.address().port });
      const nobody = { received() {}, failed() {} };
      const sockets = [];
      let code = '';
      while (code === '') {
        try { sockets.push(route.connect(nobody)); } catch (error) { code = error.code; }
      }
      for (const socket of sockets) socket.close();
      let reply;
      // The system takes the closed ones back when it has closed them.
      while (reply === undefined) {
        try { reply = await new Promise((resolve) => route.connect({ received: resolve, failed: resolve }).send(Buffer.from('back'))); }
        catch { await new Promise(setImmediate); }
      }
      client.close();
      peer.close();
      console.log(code, String(reply));`;
    const limited = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`;
    const ended = spawnSync('sh', ['-c', limited, process.execPath, script], { encoding: 'utf8', timeout: 20_000 });
    expect(ended.stderr.replace(/^.*Warning.*$/gm, '').trim()).toBe('');
    expect([ended.stdout.trim(), ended.status]).toEqual(['EMFILE back', 0]);
  });
});
