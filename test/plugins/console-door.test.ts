// Who is let in at the console, as what, and from where, over real HTTP.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { askConsole, bearer, consoleBlock, login, operatorToken, post, readerToken, serveConsole, tokenFiles, told } from '../support/console.ts';
import { ask, open, pem } from '../support/http.ts';
import { soon } from '../support/soon.ts';

const tokens = ['token {{DIR}}/operators', 'reader {{DIR}}/readers'];
const pool = ['pool www.example.org {', '  member 192.0.2.1', '}', 'whoami'];
const failback = '/pools/www.example.org/failback';
const wrong = 'this-is-not-the-token-at-all';

describe('the options', () => {
  test.each([
    ['an address open to the world', consoleBlock([], undefined, ':0'), /address :0 can be reached from other machines/],
    ['a second address', '. {\n console 127.0.0.1:0 127.0.0.1:1\n whoami\n}', /unexpected '127\.0\.0\.1:1', expected a block/],
    ['a reader without a token', consoleBlock(['reader {{DIR}}/readers']), /:3 - .*'reader' without 'token': everybody else would be an operator/],
    ['one token for both', consoleBlock(['token {{DIR}}/operators', 'reader {{DIR}}/operators']), /'reader' and 'token' name the same token/],
    ['a token that is guessed', consoleBlock(['token {{DIR}}/short']), /short is no token, expected at least 16 characters/],
    ['two files', consoleBlock(['token {{DIR}}/operators {{DIR}}/readers']), /expected token FILE/],
    ['a host with a port', consoleBlock(['host dns.example.org:8053']), /'dns\.example\.org:8053' is not a name of a host/],
    ['TLS without a key', consoleBlock(['tls {{DIR}}/cert']), /CERT KEY|tls/],
    ['an option twice', consoleBlock(['readonly', 'readonly']), /readonly/],
  ])('%s is refused', async (_, corefile, message) => {
    await expect(serve(corefile, { files: { ...tokenFiles, short: 'short\n' } })).rejects.toThrow(message);
  });

  test('an address that is in use is named, and the configuration before serves on', async () => {
    await using one = await serveConsole();
    const port = one.server.httpPort('127.0.0.1:0');
    await expect(serve(consoleBlock([], undefined, `127.0.0.1:${port}`))).rejects.toThrow(`127.0.0.1:${port}: bind: address already in use`);
    await using two = await serve('. {\n whoami\n}');
    await expect(two.reload(consoleBlock([], undefined, `127.0.0.1:${port}`))).rejects.toThrow('address already in use');
    expect((await two.ask('www.example.org')).rcode).toBe('NOERROR');
  });

  test('the address is told when it serves', async () => {
    await using server = await serveConsole();
    expect(server.lines.join('\n')).toContain(`console at http://127.0.0.1:${server.server.httpPort('127.0.0.1:0')}/`);
  });
});

describe('a token', () => {
  test('lets in as bearer token, or by the cookie that it was shown for, and nothing else does', async () => {
    await using server = await serveConsole(tokens, pool);
    expect((await askConsole(server, '/pools')).status).toBe(401);
    expect((await askConsole(server, `/pools?token=${operatorToken}`)).status).toBe(401);
    expect((await askConsole(server, '/pools', { headers: { cookie: 'ferrydns_session_0=guessed' } })).status).toBe(401);
    expect((await askConsole(server, '/pools', { headers: bearer(operatorToken) })).status).toBe(200);
    const headers = await login(server, operatorToken);
    expect((await askConsole(server, '/pools', { headers })).status).toBe(200);
    expect(told(await askConsole(server, '/session', { headers }))).toEqual({ role: 'operator', tokenNeeded: true, by: null });
  });

  test('is never in the answer, and the cookie is for this server and no script', async () => {
    await using server = await serveConsole(tokens);
    const { headers, body } = await askConsole(server, '/session', post({ token: operatorToken }));
    const [cookie = ''] = headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^ferrydns_session_0=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(body + cookie).not.toContain(operatorToken);
  });

  test('that is wrong is answered after a second, and while many wait no other is looked at', async () => {
    await using server = await serveConsole(tokens);
    const begun = performance.now();
    expect(await askConsole(server, '/session', post({ token: wrong }))).toMatchObject({ status: 401 });
    expect(await askConsole(server, '/overview', { headers: bearer(wrong) })).toMatchObject({ status: 401 });
    expect(performance.now() - begun).toBeGreaterThan(1990);
    const statuses = await Promise.all(Array.from({ length: 60 }, async () => (await askConsole(server, '/session', post({ token: wrong }))).status));
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const metrics = await server.metrics();
    expect(metrics).toContain('ferrydns_console_logins_total{outcome="refused"}');
    expect(metrics).toContain('ferrydns_console_logins_total{outcome="too_many"}');
    expect((await askConsole(server, '/session', post({ token: operatorToken }))).status).toBe(200);
  });

  test.each([
    ['no JSON', 'nonsense', 400],
    ['another field', { token: operatorToken, more: 1 }, 400],
    ['no text', { token: 7 }, 400],
    ['no field', {}, 400],
  ])('in a body with %s is refused', async (_, body, status) => {
    await using server = await serveConsole(tokens);
    expect((await askConsole(server, '/session', post(body))).status).toBe(status);
  });

  test('in a form of a page is refused', async () => {
    await using server = await serveConsole(tokens);
    const form = { method: 'POST', body: JSON.stringify({ token: operatorToken }), headers: { 'content-type': 'text/plain' } };
    expect((await askConsole(server, '/session', form)).status).toBe(415);
  });
});

