// What clients may do to the connections of every stream transport (RFC 7766, 7858, 8484, 9113): slow, silent, greedy, gone.
import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { definePlugin, type Handle, type Query, Reply, record } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { writePacket } from '../../src/transport/grpc-packet.ts';
import { frame } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';
import { soon } from '../support/soon.ts';
import { authority, certificate, connectThrough, framedWays, mediaType, openHttp2, ways } from '../support/ways.ts';

const query = queryMessage('example.org A +id=7');
const big = queryMessage('big.test TXT +id=8');
/** Answers of 60,000 octets for big.test, at the gate's time for slow.test, at once for the rest. */
const records = Array.from({ length: 250 }, (_, i) => record({ name: 'big.test.', type: 'TXT', ttl: 0, data: `${i} ${'x'.repeat(230)}` }));

class Gate {
  readonly seen: Query[] = [];
  readonly open: () => void;
  private readonly opened: Promise<void>;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.opened = promise;
    this.open = resolve;
  }

  get plugins() {
    const handle: Handle = async (asked, next) => {
      if (asked.name === 'big.test.') return Reply.answer(records);
      if (asked.name !== 'slow.test.') return next(asked);
      this.seen.push(asked);
      await this.opened;
      return next(asked);
    };
    const plugin = definePlugin({ name: 'gate', summary: '', config: {}, setup: () => ({ handle }) });
    return [{ plugin, place: { before: 'whoami' } }] as const;
  }
}

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

function start(corefile: (directives: string) => string, timeouts: string, gate = new Gate(), more = ''): Promise<TestServer> {
  return serve(corefile(`timeouts {\n${timeouts}\n}\n${more}\ngate\nwhoami`), { plugins: [...gate.plugins] });
}

const https = (directives: string) => `https://.:0 {\n${certificate}\n${directives}\n}\n`;
const grpc = (directives: string) => `grpc://.:0 {\n${certificate}\n${directives}\n}\n`;

/** The two transports of HTTP/2 requests: their header, and the body around a message. */
const overHttp2 = [
  ['HTTPS', https, { ':path': '/dns-query', 'content-type': mediaType }, (message: Buffer) => message],
  ['gRPC', grpc, { ':path': '/coredns.dns.DnsService/Query', 'content-type': 'application/grpc', te: 'trailers' }, packet],
] as const;

/** A message of gRPC: not compressed, and its length in front. */
function packet(message: Buffer): Buffer {
  const content = writePacket(message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

/** An HTTP/2 session; with a window it takes so many octets of a response until somebody reads it. */
async function session(server: TestServer, window = 65_535): Promise<ClientHttp2Session> {
  const made = await openHttp2(server.port, undefined, { initialWindowSize: window });
  open.push(() => made.destroy());
  return made;
}

function begin(client: ClientHttp2Session, headers: Readonly<Record<string, string>>): ClientHttp2Stream {
  const stream = client.request({ ':method': 'POST', ...headers });
  stream.on('error', () => {});
  return stream;
}

/** The HTTP status of a response; 0 when the stream ends without one. */
async function statusOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve) => {
    stream.on('response', (headers) => resolve(Number(headers[':status'])));
    stream.on('close', () => resolve(0));
  });
}

