// Pools at an admin address: who may come in, what is told of them, and the answer given back by hand.
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { type Ask, ask } from '../support/http.ts';
import { type PoolServer, servePools } from '../support/pool.ts';
import { type Service, tcpService } from '../support/services.ts';

const token = 'q8fV0xw3hN5tKc2B';
const files = { token };
const json = { 'content-type': 'application/json' };
const first = '127.0.0.1';
const backup = '127.0.0.3';

const plain = (admin: string, name = 'www.example.org') => ` pool ${name} {\n member 192.0.2.1\n admin ${admin}\n}\n`;

const at = ({ server }: Pick<PoolServer, 'server'>, path: string, more: Partial<Ask> = {}): Ask => ({
  port: server.server.httpPort('127.0.0.1:0'),
  path,
  ...more,
});
const order = (body: object = {}): Partial<Ask> => ({ method: 'POST', headers: json, body: JSON.stringify(body) });
const told = async (how: Ask) => JSON.parse((await ask(how)).body);

interface Steered extends PoolServer {
  readonly one: Service;
  /** The primary dies, the backup takes over, the primary comes back. */
  downAndUp(): Promise<void>;
}

/** A pool whose primary and backup the test stops and starts. */
async function steered(option = 'failback manual'): Promise<Steered> {
  const one = await tcpService({ address: first });
  const spare = await tcpService({ address: backup, port: one.port });
  const pool = await servePools(
    `. {\n pool www.example.org {\n member ${first}\n member ${backup} backup\n check tcp ${one.port} dwell 0s\n ${option}\n admin 127.0.0.1:0\n }\n }`,
  );
  return {
    ...pool,
    one,
    async downAndUp() {
      await one.stop();
      await pool.pass(6);
      await one.start();
      await pool.pass(5);
    },
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await one.stop();
      await spare.stop();
    },
  };
}

describe('an admin option of a pool', () => {
  test('is off unless given, and where it says so', async () => {
    await using silent = await serve(`. {\n pool www.example.org {\n member 192.0.2.1\n }\n${plain('off', 'b.example.org')} }`);
    expect(silent.server.httpPort('127.0.0.1:9180')).toBeUndefined();
  });

  test.each([
    ['open to the world', ':9180', /:4 - .*address :9180 can be reached from other machines: expected 'tls CERT KEY CLIENT_CA' or 'token FILE'/],
    ['with another word', '127.0.0.1:0 secret x', /:4 - .*unexpected 'secret', expected tls CERT KEY \[CLIENT_CA\] or token FILE/],
    ['that is no address', 'here', /:4 - .*expected HOST:PORT, unix:PATH or off/],
  ])('%s is refused', async (_, admin, message) => {
    await expect(serve(`. {\n${plain(admin)} }`)).rejects.toThrow(message);
  });

  test('asks for the token that it names', async () => {
    await using server = await serve(`. {\n${plain('127.0.0.1:0 token {{DIR}}/token')} }`, { files });
    expect((await ask(at({ server }, '/pools'))).status).toBe(401);
    expect((await ask(at({ server }, '/pools/www.example.org/failback', order()))).status).toBe(401);
    const headers = { ...json, authorization: `Bearer ${token}` };
    expect((await ask(at({ server }, '/pools', { headers }))).status).toBe(200);
    expect((await ask(at({ server }, '/pools/www.example.org/failback', { ...order(), headers }))).status).toBe(409);
  });

  test('that is a socket file lets its owner in', async () => {
    await using server = await serve(`. {\n${plain('unix:{{DIR}}/admin.sock')} }`);
    expect((await ask({ socket: join(server.directory, 'admin.sock'), path: '/pools/www.example.org' })).status).toBe(200);
  });

  test('whose port the system chose is told', async () => {
    await using server = await serve(`. {\n${plain('127.0.0.1:0')} }`);
    expect(server.lines.join('\n')).toContain(`www.example.org.: told of at 127.0.0.1:${server.server.httpPort('127.0.0.1:0')}`);
  });

  test('refuses a second pool of the name at its address', async () => {
    const blocks = `a.org {\n${plain('127.0.0.1:0', 'www.a.org')} }\nb.org {\n${plain('127.0.0.1:0', 'www.a.org')} }`;
    await expect(serve(blocks)).rejects.toThrow(/another pool www\.a\.org\. is told of at admin 127\.0\.0\.1:0, expected another address/);
  });
});

describe('pools and plans at one address', () => {
  const plan = (admin: string) => ` migrate db.example.org {\n from 192.0.2.1\n to 192.0.2.2\n ttl 5\n admin ${admin}\n}\n`;

  test.each([
    ['the pool first', `${plain('127.0.0.1:0')}${plan('127.0.0.1:0')}`],
    ['the plan first', `${plan('127.0.0.1:0')}${plain('127.0.0.1:0')}`],
  ])('are all told there: %s', async (_, both) => {
    await using server = await serve(`. {\n${both} whoami\n}`);
    expect(await told(at({ server }, '/pools/www.example.org'))).toMatchObject({ pool: 'www.example.org.' });
    expect(await told(at({ server }, '/migrations/db.example.org'))).toMatchObject({ plan: 'db.example.org' });
    expect(await told(at({ server }, '/pools/db.example.org'))).toEqual({ ok: false, reason: 'no such pool: db.example.org' });
    expect(await told(at({ server }, '/explain?name=www.example.org'))).toMatchObject({ answer: { rcode: 'NOERROR' } });
    expect((await ask(at({ server }, '/openapi.yaml'))).status).toBe(200);
  });

  test('with other guards are refused', async () => {
    await expect(serve(`. {\n${plain('127.0.0.1:0')}${plan('127.0.0.1:0 token {{DIR}}/token')} whoami\n}`, { files })).rejects.toThrow(
      /admin 127\.0\.0\.1:0 has other words on tls or token than for (pool www\.example\.org\.|plan db\.example\.org), expected the same/,
    );
  });

  test('are told there after a reload that leaves one of them out', async () => {
    await using server = await serve(`. {\n${plain('127.0.0.1:0')}${plan('127.0.0.1:0')} whoami\n}`);
    await server.reload(`. {\n${plain('127.0.0.1:0')} whoami\n}`);
    expect((await ask(at({ server }, '/pools/www.example.org'))).status).toBe(200);
    expect((await ask(at({ server }, '/migrations'))).status).toBe(404);
  });
});