describe('a session', () => {
  test('ends when it is ended, with the streams that it has opened', async () => {
    await using server = await serveConsole(tokens, [
      'migrate www.example.org {',
      '  from 192.0.2.1',
      '  to 192.0.2.2',
      '  ttl 5',
      '  admin off',
      `  journal {{DIR}}/j`,
      '}',
      'whoami',
    ]);
    const headers = await login(server, operatorToken);
    const stream = await open({ port: server.server.httpPort('127.0.0.1:0'), path: '/migrations/events', headers });
    const ended = once(stream, 'end');
    stream.resume();
    const over = await askConsole(server, '/session', { method: 'DELETE', headers });
    expect(told(over)).toMatchObject({ role: null, tokenNeeded: true });
    expect(over.headers['set-cookie']?.[0]).toContain('Max-Age=0');
    await ended;
    expect((await askConsole(server, '/pools', { headers })).status).toBe(401);
  });

  test('goes on through a reload, and ends with its token', async () => {
    await using server = await serveConsole(tokens, pool);
    const headers = await login(server, readerToken);
    await server.reload(consoleBlock(tokens, ['errors', ...pool]));
    expect((await askConsole(server, '/pools', { headers })).status).toBe(200);
    await server.reload(consoleBlock(['token {{DIR}}/operators'], pool));
    expect((await askConsole(server, '/pools', { headers })).status).toBe(401);
  });

  test('is one of a hundred: another one ends the oldest', async () => {
    await using server = await serveConsole(tokens, pool);
    const first = await login(server, operatorToken);
    for (let more = 0; more < 99; more++) await login(server, operatorToken);
    expect((await askConsole(server, '/pools', { headers: first })).status).toBe(200);
    const last = await login(server, operatorToken);
    expect((await askConsole(server, '/pools', { headers: first })).status).toBe(401);
    expect((await askConsole(server, '/pools', { headers: last })).status).toBe(200);
  });

  test('is over after twelve hours', async () => {
    let now = 0;
    await using server = await serve(consoleBlock(tokens, pool), { files: tokenFiles, now: () => now });
    const headers = await login(server, operatorToken);
    now = 12 * 3_600_000 - 1;
    expect((await askConsole(server, '/pools', { headers })).status).toBe(200);
    now++;
    expect((await askConsole(server, '/pools', { headers })).status).toBe(401);
  });
});

describe('who may only read', () => {
  test('sees everything, and gives no orders', async () => {
    await using server = await serveConsole(tokens, pool);
    const headers = await login(server, readerToken);
    expect(told(await askConsole(server, '/session', { headers })).role).toBe('reader');
    expect((await askConsole(server, '/pools', { headers })).status).toBe(200);
    expect(await askConsole(server, failback, post({}, headers))).toMatchObject({ status: 403 });
    expect(await askConsole(server, failback, post({}, bearer(readerToken)))).toMatchObject({ status: 403 });
    expect(await askConsole(server, failback, post({}, bearer(operatorToken)))).toMatchObject({ status: 409 });
  });

  test('is everybody where the console is `readonly`', async () => {
    await using server = await serveConsole(['readonly'], pool);
    expect(told(await askConsole(server, '/session'))).toEqual({ role: 'reader', tokenNeeded: false, by: null });
    expect((await askConsole(server, failback, post({}))).status).toBe(403);
    expect((await askConsole(server, '/pools')).status).toBe(200);
  });
});

