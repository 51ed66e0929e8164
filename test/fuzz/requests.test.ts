// Connections of HTTP, gRPC and proxies with random faults, from a fixed seed: the server lives, and answers the next sound one.
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { definePlugin, type Handle } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { writePacket } from '../../src/transport/grpc-packet.ts';
import { type Chance, chance, pick } from '../support/chance.ts';
import { frame, UdpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';
import * as headers from '../support/proxy-header.ts';
import { authority, connectThrough, mediaType, type Way, ways } from '../support/ways.ts';
import { damaged } from './faults.ts';
import { patience, runs, seed } from './runs.ts';

const connections = Math.max(40, Math.round(runs / 20));
const query = queryMessage('known.test A +edns +id=9');

/** A frame of HTTP/2 (RFC 9113 section 4.1). */
function frameOf(type: number, flags: number, stream: number, content: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, content]);
}

/** Header fields as literals that no table keeps (RFC 7541 section 6.2.2). */
function fields(list: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => [Buffer.of(value.length), Buffer.from(value)];
  return Buffer.concat(Object.entries(list).flatMap(([name, value]) => [Buffer.of(0), ...text(name), ...text(value)]));
}

const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frameOf(4, 0, 0)]);
const [endStream, endHeaders] = [0x01, 0x04];

function request(list: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const all = fields({ ':scheme': 'https', ':authority': 'localhost', ...list });
  const get = list[':method'] === 'GET';
  return Buffer.concat([preface, frameOf(1, endHeaders | (get ? endStream : 0), 1, all), ...(get ? [] : [frameOf(0, endStream, 1, body)])]);
}

const post = { ':method': 'POST', ':path': '/dns-query', 'content-type': mediaType };
const call = { ':method': 'POST', ':path': '/coredns.dns.DnsService/Query', 'content-type': 'application/grpc', te: 'trailers' };
const packet = writePacket(query);
const lengthOfPacket = Buffer.alloc(5);
lengthOfPacket.writeUInt32BE(packet.length, 1);

/** Frames that need no request: pings, windows, priorities, resets, more headers. */
const others = [
  frameOf(6, 0, 0, Buffer.alloc(8)),
  frameOf(8, 0, 0, Buffer.of(0, 0, 0x7f, 0xff)),
  frameOf(2, 0, 1, Buffer.alloc(5)),
  frameOf(3, 0, 1, Buffer.alloc(4)),
  frameOf(4, 0, 0, Buffer.from('000100000000000400000000', 'hex')),
  frameOf(1, 0, 3, fields({ ':method': 'GET' })),
  frameOf(9, endHeaders, 3, fields({ 'x-y': 'z' })),
  frameOf(7, 0, 0, Buffer.alloc(8)),
];
const http1 = (text: string, body: Buffer = Buffer.alloc(0)) => Buffer.concat([Buffer.from(text.replaceAll('\n', '\r\n')), body]);
const typed = `host: localhost\ncontent-type: ${mediaType}\n`;

interface Kind {
  readonly way: string;
  readonly protocol?: 'h2' | 'http/1.1';
  readonly sound: readonly Buffer[];
}

const kinds: readonly (readonly [string, Kind])[] = [
  [
    'HTTP/2',
    {
      way: 'HTTPS by HTTP/2 POST',
      protocol: 'h2',
      sound: [
        request(post, query),
        request({ ':method': 'GET', ':path': `/dns-query?dns=${query.toString('base64url')}` }, query),
        Buffer.concat([preface, ...others, request(post, query).subarray(preface.length)]),
      ],
    },
  ],
  [
    'HTTP/1.1',
    {
      way: 'HTTPS by HTTP/1.1 POST',
      protocol: 'http/1.1',
      sound: [
        http1(`POST /dns-query HTTP/1.1\n${typed}content-length: ${query.length}\n\n`, query),
        http1(`POST /dns-query HTTP/1.1\n${typed}transfer-encoding: chunked\n\n${query.length.toString(16)}\n`, query),
        http1(`GET /dns-query?dns=${query.toString('base64url')} HTTP/1.1\nhost: localhost\n\n`),
      ],
    },
  ],
  [
    'gRPC',
    {
      way: 'gRPC',
      protocol: 'h2',
      sound: [
        request(call, Buffer.concat([lengthOfPacket, packet])),
        Buffer.concat([request(call, Buffer.concat([lengthOfPacket, packet])), ...others]),
      ],
    },
  ],
  [
    'TCP behind a proxy',
    {
      way: 'TCP behind PROXY version 1',
      sound: [headers.streamFrom4, headers.streamFrom6, headers.local, headers.line('PROXY TCP4 192.0.2.7 198.51.100.9 4007 53')].map((header) =>
        Buffer.concat([header, frame(query)]),
      ),
    },
  ],
];

