// The HTTP listeners that plugins share, with real sockets.
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { HttpResponse, HttpService } from '../../src/plugin/plugin.ts';
import { type HttpLimits, HttpListeners } from '../../src/server/http.ts';
import { HttpRoutes, type Service } from '../../src/server/http-routes.ts';
import { type Ask, ask, open, pem } from '../support/http.ts';
import { soon } from '../support/soon.ts';

const address = '127.0.0.1:0';
const opened: HttpListeners[] = [];
afterEach(() => {
  for (const listeners of opened.splice(0)) listeners.use(new HttpRoutes());
});

const tls = { cert: pem('server.crt'), key: pem('server.key') };
const mutual = { ...tls, clientCa: pem('authority.crt') };
const operator = { cert: pem('operator.crt'), key: pem('operator.key') };
const stranger = { cert: pem('stranger.crt'), key: pem('stranger.key') };

type Respond = Service['respond'];

function routes(paths: Readonly<Record<string, Respond>>, service: HttpService = {}): HttpRoutes {
  const made = new HttpRoutes();
  for (const [path, respond] of Object.entries(paths)) made.add(address, path, { plugin: 'one', respond, ...service });
  return made;
}

async function listening(made: HttpRoutes, limits: Partial<HttpLimits> = {}): Promise<HttpListeners> {
  const listeners = new HttpListeners(limits);
  opened.push(listeners);
  await listeners.open(made);
  listeners.use(made);
  return listeners;
}

const to = (listeners: HttpListeners, more: Partial<Ask> = {}): Ask => ({ port: listeners.portOf(address), path: '/', ...more });
const say =
  (body: string): Respond =>
  () => ({ status: 200, body });

/** A stream whose pieces the test gives, and that says when it was ended. */
function spring() {
  const waiting: ((piece: string) => void)[] = [];
  const state = { ended: 0 };
  const respond: Respond = () => ({
    status: 200,
    body: 'begin ',
    contentType: 'text/event-stream',
    stream: async function* (signal) {
      signal.addEventListener('abort', () => state.ended++);
      while (!signal.aborted) yield await new Promise<string>((resolve) => waiting.push(resolve));
    },
  });
  const give = async (piece: string) => {
    await vi.waitFor(() => expect(waiting).not.toEqual([]), soon);
    waiting.shift()?.(piece);
  };
  return { respond, give, state };
}

test('a path that ends with a slash stands for all below it that nobody else serves', async () => {
  const listeners = await listening(routes({ '/a': say('a'), '/a/': say('below'), '/a/b/': say('deep'), '/a/c': say('c') }));
  const bodies = await Promise.all(
    ['/a', '/a/', '/a/x/y', '/a/b/x', '/a/c', '/b', '/'].map(async (path) => (await ask(to(listeners, { path }))).body),
  );
  expect(bodies).toEqual(['a', 'below', 'below', 'deep', 'c', '404 page not found\n', '404 page not found\n']);
});

test('two plugins at one address have to agree on TLS, and each path has one of them', () => {
  const made = routes({ '/a': say('a') }, { tls: mutual });
  const add = (path: string, service: HttpService) => () => made.add(address, path, { plugin: 'two', respond: say(''), ...service });
  expect(add('/b', { tls: { ...mutual } })).not.toThrow();
  expect(add('/a', { tls: mutual })).toThrow(`${address}/a is served by plugin one already`);
  expect(add('/c', {})).toThrow(`${address} is served with TLS and client certificates by plugin one and without TLS by plugin two`);
  expect(add('/c', { tls })).toThrow(`with TLS and client certificates by plugin one and with TLS by plugin two`);
  expect(() => new HttpRoutes().add(address, '/', { plugin: 'one', respond: say(''), tls: { ...tls, key: pem('renewed.key') } })).toThrow(
    /^certificate and key cannot be used: /,
  );
});

test('TLS lets in who knows the authority, and a client certificate says who asks', async () => {
  const who: Respond = ({ client, from }) => ({ status: 200, body: `${client} at ${from}` });
  const open = await listening(routes({ '/': who }, { tls }));
  expect((await ask(to(open, { tls: {} }))).body).toBe('undefined at 127.0.0.1');
  await expect(ask(to(open))).rejects.toThrow();
  const guarded = await listening(routes({ '/': who }, { tls: mutual }));
  expect((await ask(to(guarded, { tls: operator }))).body).toBe('ann at 127.0.0.1');
  await expect(ask(to(guarded, { tls: {} }))).rejects.toThrow();
  await expect(ask(to(guarded, { tls: stranger }))).rejects.toThrow();
});