describe('a page from elsewhere', () => {
  const elsewhere: readonly (readonly [string, Record<string, string>])[] = [
    ['a foreign Host', { host: 'evil.example:80' }],
    ['a Host that only begins as this machine', { host: 'localhost.evil.example' }],
    ['a foreign Origin', { origin: 'http://evil.example' }],
    ['an Origin of another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['an Origin that is hidden', { origin: 'null' }],
    ['a browser that says so', { 'sec-fetch-site': 'cross-site' }],
    ['a browser that says that it is of another port', { 'sec-fetch-site': 'same-site' }],
  ];

  test.each(elsewhere)('with %s gets 403 for everything', async (_, headers) => {
    await using server = await serveConsole(tokens, pool);
    for (const more of [{}, bearer(operatorToken), await login(server, operatorToken)]) {
      expect((await askConsole(server, '/pools', { headers: { ...more, ...headers } })).status).toBe(403);
      expect((await askConsole(server, failback, post({}, { ...more, ...headers }))).status).toBe(403);
    }
    expect((await askConsole(server, '/session', post({ token: operatorToken }, headers))).status).toBe(403);
  });

  test('without a Host, as HTTP 1.0 allows, is turned away', async () => {
    await using server = await serveConsole([], pool);
    const socket = connect(server.server.httpPort('127.0.0.1:0') ?? 0, '127.0.0.1');
    socket.end('GET /pools HTTP/1.0\r\n\r\n');
    expect(String((await socket.toArray())[0])).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('may hold a link to the page, and frame or load nothing of it', async () => {
    await using server = await serveConsole(tokens);
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await askConsole(server, '/', { headers: link })).status).not.toBe(403);
    expect((await askConsole(server, '/', { headers: { ...link, 'sec-fetch-dest': 'iframe' } })).status).toBe(403);
    expect((await askConsole(server, '/pools', { headers: link })).status).toBe(403);
  });

  test('of this server is let in: by its Origin, and by the names that are given', async () => {
    await using server = await serveConsole([...tokens, 'host DNS.example.org'], pool);
    const host = `dns.example.org:${server.server.httpPort('127.0.0.1:0')}`;
    const headers = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
    expect((await askConsole(server, failback, post({}, { ...headers, ...bearer(operatorToken) }))).status).toBe(409);
    expect((await askConsole(server, '/pools', { headers: { ...bearer(operatorToken), host: '192.0.2.7:8053' } })).status).toBe(200);
  });

  test('is asked for by the names in the certificate', async () => {
    const files = { cert: pem('server.crt'), key: pem('server.key'), ca: pem('authority.crt') };
    await using server = await serveConsole(['tls {{DIR}}/cert {{DIR}}/key {{DIR}}/ca'], pool, files);
    const tls = { cert: pem('operator.crt'), key: pem('operator.key') };
    const how = { port: server.server.httpPort('127.0.0.1:0'), tls };
    const session = await ask({ ...how, path: '/session' });
    expect(told(session)).toEqual({ role: 'operator', tokenNeeded: false, by: 'ann' });
    const led = request({
      ...tls,
      port: how.port,
      path: '/pools',
      headers: { host: 'evil.example' },
      servername: 'localhost',
      ca: pem('authority.crt'),
    });
    led.end();
    const [response] = (await once(led, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(403);
    await expect(ask({ port: server.server.httpPort('127.0.0.1:0'), path: '/session', tls: {} })).rejects.toThrow();
  });
});

describe('every answer', () => {
  test.each(['/', '/pools', '/nowhere/at/all', '/session', '/openapi.yaml', failback])(
    'of %s keeps browsers from running, framing and guessing',
    async (path) => {
      await using server = await serveConsole([], pool);
      const { headers } = await askConsole(server, path);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'.*frame-ancestors 'none'/);
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  test('to a GET changes nothing', async () => {
    await using server = await serveConsole([], pool);
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'OPTIONS', 'DELETE']) {
      expect(await askConsole(server, failback, { method })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    }
    expect((await askConsole(server, '/pools', { method: 'POST' })).status).toBe(405);
    expect((await askConsole(server, '/session', { method: 'PUT' })).status).toBe(404);
  });

  test('to a body that is too long is 413', async () => {
    await using server = await serveConsole([], pool);
    expect((await askConsole(server, '/session', post({ token: 'x'.repeat(70_000) }))).status).toBe(413);
  });
});

test('everything is told there that is told anywhere, and that has no address of its own', async () => {
  const plan = (name: string, admin: string) =>
    ` migrate ${name} {\n from 192.0.2.1\n to 192.0.2.2\n ttl 5\n journal {{DIR}}/${name}\n admin ${admin}\n }\n`;
  const poolOf = (name: string, admin = '') => ` pool ${name} {\n member 192.0.2.1\n${admin} }\n`;
  const before = `a.org {\n${poolOf('www.a.org', ' admin 127.0.0.2:0\n')}${plan('db.a.org', 'off')} whoami\n}\n`;
  const behind = `b.org {\n${poolOf('www.b.org')}${plan('db.b.org', '127.0.0.1:0')} whoami\n}\n`;
  await using server = await serve(`${before}${consoleBlock()}${behind}`);
  expect(told(await askConsole(server, '/pools')).map(({ pool }: { pool: string }) => pool)).toEqual(['www.a.org.', 'www.b.org.']);
  expect(told(await askConsole(server, '/migrations')).map(({ plan }: { plan: string }) => plan)).toEqual(['db.a.org', 'db.b.org']);
  expect(told(await askConsole(server, '/pools', {}, '127.0.0.2:0')).map(({ pool }: { pool: string }) => pool)).toEqual(['www.a.org.']);
  expect((await askConsole(server, '/explain?name=www.a.org')).status).toBe(200);
});

test('two pools of one name are both told of, and an order has to go to an address of its own', async () => {
  const block = (zone: string) => `${zone} {\n pool www.example.org {\n member 192.0.2.1\n }\n whoami\n}\n`;
  await using server = await serve(`${block('a.org')}${block('b.org')}${consoleBlock()}`);
  expect(told(await askConsole(server, '/pools'))).toHaveLength(2);
  expect(await askConsole(server, failback, post({}))).toMatchObject({ status: 409, body: expect.stringContaining('several of the name') });
});

test('two blocks may have one console, and consoles of their own', async () => {
  const block = (zone: string, address: string) => `${zone} {\n console ${address}\n whoami\n}\n`;
  await using one = await serve(`${block('a.org', '127.0.0.1:0')}${block('b.org', '127.0.0.1:0')}`);
  expect((await askConsole(one, '/session')).status).toBe(200);
  await using two = await serve(`${block('a.org', '127.0.0.1:0')}${block('b.org', '127.0.0.2:0')}`);
  expect((await askConsole(two, '/session', {}, '127.0.0.2:0')).status).toBe(200);
});

test('an admin address may be the one of the console, with the same guards', async () => {
  const block = (admin: string) => consoleBlock(['token {{DIR}}/operators', 'reader {{DIR}}/readers'], [`admin 127.0.0.1:0${admin}`, 'whoami']);
  await using server = await serve(block(' token {{DIR}}/operators'), { files: tokenFiles });
  expect((await askConsole(server, '/explain?name=a.org', { headers: bearer(readerToken) })).status).toBe(200);
  await expect(serve(block(''), { files: tokenFiles })).rejects.toThrow(/has other words on tls or token/);
});

test('a socket file lets its owner in, and no page that a tunnel leads there', async () => {
  await using server = await serve(consoleBlock([], pool, 'unix:{{DIR}}/console.sock'));
  const socket = join(server.directory, 'console.sock');
  expect((await ask({ socket, path: '/pools', headers: { host: 'localhost:8053' } })).status).toBe(200);
  expect((await ask({ socket, path: '/pools', headers: { host: 'evil.example:8053' } })).status).toBe(403);
});

test('streams that nobody reads are bounded, and leave room for others', async () => {
  await using server = await serveConsole(
    [],
    ['migrate www.example.org {', '  from 192.0.2.1', '  to 192.0.2.2', '  ttl 5', '  admin off', '  journal {{DIR}}/j', '}', 'whoami'],
  );
  const how = { port: server.server.httpPort('127.0.0.1:0'), path: '/migrations/events' };
  const streams = await Promise.all(Array.from({ length: 100 }, () => open(how)));
  expect(streams.map(({ statusCode }) => statusCode)).toEqual(streams.map(() => 200));
  expect(await ask(how)).toMatchObject({ status: 503, body: expect.stringContaining('100 streams are open already') });
  expect((await askConsole(server, '/migrations')).status).toBe(200);
  expect((await server.ask('other.example.org')).rcode).toBe('NOERROR');
  for (const stream of streams) stream.destroy();
  await expect
    .poll(async () => {
      const stream = await open(how);
      stream.destroy();
      return stream.statusCode;
    }, soon)
    .toBe(200);
});
