// Proxies in front of every transport: hand-made senders, who seems to ask, and what is closed or dropped.
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { definePlugin, Reply, record } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { readPacket, writePacket } from '../../src/transport/grpc-packet.ts';
import { TcpClient, UdpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';
import { binary, datagramFrom4, datagramFrom6, ipv4, line, local, streamFrom4, streamFrom6, withChecksum } from '../support/proxy-header.ts';
import { refusal } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';

const folder = join(import.meta.dirname, '../support/certificates');
const ca = readFileSync(join(folder, 'authority.crt'));
const tls = `tls ${folder}/server.crt ${folder}/server.key`;
const from4 = '192.0.2.7:4007 to 198.51.100.9:53';
const from6 = '2001:db8::7:4007 to 2001:db8::9:53';

/** Answers who asks whom, and over what. */
const who = {
  plugin: definePlugin({
    name: 'who',
    summary: 'tells who asks',
    config: {},
    setup: () => ({
      handle({ name, client: { address, port, localAddress, localPort, transport } }) {
        return Reply.answer([record({ name, type: 'TXT', ttl: 0, data: [`${address}:${port} to ${localAddress}:${localPort} by ${transport}`] })]);
      },
    }),
  }),
  place: { before: 'whoami' },
};

function listen(key = '.:0', options: readonly string[] = [], ...more: readonly string[]): Promise<TestServer> {
  return serve(`${key} {\nproxyproto {\n${options.join('\n')}\n}\n${more.join('\n')}\nwho\n}\n`, { plugins: [who] });
}

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

const query = queryMessage('example.org TXT +id=7');
const told = (message: Buffer | undefined) => (message === undefined ? 'closed' : String(readMessage(message).answer[0]?.data).replaceAll('"', ''));

/** What the answer to a query behind the header says; "closed" when the server closes instead. */
async function stream(port: number, preface: Buffer = Buffer.alloc(0), { tls: secured = false } = {}): Promise<string> {
  try {
    const client = await TcpClient.open({ port, preface, ...(secured ? { tls: { ca, servername: 'localhost' } } : {}) });
    open.push(() => client.close());
    client.send(query);
    return told(await client.next());
  } catch {
    return 'closed';
  }
}

async function datagram(port: number, ...parts: readonly Buffer[]): Promise<string> {
  const client = await UdpClient.open({ port });
  open.push(() => client.close());
  client.send(Buffer.concat(parts));
  return told(await client.next());
}

describe.each([
  ['tcp', '.:0', false],
  ['tls', 'tls://.:0', true],
])('over %s', (transport, key, secured) => {
  test.each([
    ['version 1, IPv4', line('PROXY TCP4 192.0.2.7 198.51.100.9 4007 53'), from4],
    ['version 1, IPv6', line('PROXY TCP6 2001:db8::7 2001:db8::9 4007 53'), from6],
    ['version 2, IPv4', streamFrom4, from4],
    ['version 2, IPv6', streamFrom6, from6],
    ['version 2 with a checksum', withChecksum(0x11, ipv4), from4],
  ])('the header says who asks: %s', async (_, header, expected) => {
    await using server = await listen(key, [], ...(secured ? [tls] : []));
    expect(await stream(server.port, header, { tls: secured })).toBe(`${expected} by ${transport}`);
  });

  test.each([
    ['version 1 that does not know', line('PROXY UNKNOWN')],
    ['LOCAL', local],
    ['no header', undefined],
  ])('who connects is who asks: %s', async (_, header) => {
    await using server = await listen(key, [], ...(secured ? [tls] : []));
    expect(await stream(server.port, header, { tls: secured })).toMatch(new RegExp(`^127.0.0.1:\\d+ to 127.0.0.1:${server.port} by ${transport}$`));
  });

  test.each([
    ['a malformed line', line('PROXY TCP4 nobody 198.51.100.9 4007 53')],
    ['a wrong checksum', withChecksum(0x11, ipv4, 1)],
    ['a header for a datagram', datagramFrom4],
    ['no family', binary(0x21, 0, Buffer.alloc(0))],
  ])('closes, counts, and goes on with others: %s', async (_, header) => {
    await using server = await listen(key, [], ...(secured ? [tls] : []));
    expect(await stream(server.port, header, { tls: secured })).toBe('closed');
    expect(await server.metrics()).toMatch(/ferrydns_proxyproto_headers_total\{.*result="malformed".*\} 1/);
    expect(await stream(server.port, streamFrom4, { tls: secured })).toBe(`${from4} by ${transport}`);
  });
});

test('a header may come octet by octet, and queries right behind it', async () => {
  await using server = await listen();
  const client = await TcpClient.open({ port: server.port });
  open.push(() => client.close());
  for (const octet of streamFrom4.subarray(0, -1)) client.write(Buffer.of(octet));
  await server.ask('example.org');
  client.write(Buffer.concat([streamFrom4.subarray(-1), Buffer.of(0, query.length), query, Buffer.of(0, query.length)]));
  expect(told(await client.next())).toBe(`${from4} by tcp`);
  client.write(query);
  expect(told(await client.next())).toBe(`${from4} by tcp`);
});

test('a header that is cut in the middle, by its end or by its time, is closed and counted', async () => {
  await using server = await listen('.:0', [], 'timeouts {\nread 1s\n}', 'debug');
  for (const end of [true, false]) {
    const client = await TcpClient.open({ port: server.port, preface: streamFrom4.subarray(0, 20) });
    if (end) client.finish();
    await client.closed;
  }
  expect(await server.metrics()).toMatch(/ferrydns_proxyproto_headers_total\{.*result="malformed".*\} 2/);
  expect(server.lines.join('\n')).toContain('dropped what came from 127.0.0.1: the connection ended within the header');
  expect(server.lines.join('\n')).toContain('dropped what came from 127.0.0.1: the header was not whole in time');
});

test('a connection that sends nothing is closed, and counts as no header', async () => {
  await using server = await listen('.:0', [], 'timeouts {\nread 1s\n}');
  const client = await TcpClient.open({ port: server.port });
  await client.closed;
  expect(await server.metrics()).toMatch(/ferrydns_proxyproto_headers_total\{.*result="malformed".*\} 0/);
});

test('connections that wait for their header count as connections, and end with the server', async () => {
  const server = await listen('https://.:0', [], tls, 'https {\nmax_connections 1\n}');
  const first = await TcpClient.open({ port: server.port, preface: streamFrom4.subarray(0, 10) });
  const second = await TcpClient.open({ port: server.port });
  await second.closed;
  await server.stop();
  await first.closed;
});

async function proxied(port: number): Promise<Socket> {
  const plain = connect(port, '127.0.0.1');
  await new Promise((resolve) => plain.once('connect', resolve));
  plain.write(streamFrom4);
  return plain;
}

test('over https, for every request of the connection', async () => {
  await using server = await listen('https://.:0', [], tls);
  const socket = connectTls({ socket: await proxied(server.port), ca, servername: 'localhost', ALPNProtocols: ['h2'] });
  const session = connectHttp2('https://localhost', { createConnection: () => socket });
  open.push(() => session.destroy());
  for (let i = 0; i < 2; i++) {
    const request = session.request({ ':path': `/dns-query?dns=${query.toString('base64url')}` });
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    expect(told(Buffer.concat(pieces))).toBe(`${from4} by https`);
  }
});

test('over grpc', async () => {
  await using server = await listen('grpc://.:0', [], tls);
  await using front = await relay(server.port);
  const client = new Client(`127.0.0.1:${front.port}`, credentials.createSsl(ca), { 'grpc.ssl_target_name_override': 'localhost' });
  open.push(() => client.close());
  const reply = await new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest('/coredns.dns.DnsService/Query', writePacket, readPacket, query, (error, given) =>
      given === undefined ? reject(error) : resolve(given),
    );
  });
  expect(told(reply)).toBe(`${from4} by grpc`);
});