test('a reload brings a new certificate, another way to speak, or neither when it is refused', async () => {
  const listeners = await listening(routes({ '/': say('one') }, { tls }));
  const port = listeners.portOf(address);
  const asked = async () => ask({ port, path: '/', tls: {} });
  const { serial } = await asked();
  const renewed = routes({ '/': say('two') }, { tls: { cert: pem('renewed.crt'), key: pem('renewed.key') } });
  await listeners.open(renewed);
  expect(await asked()).toMatchObject({ body: 'one', serial });
  listeners.use(renewed);
  const second = await asked();
  expect(second.body).toBe('two');
  expect(second.serial).not.toBe(serial);
});

test('who was let in by an authority that is not trusted any more is not served on', async () => {
  const listeners = await listening(routes({ '/': say('in') }, { tls: mutual }), { leave: 20 });
  const agent = new Agent({ keepAlive: true, ca: pem('authority.crt'), ...operator });
  const asked = async () => {
    const asking = request({ host: '127.0.0.1', port: listeners.portOf(address), agent }).end();
    const [response] = await once(asking, 'response');
    response.resume();
    await once(response, 'end');
    return asking.reusedSocket;
  };
  try {
    expect(await asked()).toBe(false);
    expect(await asked()).toBe(true);
    const changed = routes({ '/': say('in') }, { tls: { ...mutual, clientCa: pem('stranger.crt') } });
    await listeners.open(changed);
    listeners.use(changed);
    await expect(asked()).rejects.toThrow();
  } finally {
    agent.destroy();
  }
});

test('an address that is opened anew answers as before until the new configuration is used', async () => {
  const listeners = await listening(routes({ '/': say('before') }));
  const secure = routes({ '/': say('after') }, { tls });
  await listeners.open(secure);
  expect((await ask(to(listeners, { tls: {} }))).body).toBe('before');
  listeners.use(secure);
  expect((await ask(to(listeners, { tls: {} }))).body).toBe('after');
});

test('an address that speaks otherwise after a reload is opened anew, and not left shut when that fails', async () => {
  const taken = await listening(routes({ '/': say('taken') }));
  const fixed = `127.0.0.1:${taken.portOf(address)}`;
  taken.use(new HttpRoutes());
  const at = (place: string, made: HttpRoutes, service: HttpService = {}) => {
    made.add(place, '/', { plugin: 'one', respond: say(place), ...service });
    return made;
  };
  const listeners = await listening(at(fixed, new HttpRoutes()));
  const port = listeners.portOf(fixed);
  const other = await listening(routes({ '/': say('other') }));
  const occupied = `127.0.0.1:${other.portOf(address)}`;
  await expect(listeners.open(at(occupied, at(fixed, new HttpRoutes(), { tls })))).rejects.toThrow(
    `listen tcp ${occupied}: bind: address already in use`,
  );
  expect((await ask({ port, path: '/' })).body).toBe(fixed);
  const secure = at(fixed, new HttpRoutes(), { tls });
  await listeners.open(secure);
  listeners.use(secure);
  expect((await ask({ port, path: '/', tls: {} })).body).toBe(fixed);
  await expect(ask({ port, path: '/' })).rejects.toThrow();
});

test('a body that is too long and a handler that throws are answered as the plugin says, and the next one is served', async () => {
  const refuse = (status: number, reason: string): HttpResponse => ({ status, body: JSON.stringify({ reason }), contentType: 'application/json' });
  const paths = {
    '/': say('fine'),
    '/throw': () => {
      throw new Error('out of luck');
    },
  };
  const listeners = await listening(routes(paths, { refuse }));
  const long = await ask(to(listeners, { method: 'POST', body: 'x'.repeat(3_000_000) }));
  expect(long).toMatchObject({ status: 413, body: '{"reason":"more than 65536 octets"}' });
  expect(await ask(to(listeners, { path: '/throw' }))).toMatchObject({ status: 500, body: '{"reason":"out of luck"}' });
  expect((await ask(to(listeners))).body).toBe('fine');
});

