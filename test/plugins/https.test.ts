// DNS over HTTPS: methods, statuses, cache headers, limits, by HTTP/2 and HTTP/1.1.
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { request as requestHttp1 } from 'node:https';
import { join } from 'node:path';
import { definePlugin, type Handle } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { queryMessage, readMessage } from '../support/message.ts';
import { refusal } from '../support/refusal.ts';

const folder = join(import.meta.dirname, '../support/certificates');
const ca = readFileSync(join(folder, 'authority.crt'));
const mediaType = 'application/dns-message';
const hosts = 'hosts {\n192.0.2.1 www.example.org\nttl 77\n}';

function corefile(...lines: readonly string[]): string {
  return `https://.:0 {\ntls ${folder}/server.crt ${folder}/server.key\n${lines.join('\n')}\n}\n`;
}

interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

function session(port: number): ClientHttp2Session {
  const made = connectHttp2(`https://localhost:${port}`, {
    ca,
    host: '127.0.0.1',
    lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  made.on('error', () => {});
  open.push(() => made.destroy());
  return made;
}

function send(client: ClientHttp2Session, headers: Readonly<Record<string, string>>, body?: Buffer): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stream = client.request(headers);
    const pieces: Buffer[] = [];
    let head: Record<string, unknown> = {};
    stream.on('response', (given) => {
      head = given;
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('end', () => resolve({ status: Number(head[':status']), headers: head, body: Buffer.concat(pieces) }));
    stream.on('error', reject);
    stream.end(body);
  });
}

const get = (client: ClientHttp2Session, query: string) => send(client, { ':path': `/dns-query?${query}` });
const encoded = (words: string) => queryMessage(words).toString('base64url');

function post(client: ClientHttp2Session, body: Buffer, type = mediaType): Promise<Response> {
  return send(client, { ':method': 'POST', ':path': '/dns-query', 'content-type': type }, body);
}

test('a query by GET and by POST, and how long its answer may be kept', async () => {
  await using server = await serve(corefile(hosts));
  const client = session(server.port);
  for (const response of [await get(client, `dns=${encoded('www.example.org +id=0')}`), await post(client, queryMessage('www.example.org +id=0'))]) {
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({ 'content-type': mediaType, 'cache-control': 'max-age=77' });
    expect(readMessage(response.body)).toMatchObject({ id: 0, rcode: 'NOERROR', answer: [{ data: '192.0.2.1' }] });
  }
});

test('HTTP/1.1', async () => {
  await using server = await serve(corefile(hosts));
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const options = {
    host: '127.0.0.1',
    servername: 'localhost',
    port: server.port,
    path: '/dns-query',
    method: 'POST',
    ca,
    headers: { 'content-type': mediaType },
  };
  const request = requestHttp1(options, (response) => {
    const pieces: Buffer[] = [];
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }));
  });
  request.on('error', reject);
  request.end(queryMessage('www.example.org +id=4'));
  const { status, body } = await promise;
  expect([status, readMessage(body).id]).toEqual([200, 4]);
});

test('many queries of one connection at a time, and an answer that is not at hand', async () => {
  const later: Handle = async (query, next) => {
    await new Promise((resolve) => setImmediate(resolve));
    return next(query);
  };
  const plugin = definePlugin({ name: 'later', summary: '', config: {}, setup: () => ({ handle: later }) });
  await using server = await serve(corefile('later', hosts), { plugins: [{ plugin, place: { before: 'hosts' } }] });
  const client = session(server.port);
  const responses = await Promise.all(Array.from({ length: 50 }, (_, id) => post(client, queryMessage(`www.example.org +id=${id}`))));
  expect(responses.map(({ body }) => readMessage(body).id)).toEqual(Array.from({ length: 50 }, (_, id) => id));
});