/** A proxy that says that 192.0.2.7 asks. */
async function relay(target: number): Promise<AsyncDisposable & { readonly port: number }> {
  const { createServer } = await import('node:net');
  const server = createServer((incoming) => {
    const outgoing = connect(target, '127.0.0.1');
    outgoing.write(streamFrom4);
    incoming.pipe(outgoing).pipe(incoming);
    for (const each of [incoming, outgoing]) each.on('error', () => each.destroy());
    open.push(() => incoming.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

describe('over UDP', () => {
  test.each([
    ['IPv4', datagramFrom4, from4],
    ['IPv6', datagramFrom6, from6],
    ['with a checksum', withChecksum(0x12, ipv4), from4],
  ])('the header says who asks, and the proxy gets the reply: %s', async (_, header, expected) => {
    await using server = await listen();
    expect(await datagram(server.port, header, query)).toBe(`${expected} by udp`);
  });

  test.each([
    ['LOCAL', local],
    ['no header', Buffer.alloc(0)],
  ])('who sends is who asks: %s', async (_, header) => {
    await using server = await listen();
    expect(await datagram(server.port, header, query)).toMatch(new RegExp(`^127.0.0.1:\\d+ to 127.0.0.1:${server.port} by udp$`));
  });

  test.each([
    ['version 1', line('PROXY TCP4 192.0.2.7 198.51.100.9 4007 53')],
    ['a header for a stream', streamFrom4],
    ['a wrong checksum', withChecksum(0x12, ipv4, 1)],
    ['a header that is cut', datagramFrom4.subarray(0, 20)],
  ])('drops and counts: %s', async (_, header) => {
    await using server = await listen();
    const client = await UdpClient.open({ port: server.port });
    open.push(() => client.close());
    client.send(header.length < datagramFrom4.length ? header : Buffer.concat([header, query]));
    client.send(Buffer.concat([datagramFrom4, queryMessage('example.org TXT +id=8')]));
    expect(readMessage((await client.next()) as Buffer).id).toBe(8);
    expect(await server.metrics()).toMatch(/ferrydns_proxyproto_headers_total\{.*result="malformed".*\} 1/);
  });

  test('a session goes on without a header', async () => {
    await using server = await listen('.:0', ['udp_session_tracking 30s 5']);
    const client = await UdpClient.open({ port: server.port });
    open.push(() => client.close());
    client.send(datagramFrom4);
    client.send(query);
    expect(told(await client.next())).toBe(`${from4} by udp`);
  });

  test('an answer that comes later goes to the proxy too', async () => {
    const later = {
      plugin: definePlugin({ name: 'later', summary: '', config: {}, setup: () => ({ handle: async (given, next) => next(given) }) }),
      place: { before: 'whoami' },
    };
    await using server = await serve('.:0 {\nproxyproto\nlater\nwho\n}\n', { plugins: [later, who] });
    expect(await datagram(server.port, datagramFrom4, query)).toBe(`${from4} by udp`);
  });
});

describe('who may send a header', () => {
  const itself = /^127\.0\.0\.1:/;
  test.each([
    ['nothing said', [], from4, 'used'],
    ['default ignore', ['default ignore'], itself, 'ignored'],
    ['default REJECT', ['default REJECT'], 'closed', 'rejected'],
    ['allowed', ['allow 10.0.0.0/8 127.0.0.0/8', 'default reject'], from4, 'used'],
    ['allowed by the second line', ['allow 10.0.0.0/8', 'allow 127.0.0.1/32', 'default reject'], from4, 'used'],
    ['not allowed', ['allow 10.0.0.0/8'], itself, 'ignored'],
    ['not allowed, reject', ['allow 10.0.0.0/8', 'default reject'], 'closed', 'rejected'],
    ['not allowed, use', ['allow 10.0.0.0/8', 'default use'], from4, 'used'],
  ] as const)('%s', async (_, options, expected, result) => {
    await using server = await listen('.:0', options);
    const matches = expected instanceof RegExp ? expected : new RegExp(expected.replaceAll('.', '\\.'));
    expect(await stream(server.port, streamFrom4)).toMatch(matches);
    const client = await UdpClient.open({ port: server.port });
    open.push(() => client.close());
    client.send(Buffer.concat([datagramFrom4, query]));
    client.send(queryMessage('example.org TXT +id=8'));
    const first = (await client.next()) as Buffer;
    if (expected === 'closed') expect(readMessage(first).id).toBe(8);
    else expect(told(first)).toMatch(matches);
    expect(await server.metrics()).toMatch(new RegExp(`ferrydns_proxyproto_headers_total\\{.*result="${result}".*\\} 2`));
  });

  test('skip: nobody looks for a header', async () => {
    await using server = await listen('.:0', ['default skip']);
    expect(await stream(server.port, undefined)).toMatch(itself);
    // "\r\n\r\n" is the length of a message that does not come.
    const client = await TcpClient.open({ port: server.port, preface: streamFrom4 });
    open.push(() => client.close());
    client.finish();
    expect(await client.next()).toBeUndefined();
    const asker = await UdpClient.open({ port: server.port });
    open.push(() => asker.close());
    asker.send(Buffer.concat([datagramFrom4, query]));
    asker.send(queryMessage('example.org TXT +id=8'));
    const ids = [readMessage((await asker.next()) as Buffer).id];
    if (ids[0] !== 8) ids.push(readMessage((await asker.next()) as Buffer).id);
    expect(ids).toContain(8);
    expect(await server.metrics()).not.toMatch(/ferrydns_proxyproto_headers_total\{.*\} [1-9]/);
  });
});

test('a reload changes who may send a header, without a new socket', async () => {
  const corefile = (options: string) => `.:0 {\n${options}\nwho\n}\n`;
  await using server = await serve(corefile(''), { plugins: [who] });
  const { port } = server;
  expect(await datagram(port, query)).toMatch(/^127/);
  await server.reload(corefile('proxyproto'));
  expect(server.port).toBe(port);
  await expect.poll(() => datagram(port, datagramFrom4, query), soon).toBe(`${from4} by udp`);
  expect(await stream(port, streamFrom4)).toBe(`${from4} by tcp`);
});

test('warns where everybody may say who asks', async () => {
  await using server = await listen();
  expect(server.lines.join('\n')).toContain('every address may say who asks');
  await using guarded = await listen('.:0', ['allow 127.0.0.1/32']);
  expect(guarded.lines.join('\n')).not.toContain('every address may say who asks');
});

test.each([
  ['allow 10.0.0.0/33', "'10.0.0.0/33' is not a network"],
  ['default perhaps', "unexpected 'perhaps'"],
  ['udp_session_tracking', 'Wrong argument count'],
  ['udp_session_tracking soon', 'soon'],
  ['udp_session_tracking 30s 0', '0 is out of range'],
  ['trust 10.0.0.0/8', "unknown property 'trust'"],
])('is refused: %s', async (option, message) => {
  expect(await refusal(`.:0 {\nproxyproto {\n${option}\n}\nwhoami\n}\n`)).toContain(message);
});

test('a second use and words behind the name are refused', async () => {
  expect(await refusal('.:0 {\nproxyproto\nproxyproto\nwhoami\n}\n')).toContain('only be used once');
  expect(await refusal('.:0 {\nproxyproto yes\nwhoami\n}\n')).toContain('Wrong argument count');
});
