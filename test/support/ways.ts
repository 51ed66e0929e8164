// Every way by which a client can ask: transports, versions and methods of HTTP, each with or without a proxy in front.
//   for (const way of ways) { serve(way.corefile('whoami')); const client = await way.open(server.port); await client.ask(message) }
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2, type Settings } from 'node:http2';
import { Agent, request as requestHttp1 } from 'node:https';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { Client, type ClientUnaryCall, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { readPacket, writePacket } from '../../src/transport/grpc-packet.ts';
import { TcpClient, UdpClient } from './client.ts';
import { queryMessage } from './message.ts';
import { datagramFrom4, line, streamFrom4 } from './proxy-header.ts';

const folder = join(import.meta.dirname, 'certificates');
export const authority = readFileSync(join(folder, 'authority.crt'));
/** The directive by which a block has a certificate of {@link authority}, for localhost. */
export const certificate = `tls ${folder}/server.crt ${folder}/server.key`;
export const mediaType = 'application/dns-message';

export interface Way {
  readonly name: string;
  /** A Corefile of one block with these directives, on a port that the system chooses. */
  readonly corefile: (directives: string) => string;
  /** Whether it has the limits of UDP. */
  readonly datagrams: boolean;
  /** What is said where there is nothing to answer; undefined for silence. */
  readonly refusal: string | undefined;
  open(port: number): Promise<WayClient>;
}

export interface WayClient {
  /**
   * The reply, or what the transport says in its place; undefined for silence, `patience` milliseconds of it where a reply could come. The connection has
   * been asked something else behind it, and answered that.
   */
  ask(message: Buffer, patience?: number): Promise<Buffer | string | undefined>;
  /** Goes away with a question open, as a program does that crashes. */
  leave(): void;
  close(): void;
}

const probe = queryMessage('probe.test NULL +id=3617');
const isProbe = (bytes: Buffer | undefined) => bytes?.readUInt16BE(0) === 3617;

/** By messages on one socket: silence shows when a query right behind is answered, or when the connection is closed. */
class MessageClient implements WayClient {
  private readonly client: UdpClient | TcpClient;
  private readonly preface: Uint8Array;

  constructor(client: UdpClient | TcpClient, preface: Uint8Array = Buffer.alloc(0)) {
    this.client = client;
    this.preface = preface;
  }

  async ask(message: Buffer, patience?: number): Promise<Buffer | undefined> {
    const { client } = this;
    this.send(message);
    const first = message.length < 12 || message.readUInt16BE(2) >= 0x8000 ? undefined : await client.next(patience);
    this.send(probe);
    const second = await client.next();
    // A server may give a connection up instead of going on; over UDP it always goes on.
    if ((client instanceof UdpClient || first !== undefined) && !isProbe(second)) throw new Error('a query right behind it was not answered');
    return first ?? (isProbe(second) ? undefined : second);
  }

  leave(): void {
    if (this.client instanceof TcpClient) this.client.reset();
  }

  close(): void {
    this.client.close();
  }

  private send(message: Buffer): void {
    this.client.send(this.preface.length === 0 ? message : Buffer.concat([this.preface, message]));
  }
}

/** By requests, each of which is answered somehow. */
class RequestClient implements WayClient {
  readonly leave: () => void;
  readonly close: () => void;
  private readonly request: (message: Buffer) => Promise<Buffer | string>;

  constructor(request: (message: Buffer) => Promise<Buffer | string>, close: () => void, leave = close) {
    this.request = request;
    this.leave = leave;
    this.close = close;
  }

  async ask(message: Buffer): Promise<Buffer | string> {
    const reply = await this.request(message);
    const behind = await this.request(probe);
    if (typeof behind === 'string' || !isProbe(behind)) throw new Error(`a query right behind it got ${String(behind)}`);
    return reply;
  }
}

type Method = 'GET' | 'POST';

const pathOf = (method: Method, message: Buffer) => (method === 'POST' ? '/dns-query' : `/dns-query?dns=${message.toString('base64url')}`);
const typeOf = (method: Method): Record<string, string> => (method === 'POST' ? { 'content-type': mediaType } : {});

/** A TCP connection on which a proxy has said who asks, if it has. */
export async function connectThrough(port: number, preface: Buffer | undefined): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1');
  await once(socket, 'connect');
  if (preface !== undefined) socket.write(preface);
  return socket;
}

/** An HTTP/2 session. */
export async function openHttp2(port: number, preface?: Buffer, settings: Settings = {}): Promise<ClientHttp2Session> {
  const socket = connectTls({ socket: await connectThrough(port, preface), ca: authority, servername: 'localhost', ALPNProtocols: ['h2'] });
  socket.on('error', () => {});
  const session = connectHttp2('https://localhost', { createConnection: () => socket, settings });
  session.on('error', () => {});
  return session;
}

async function http2(port: number, method: Method, preface?: Buffer): Promise<WayClient> {
  const session = await openHttp2(port, preface);
  const ask = async (message: Buffer) => {
    const stream = session.request({ ':method': method, ':path': pathOf(method, message), ...typeOf(method) });
    stream.end(method === 'POST' ? message : undefined);
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    return headers[':status'] === 200 ? Buffer.concat(pieces) : String(headers[':status']);
  };
  return new RequestClient(ask, () => session.destroy());
}