test.each<readonly [string, unknown]>([
  ['a status that there is not', { status: 42, body: '' }],
  ['a header that would be two', { status: 200, body: '', headers: { 'x-name': 'a\r\nx-other: b' } }],
  ['nothing', undefined],
])('%s of a plugin is a failure that is answered, and the next one is served', async (_, found) => {
  const listeners = await listening(routes({ '/': () => found as HttpResponse, '/fine': say('fine') }));
  expect((await ask(to(listeners))).status).toBe(500);
  expect((await ask(to(listeners, { path: '/fine' }))).body).toBe('fine');
});

test('pieces are sent as they come, and the stream ends when the client is gone', async () => {
  const { respond, give, state } = spring();
  const listeners = await listening(routes({ '/': respond }));
  const response = await open(to(listeners));
  const pieces = response[Symbol.asyncIterator]();
  const next = async () => String((await pieces.next()).value);
  expect(await next()).toBe('begin ');
  await give('one');
  expect(await next()).toBe('one');
  await give('two');
  expect(await next()).toBe('two');
  expect(state.ended).toBe(0);
  response.destroy();
  await vi.waitFor(() => expect(state.ended).toBe(1), soon);
});

test('a reload and a stop end streams cleanly', async () => {
  const { respond, state } = spring();
  const made = routes({ '/': respond });
  const listeners = await listening(made);
  for (const following of [made, new HttpRoutes()]) {
    const response = await open(to(listeners));
    listeners.use(following);
    let text = '';
    for await (const piece of response) text += piece;
    expect(text).toBe('begin ');
    expect(response.complete).toBe(true);
  }
  expect(state.ended).toBe(2);
});

test('one stream too many is refused until another one has ended', async () => {
  const { respond } = spring();
  const listeners = await listening(routes({ '/': respond, '/plain': say('plain') }), { streams: 2 });
  const first = await open(to(listeners));
  await open(to(listeners));
  expect(await ask(to(listeners))).toMatchObject({ status: 503, body: '503 2 streams are open already\n' });
  expect((await ask(to(listeners, { path: '/plain' }))).status).toBe(200);
  first.destroy();
  await vi.waitFor(async () => {
    const third = await open(to(listeners));
    expect(third.statusCode).toBe(200);
  }, soon);
});

test('a client that does not read is not sent without end, and is left in time', async () => {
  let made = 0;
  let ended = false;
  const respond: Respond = () => ({
    status: 200,
    body: '',
    stream: async function* (signal) {
      signal.addEventListener('abort', () => {
        ended = true;
      });
      for (; !signal.aborted; made++) yield 'x'.repeat(100_000);
    },
  });
  const listeners = await listening(routes({ '/': respond }), { reading: 200 });
  const socket = connect(listeners.portOf(address) ?? 0, '127.0.0.1');
  socket.pause();
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await vi.waitFor(() => expect(ended).toBe(true), soon);
  expect(made).toBeLessThan(1000);
  socket.destroy();
});

test('a client that does not read an answer is hung up on', async () => {
  const listeners = await listening(routes({ '/': say('x'.repeat(50_000_000)), '/fine': say('fine') }), { reading: 200, connections: 1 });
  const socket = connect(listeners.portOf(address) ?? 0, '127.0.0.1');
  socket.pause();
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(socket, 'connect');
  await vi.waitFor(async () => expect((await ask(to(listeners, { path: '/fine' }))).body).toBe('fine'), soon);
  socket.destroy();
});

test.each([
  ['its headers', 'GET / HTTP/1.1\r\nhost: local'],
  ['its body', 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nab'],
])('who does not finish %s is hung up on', async (_, text) => {
  const listeners = await listening(routes({ '/': say('fine') }), { headers: 50, request: 100, look: 20 });
  const socket = connect(listeners.portOf(address) ?? 0, '127.0.0.1');
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test('connections beyond the limit are not taken', async () => {
  const listeners = await listening(routes({ '/': say('fine') }), { connections: 1 });
  const first = connect(listeners.portOf(address) ?? 0, '127.0.0.1');
  await once(first, 'connect');
  await expect(ask(to(listeners))).rejects.toThrow();
  first.destroy();
  await vi.waitFor(async () => expect((await ask(to(listeners))).body).toBe('fine'), soon);
});