async function http1(server: TestServer): Promise<Socket> {
  const plain = await connectThrough(server.port, undefined);
  const socket = connectTls({ socket: plain, ca: authority, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  open.push(() => socket.destroy());
  return socket;
}

const closed = (socket: { once(event: 'close', listener: () => void): unknown }) =>
  new Promise<void>((resolve) => void socket.once('close', resolve));

describe.each(ways.filter(({ datagrams }) => !datagrams).map((way) => [way.name, way] as const))('over %s', (_name, way) => {
  test('an answer may take longer than a request', async () => {
    const gate = new Gate();
    await using server = await start(way.corefile, 'read 1s\nidle 1s', gate);
    const client = await way.open(server.port);
    open.push(() => client.close());
    const asked = client.ask(queryMessage('slow.test A +id=9'));
    asked.catch(() => {});
    await expect.poll(() => gate.seen.length, soon).toBe(1);
    // The time is over when a connection that says nothing is closed, which began behind it.
    await closed((await connectThrough(server.port, undefined)).resume());
    gate.open();
    expect(readMessage((await asked) as Buffer).rcode).toBe('NOERROR');
  });

  test('a query whose client has gone is cancelled, and others are answered', async () => {
    const gate = new Gate();
    await using server = await start(way.corefile, 'read 10m\nidle 10m', gate);
    const client = await way.open(server.port);
    client.ask(queryMessage('slow.test A +id=9')).catch(() => {});
    await expect.poll(() => gate.seen.length, soon).toBe(1);
    client.leave();
    await expect.poll(() => String(gate.seen[0]?.signal.reason), soon).toContain('the client is gone');
    client.close();
    const other = await way.open(server.port);
    open.push(() => other.close());
    expect(readMessage((await other.ask(query)) as Buffer).id).toBe(7);
    gate.open();
  });
});

describe.each(framedWays.map((way) => [way.name, way] as const))('over %s', (_name, way) => {
  test('an answer that is ready first comes first, and no more than 100 queries are in hand', async () => {
    const gate = new Gate();
    await using server = await start(way.corefile, 'read 10m\nidle 10m', gate);
    const client = await way.connect(server.port);
    open.push(() => client.close());
    client.write(Buffer.concat([frame(queryMessage('slow.test A +id=1')), frame(query)]));
    expect(readMessage((await client.next()) as Buffer).id).toBe(7);
    client.write(Buffer.concat(Array.from({ length: 150 }, (_, i) => frame(queryMessage(`slow.test A +id=${i + 100}`)))));
    await expect.poll(() => gate.seen.length, soon).toBe(100);
    const other = await way.connect(server.port);
    open.push(() => other.close());
    other.send(query);
    expect(await other.next()).toBeDefined();
    expect(gate.seen).toHaveLength(100);
    gate.open();
    for (let i = 0; i < 151; i++) expect(await client.next()).toBeDefined();
  });

  test('a client that takes no answers is closed after write, or when it resets; nobody else notices', async () => {
    await using server = await start(way.corefile, 'read 10m\nidle 10m\nwrite 1s');
    for (const how of ['waits', 'resets']) {
      const client = await way.connect(server.port);
      open.push(() => client.close());
      client.pause();
      client.write(Buffer.concat(Array.from({ length: 400 }, () => frame(big))));
      const other = await way.connect(server.port);
      open.push(() => other.close());
      other.send(query);
      expect(await other.next()).toBeDefined();
      if (how === 'resets') client.reset();
      // What is gone shows when something is written to it.
      const knocking = setInterval(() => client.write(Buffer.of(0)), 50);
      await client.closed;
      clearInterval(knocking);
    }
    const last = await way.connect(server.port);
    open.push(() => last.close());
    last.send(query);
    expect(await last.next()).toBeDefined();
  });
});

describe.each(overHttp2)('over %s', (_name, corefile, headers, body) => {
  async function ask(server: TestServer): Promise<number> {
    const stream = begin(await session(server), headers);
    stream.end(body(query));
    stream.resume();
    return statusOf(stream);
  }

  test('a request that trickles in is given up after read or idle, and others are answered', async () => {
    await using server = await start(corefile, 'read 1s\nidle 1s');
    const stream = begin(await session(server), headers);
    stream.write(body(Buffer.alloc(5000)).subarray(0, 100));
    const trickle = setInterval(() => stream.write(Buffer.of(0)), 100);
    // HTTP says 408, gRPC its own status in the header of an answer without a message.
    const given = once(stream, 'response').then(([header]) => header['grpc-status'] ?? header[':status']);
    expect(await ask(server)).toBe(200);
    await given;
    clearInterval(trickle);
    expect([408, String(status.DEADLINE_EXCEEDED)]).toContain(await given);
    expect(await ask(server)).toBe(200);
  });

  test('a connection on which nothing is asked is closed after idle, whatever it pings', async () => {
    await using server = await start(corefile, 'read 10m\nidle 1s');
    const client = await session(server);
    const pinging = setInterval(() => {
      if (!client.destroyed) client.ping(() => {});
    }, 100);
    await closed(client);
    clearInterval(pinging);
    expect(await ask(server)).toBe(200);
  });

  test('a client that takes no answers is closed after write, whatever it pings', async () => {
    await using server = await start(corefile, 'read 10m\nidle 10m\nwrite 1s');
    const client = await session(server, 1000);
    for (let i = 0; i < 50; i++) begin(client, headers).end(body(big));
    const pinging = setInterval(() => {
      if (!client.destroyed) client.ping(() => {});
    }, 100);
    expect(await ask(server)).toBe(200);
    await closed(client);
    clearInterval(pinging);
    expect(await ask(server)).toBe(200);
  });

  test('streams that are reset at once by the thousand cost others nothing (CVE-2023-44487)', async () => {
    await using server = await start(corefile, 'read 10m\nidle 10m');
    const client = await session(server);
    for (let i = 0; i < 2000 && !client.destroyed; i++) {
      const stream = begin(client, headers);
      stream.end(body(big));
      stream.close(8);
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await ask(server)).toBe(200);
  });
});

describe('over HTTP/1.1', () => {
  const request = (message: Buffer) =>
    Buffer.concat([
      Buffer.from(`POST /dns-query HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${mediaType}\r\ncontent-length: ${message.length}\r\n\r\n`),
      message,
    ]);
  const answered = async (server: TestServer) => {
    const socket = await http1(server);
    socket.write(request(query));
    const [data] = (await once(socket, 'data')) as [Buffer];
    return String(data.subarray(0, 15));
  };

  test('a header that trickles in is closed after idle', async () => {
    await using server = await start(https, 'read 10m\nidle 1s');
    const socket = await http1(server);
    socket.write('POST /dns-query HTTP/1.1\r\n');
    const trickle = setInterval(() => socket.write('x'), 100);
    expect(await answered(server)).toBe('HTTP/1.1 200 OK');
    socket.resume();
    await closed(socket);
    clearInterval(trickle);
  });

  test('a body that trickles in is refused after read, and its connection closed', async () => {
    await using server = await start(https, 'read 1s\nidle 10m');
    const socket = await http1(server);
    socket.write(request(Buffer.alloc(5000)).subarray(0, -4900));
    const trickle = setInterval(() => socket.write('x'), 100);
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(String(data.subarray(0, 12))).toBe('HTTP/1.1 408');
    await closed(socket);
    clearInterval(trickle);
    expect(await answered(server)).toBe('HTTP/1.1 200 OK');
  });

  test('a body of chunks that never ends is refused at 65,536 octets', async () => {
    await using server = await start(https, 'read 10m\nidle 10m');
    const socket = await http1(server);
    socket.write(`POST /dns-query HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${mediaType}\r\ntransfer-encoding: chunked\r\n\r\n`);
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`;
    const sending = setInterval(() => socket.write(chunk), 5);
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(String(data.subarray(0, 12))).toBe('HTTP/1.1 413');
    await closed(socket);
    clearInterval(sending);
    expect(await answered(server)).toBe('HTTP/1.1 200 OK');
  });

  test('a client that takes no answers is closed after write, or when it resets', async () => {
    await using server = await start(https, 'read 10m\nidle 10m\nwrite 1s');
    for (const how of ['waits', 'resets']) {
      const socket = await http1(server);
      socket.pause();
      socket.write(Buffer.concat(Array.from({ length: 400 }, () => request(big))));
      expect(await answered(server)).toBe('HTTP/1.1 200 OK');
      const knocking = setInterval(() => socket.write('x'), 50);
      if (how === 'resets') (socket as Socket).destroy();
      await closed(socket);
      clearInterval(knocking);
    }
    expect(await answered(server)).toBe('HTTP/1.1 200 OK');
  });

  test('a request in hand is answered when the server stops', async () => {
    const gate = new Gate();
    const server = await start(https, 'read 10m\nidle 10m', gate);
    const socket = await http1(server);
    socket.write(request(queryMessage('slow.test A +id=9')));
    await expect.poll(() => gate.seen.length, soon).toBe(1);
    const stopped = server.stop();
    gate.open();
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(String(data.subarray(0, 15))).toBe('HTTP/1.1 200 OK');
    await closed(socket);
    await stopped;
  });
});