describe('statuses', () => {
  test.each<[string, number, (client: ClientHttp2Session) => Promise<Response>]>([
    ['another path', 404, (client) => send(client, { ':path': '/' })],
    ['another method', 405, (client) => send(client, { ':method': 'PUT', ':path': '/dns-query' }, Buffer.alloc(20))],
    ['another type of body', 415, (client) => post(client, queryMessage('example.org'), 'text/plain')],
    ['no parameter', 400, (client) => get(client, '')],
    ['two parameters', 400, (client) => get(client, 'dns=AAAA&dns=AAAA')],
    ['base64 that is none', 400, (client) => get(client, 'dns=@@@@')],
    ['padding', 400, (client) => get(client, 'dns=AAA=')],
    ['a message that is too short', 400, (client) => post(client, Buffer.alloc(5))],
    ['an empty body', 400, (client) => post(client, Buffer.alloc(0))],
    ['a response instead of a query', 400, (client) => post(client, queryMessage('example.org +qr'))],
    ['a body of 70,000 octets', 413, (client) => post(client, Buffer.alloc(70_000))],
  ])('%s is %i', async (_, status, ask) => {
    await using server = await serve(corefile(hosts));
    const client = session(server.port);
    expect((await ask(client)).status).toBe(status);
    expect((await get(client, `dns=${encoded('www.example.org')}`)).status).toBe(200);
    expect(await server.metrics()).toMatch(new RegExp(`coredns_dns_https_responses_total\\{server="https://127.0.0.1:0",status="${status}"\\} 1`));
  });

  test('a malformed query with a readable head is answered by DNS, as over every transport', async () => {
    await using server = await serve(corefile(hosts));
    const { status, headers, body } = await post(session(server.port), Buffer.from('000101000002000000000000', 'hex'));
    expect([status, headers['cache-control'], body.toString('hex')]).toEqual([200, 'max-age=5', '000181010000000000000000']);
  });
});

test('a connection too many is closed, and a query in hand survives a reload', async () => {
  await using server = await serve(corefile('https {\nmax_connections 1\n}', hosts));
  const first = session(server.port);
  expect((await get(first, `dns=${encoded('www.example.org')}`)).status).toBe(200);
  await expect(get(session(server.port), `dns=${encoded('www.example.org')}`)).rejects.toThrow();
  await server.reload(corefile('https {\nmax_connections 2\n}', hosts));
  expect((await get(first, `dns=${encoded('www.example.org')}`)).status).toBe(200);
  expect((await get(session(server.port), `dns=${encoded('www.example.org')}`)).status).toBe(200);
});

test('a query in hand is answered when the server stops, and its connection is closed then', async () => {
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const handle: Handle = async (query, next) => {
    entered.resolve();
    await gate.promise;
    return next(query);
  };
  const plugin = definePlugin({ name: 'later', summary: '', config: {}, setup: () => ({ handle }) });
  const server = await serve(corefile('later', hosts), { plugins: [{ plugin, place: { before: 'hosts' } }] });
  const client = session(server.port);
  const closed = new Promise<void>((resolve) => client.on('close', resolve));
  const asked = get(client, `dns=${encoded('www.example.org')}`);
  await entered.promise;
  const stopped = server.stop();
  gate.resolve();
  expect((await asked).status).toBe(200);
  await closed;
  await stopped;
});

test('a header of one megabyte costs nobody else anything', async () => {
  await using server = await serve(corefile(hosts));
  await expect(get(session(server.port), `dns=${'A'.repeat(1_000_000)}`)).rejects.toThrow();
  expect((await get(session(server.port), `dns=${encoded('www.example.org')}`)).status).toBe(200);
});

test('limits of several transports in one block', async () => {
  const both = 'https {\nmax_connections 1\n}\ngrpc_server {\nmax_connections 3\n}';
  const text = `https://.:0 grpc://.:0 {\ntls ${folder}/server.crt ${folder}/server.key\n${both}\n${hosts}\n}\n`;
  await using server = await serve(text);
  expect(server.lines.join('\n')).not.toContain('stated already');
});

test('an https:// key without a certificate is refused', async () => {
  expect(await refusal('https://.:0 {\nwhoami\n}')).toContain("expected 'tls CERT KEY' in this server block");
});