describe.each(kinds)(`${connections} connections of %s with random faults`, (_, { way: name, protocol, sound }) => {
  test('end, and others are answered', patience, async () => {
    const way = wayOf(name);
    const askers = new Set<string>();
    await using server = await serve(way.corefile('errors\ntimeouts {\nread 1s\nidle 1s\n}\nguests\nwhoami'), { plugins: [guests(askers)] });
    const random = chance(seed);
    // Side by side: some end only after a second.
    for (let begun = 0; begun < connections; begun += 20) {
      await Promise.all(Array.from({ length: 20 }, () => connectWith(server.port, damaged(pick(sound, random), random, 0), protocol, random)));
    }
    const client = await way.open(server.port);
    const reply = await client.ask(query);
    client.close();
    expect(readMessage(reply as Buffer).rcode).toBe('NOERROR');
    expect(server.lines.filter((each) => each.includes('[ERROR]'))).toEqual([]);
    expect(askers, 'nobody asks who is not known').not.toContain('');
  });
});

test(`${2 * runs} datagrams behind a proxy with random faults: those that are sound are answered`, patience, async () => {
  const way = wayOf('UDP behind PROXY version 2');
  await using server = await serve(way.corefile('errors\nwhoami'));
  const random = chance(seed);
  const sound = [headers.datagramFrom4, headers.datagramFrom6, headers.local, headers.streamFrom4].map((header) => Buffer.concat([header, query]));
  const client = await UdpClient.open(server);
  const probe = Buffer.concat([headers.datagramFrom4, queryMessage('known.test A +id=65534')]);
  for (let sent = 0; sent < 2 * runs; sent += 20) {
    for (let i = 0; i < 20; i++) client.send(damaged(pick(sound, random), random, 0));
    client.send(probe);
    let reply = await client.next();
    while (reply !== undefined && reply.readUInt16BE(0) !== 65_534) reply = await client.next();
    expect(reply, `after ${sent} datagrams`).toBeDefined();
  }
  client.close();
  expect(server.lines.filter((each) => each.includes('[ERROR]'))).toEqual([]);
});

/** Notes by which addresses queries came. */
function guests(askers: Set<string>) {
  const handle: Handle = (query, next) => {
    askers.add(query.client.address);
    return next(query);
  };
  return { plugin: definePlugin({ name: 'guests', summary: '', config: {}, setup: () => ({ handle }) }), place: { before: 'whoami' } } as const;
}

/** Sends these bytes, in one piece or two, says that this is all, and waits for the end of the connection. */
async function connectWith(port: number, bytes: Buffer, protocol: Kind['protocol'], random: Chance): Promise<void> {
  const cut = random(bytes.length + 1);
  const plain = await connectThrough(port, undefined);
  const socket: Socket =
    protocol === undefined ? plain : connectTls({ socket: plain, ca: authority, servername: 'localhost', ALPNProtocols: [protocol] });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('error', () => {});
  socket.resume();
  socket.write(bytes.subarray(0, cut));
  socket.end(bytes.subarray(cut));
  await closed;
}

function wayOf(name: string): Way {
  const way = ways.find((each) => each.name === name);
  if (way === undefined) throw new Error(`no way is called ${name}`);
  return way;
}
