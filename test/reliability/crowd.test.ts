// A listener that has all the connections it may have: who has most of them gives way to other clients (RFC 9210 section 4.2).
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { definePlugin, type Handle } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { queryMessage } from '../support/message.ts';
import { authority, certificate, mediaType } from '../support/ways.ts';

const open: ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of open.splice(0)) session.destroy();
});

describe('where a listener has no room for another connection', () => {
  const corefile = (limit: number, ...directives: readonly string[]) =>
    `https://.:0 {\n${[certificate, `https {\nmax_connections ${limit}\n}`, ...directives, 'whoami'].join('\n')}\n}\n`;

  test('the client that has most gives up its oldest one to a client that has none', async () => {
    await using server = await serve(corefile(3));
    const [oldest, ...others] = await sessions(server, '127.0.0.1', 3);
    const closed = once(oldest as ClientHttp2Session, 'close');
    expect(await ask(await session(server, '127.0.0.2'))).toBe(200);
    await closed;
    for (const each of others) expect(await ask(each)).toBe(200);
  });

  test('a client that has as many as any other gets none', async () => {
    await using server = await serve(corefile(3));
    const mine = await sessions(server, '127.0.0.1', 2);
    const theirs = await sessions(server, '127.0.0.2', 1);
    for (const address of ['127.0.0.1', '127.0.0.2']) await expect(session(server, address).then(ask)).rejects.toThrow();
    for (const each of [...mine, ...theirs]) expect(await ask(each)).toBe(200);
  });

  test('what the one that gives way has in hand is answered', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const handle: Handle = async (query, next) => {
      if (query.name !== 'slow.test.') return next(query);
      entered.resolve();
      await gate.promise;
      return next(query);
    };
    const plugin = definePlugin({ name: 'later', summary: '', config: {}, setup: () => ({ handle }) });
    await using server = await serve(corefile(2, 'later'), { plugins: [{ plugin, place: { before: 'whoami' } }] });
    const [oldest] = (await sessions(server, '127.0.0.1', 2)) as [ClientHttp2Session];
    const closed = once(oldest, 'close');
    const slow = ask(oldest, 'slow.test');
    await entered.promise;
    expect(await ask(await session(server, '127.0.0.2'))).toBe(200);
    gate.resolve();
    expect(await slow).toBe(200);
    await closed;
  });
});

/** Connections that have each been answered, one after another. */
async function sessions(server: TestServer, address: string, count: number): Promise<ClientHttp2Session[]> {
  const made: ClientHttp2Session[] = [];
  for (let i = 0; i < count; i++) {
    const each = await session(server, address);
    expect(await ask(each)).toBe(200);
    made.push(each);
  }
  return made;
}

/** A connection of the client that has this address. */
async function session({ port }: TestServer, localAddress: string): Promise<ClientHttp2Session> {
  const plain = connect({ port, host: '127.0.0.1', localAddress });
  await once(plain, 'connect');
  const socket = connectTls({ socket: plain, ca: authority, servername: 'localhost', ALPNProtocols: ['h2'] });
  socket.on('error', () => {});
  const made = connectHttp2('https://localhost', { createConnection: () => socket });
  made.on('error', () => {});
  open.push(made);
  return made;
}

/** The status of the response; rejects where the connection is closed instead. */
async function ask(asked: ClientHttp2Session, name = 'example.org'): Promise<unknown> {
  const stream = asked.request({ ':method': 'POST', ':path': '/dns-query', 'content-type': mediaType });
  stream.end(queryMessage(`${name} A`));
  const closed = once(stream, 'close').then(() => Promise.reject(new Error('no response')));
  const [headers] = (await Promise.race([once(stream, 'response'), closed])) as [Record<string, unknown>];
  stream.resume();
  return headers[':status'];
}