async function http1(port: number, method: Method, preface?: Buffer): Promise<WayClient> {
  const plain = await connectThrough(port, preface);
  const socket = connectTls({ socket: plain, ca: authority, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => socket;
  const ask = async (message: Buffer) => {
    const headers = { ...typeOf(method), ...(method === 'POST' ? { 'content-length': message.length } : {}) };
    const request = requestHttp1({ agent, host: 'localhost', path: pathOf(method, message), method, headers });
    request.end(method === 'POST' ? message : undefined);
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece as Buffer);
    return response.statusCode === 200 ? Buffer.concat(pieces) : String(response.statusCode);
  };
  return new RequestClient(ask, () => socket.destroy());
}

async function grpc(port: number, preface?: Buffer): Promise<WayClient> {
  const front = preface === undefined ? undefined : await relay(port, preface);
  const client = new Client(`127.0.0.1:${front?.port ?? port}`, credentials.createSsl(authority), { 'grpc.ssl_target_name_override': 'localhost' });
  let call: ClientUnaryCall | undefined;
  const ask = (message: Buffer) =>
    new Promise<Buffer | string>((resolve) => {
      call = client.makeUnaryRequest(
        '/coredns.dns.DnsService/Query',
        writePacket,
        readPacket,
        message,
        (error: ServiceError | null, reply?: Buffer) => {
          resolve(error === null && reply !== undefined ? reply : (status[error?.code ?? status.UNKNOWN] ?? ''));
        },
      );
    });
  const close = () => {
    client.close();
    front?.close();
  };
  return new RequestClient(ask, close, () => call?.cancel());
}

/** A proxy that says who asks, for clients that open their own connections. */
async function relay(target: number, preface: Buffer): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connectTcp(target, '127.0.0.1');
    outgoing.write(preface);
    incoming.pipe(outgoing).pipe(incoming);
    for (const each of [incoming, outgoing]) {
      sockets.add(each);
      each.on('error', () => each.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, close };
}

const tls = { ca: authority, servername: 'localhost' };
const version1 = line('PROXY TCP4 192.0.2.7 198.51.100.9 4007 53');
const block = (key: string, ...more: readonly string[]) => {
  return (directives: string) => `${key} {\n${[...more, directives].join('\n')}\n}\n`;
};

/** A way of messages with their length in front, on one connection. */
export interface FramedWay extends Way {
  connect(port: number): Promise<TcpClient>;
}

function framedWay(name: string, corefile: Way['corefile'], how: Omit<Parameters<typeof TcpClient.open>[0], 'port'> = {}): FramedWay {
  const connect = (port: number) => TcpClient.open({ port, ...how });
  return { name, corefile, datagrams: false, refusal: undefined, connect, open: async (port) => new MessageClient(await connect(port)) };
}

export const framedWays: readonly FramedWay[] = [
  framedWay('TCP', block('.:0')),
  framedWay('TLS', block('tls://.:0', certificate), { tls }),
  framedWay('TCP behind PROXY version 1', block('.:0', 'proxyproto'), { preface: version1 }),
  framedWay('TLS behind PROXY version 2', block('tls://.:0', certificate, 'proxyproto'), { tls, preface: streamFrom4 }),
];

const datagrams: readonly Way[] = [
  {
    name: 'UDP',
    corefile: block('.:0'),
    datagrams: true,
    refusal: undefined,
    open: async (port) => new MessageClient(await UdpClient.open({ port })),
  },
  {
    name: 'UDP behind PROXY version 2',
    corefile: block('.:0', 'proxyproto'),
    datagrams: true,
    refusal: undefined,
    open: async (port) => new MessageClient(await UdpClient.open({ port }), datagramFrom4),
  },
];

/** HTTP has to answer what DNS is silent about (RFC 8484 section 4.2.1), and so has gRPC. */
const requests: readonly Way[] = [
  ...(['POST', 'GET'] as const).flatMap((method) => [
    way('HTTPS', `HTTP/2 ${method}`, (port, preface) => http2(port, method, preface)),
    way('HTTPS', `HTTP/1.1 ${method}`, (port, preface) => http1(port, method, preface)),
  ]),
  way('HTTPS', 'HTTP/2 POST', (port, preface) => http2(port, 'POST', preface), streamFrom4),
  way('HTTPS', 'HTTP/1.1 GET', (port, preface) => http1(port, 'GET', preface), version1),
  way('gRPC', '', grpc),
  way('gRPC', '', grpc, streamFrom4),
];

function way(transport: 'HTTPS' | 'gRPC', how: string, open: (port: number, preface?: Buffer) => Promise<WayClient>, preface?: Buffer): Way {
  const front = preface === undefined ? [] : ['proxyproto'];
  return {
    name: [
      transport,
      ...(how === '' ? [] : ['by', how]),
      ...(preface === undefined ? [] : [`behind PROXY version ${preface === version1 ? 1 : 2}`]),
    ].join(' '),
    corefile: block(`${transport.toLowerCase()}://.:0`, certificate, ...front),
    datagrams: false,
    refusal: transport === 'HTTPS' ? '400' : 'INVALID_ARGUMENT',
    open: (port) => open(port, preface),
  };
}

export const ways: readonly Way[] = [...datagrams, ...framedWays, ...requests];