test('a pool tells who answers and how its members are', async () => {
  let said = '75%';
  await using agent = await tcpService({ address: first, said: () => `${said}\n` });
  await using pool = await servePools(
    `. {\n pool www.example.org {\n member ${first} weight 4\n member ${backup} weight 0\n agent tcp ${agent.port} interval 1s\n policy weighted\n admin 127.0.0.1:0\n }\n }`,
  );
  await pool.pass(2);
  expect(await told(at(pool, '/pools/www.example.org'))).toMatchObject({
    pool: 'www.example.org.',
    policy: 'weighted',
    failback: 'auto',
    all_down: 'hold',
    serving: [{ records: 'address', by: 'members', members: [first], failback_pending: false }],
    members: [
      {
        member: first,
        up: true,
        drained: false,
        serving: true,
        weight: 4,
        weight_now: 3,
        addresses: [{ address: first, agent: { up: true, admin: 'ready', percent: 75 } }],
      },
      { member: backup, up: true, drained: true, serving: false, weight: 0 },
    ],
  });
  said = 'drain';
  await pool.pass(2);
  expect(await told(at(pool, '/pools/www.example.org'))).toMatchObject({
    serving: [{ by: 'hold', members: [] }],
    members: [{ drained: true, serving: false, addresses: [{ agent: { admin: 'drain', percent: 75 } }] }, {}],
  });
});

describe('failback by hand', () => {
  test('leads back to the member that waits, and says who wanted it', async () => {
    await using it = await steered();
    await it.downAndUp();
    expect(await told(at(it, '/pools/www.example.org'))).toMatchObject({ serving: [{ by: 'backup', members: [backup], failback_pending: true }] });
    expect(await it.addresses('www.example.org')).toEqual([backup]);
    expect(await told(at(it, '/pools/www.example.org/failback', order({ by: 'ann' })))).toMatchObject({
      ok: true,
      reason: `given back to ${first}`,
      status: { serving: [{ by: 'members', members: [first], failback_pending: false }] },
    });
    expect(await it.addresses('www.example.org')).toEqual([first]);
    expect(it.server.lines.join('\n')).toContain(`www.example.org.: given back to ${first}, as asked for by ann from 127.0.0.1`);
  });

  test('ends the wait of `after` early', async () => {
    await using it = await steered('failback after 1h');
    await it.downAndUp();
    expect((await ask(at(it, '/pools/www.example.org/failback', order()))).status).toBe(200);
    expect(await it.addresses('www.example.org')).toEqual([first]);
  });

  test('is refused when there is nobody to give it back to, with the reason', async () => {
    await using it = await steered();
    const refused = async () => {
      const { ok, reason, status } = await told(at(it, '/pools/www.example.org/failback', order()));
      expect(ok).toBe(false);
      expect(status.pool).toBe('www.example.org.');
      return reason;
    };
    expect(await refused()).toBe('the members that come first answer already');
    await it.one.stop();
    await it.pass(6);
    expect(await refused()).toBe(`the members that come first are not well: ${first} is down`);
    expect(await it.addresses('www.example.org')).toEqual([backup]);
  });

  test('is refused when no member is well', async () => {
    await using it = await servePools(`. {\n pool www.example.org {\n member ${first}\n check tcp 9\n failback manual\n admin 127.0.0.1:0\n }\n }`);
    await it.pass(8);
    expect(await told(at(it, '/pools/www.example.org/failback', order()))).toMatchObject({ ok: false, reason: 'no member is well' });
  });

  test.each(['www.example.org', 'www.example.org.', 'WWW.Example.org', 'w%77w.example.org'])('finds the pool by %s', async (name) => {
    await using it = await steered();
    expect((await ask(at(it, `/pools/${name}/failback`, order()))).status).toBe(409);
  });

  test('is not given by a name that would be another line of the log', async () => {
    await using it = await steered();
    await it.downAndUp();
    const forged = order({ by: 'ann\n[ERROR] all is lost' });
    expect((await ask(at(it, '/pools/www.example.org/failback', forged))).status).toBe(400);
  });

  test('is no form of a page that a browser has open', async () => {
    await using it = await steered();
    await it.downAndUp();
    const path = '/pools/www.example.org/failback';
    expect((await ask(at(it, path, { ...order(), headers: { 'content-type': 'text/plain' } }))).status).toBe(415);
    expect((await ask(at(it, path, { ...order(), headers: { ...json, host: 'www.example.net' } }))).status).toBe(403);
    expect((await ask(at(it, '/explain?name=www.example.org', { headers: { 'sec-fetch-site': 'cross-site' } }))).status).toBe(403);
    expect((await ask(at(it, '/pools', { headers: { 'sec-fetch-site': 'none' } }))).status).toBe(200);
    expect(await it.addresses('www.example.org')).toEqual([backup]);
  });
});
