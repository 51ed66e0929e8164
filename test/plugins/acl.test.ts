// Who may ask what: on every transport, through rewrites and caches, and when the server asks itself.
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { listenerTransports } from '../../src/transport/transports.ts';
import { queryMessage, readMessage } from '../support/message.ts';
import { refusal } from '../support/refusal.ts';
import { startUpstream } from '../support/upstream.ts';
import { ways } from '../support/ways.ts';

const hosts = 'hosts {\n192.0.2.1 open.test\n192.0.2.2 secret.test\n}';

describe('what is done with a query', () => {
  test('block refuses with extended error 15, filter answers nothing with 17, drop says nothing', async () => {
    await using server = await serve(`.:0 {\nacl {\nblock type A\nfilter type MX\ndrop type TXT\n}\nwhoami\n}`);
    const edns = { udpSize: 1232 };
    expect(await server.ask('a.test', 'A', edns)).toMatchObject({ rcode: 'REFUSED', flags: ['rd'], extendedErrors: [{ code: 15, text: '' }] });
    expect(await server.ask('a.test', 'MX', edns)).toMatchObject({ rcode: 'NOERROR', answers: [], extendedErrors: [{ code: 17, text: '' }] });
    await expect(server.ask('a.test', 'TXT', { timeout: 200 })).rejects.toThrow();
    expect((await server.ask('a.test', 'AAAA')).additionals).toHaveLength(2);
  });

  test('the address decides, and the first policy, not the longest network', async () => {
    await using server = await serve('.:0 {\nacl {\nallow net 127.0.0.2 127.0.1.0/24\nblock net 127.0.0.0/16\nallow net 127.0.0.3/32\n}\nwhoami\n}');
    const rcodes = [];
    for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.1.9', '127.1.0.1'])
      rcodes.push((await server.ask('a.test', 'A', { from })).rcode);
    expect(rcodes).toEqual(['REFUSED', 'NOERROR', 'REFUSED', 'REFUSED', 'NOERROR'].map((rcode, i) => (i === 3 ? 'NOERROR' : rcode)));
  });

  test('explain names the policy, and counts nothing', async () => {
    await using server = await serve('.:0 {\nprometheus 127.0.0.1:0\nacl {\nblock net 10.0.0.0/8\n}\nwhoami\n}');
    const step = async (client: string) => (await server.explain('a.test', 'A', { client })).steps.find(({ plugin }) => plugin === 'acl');
    expect(JSON.stringify(await step('10.1.2.3'))).toContain('by the rule block net 10.0.0.0/8 (');
    expect(JSON.stringify(await step('192.0.2.1'))).toContain('no rule is for this query: it is allowed');
    expect(await server.metrics()).not.toMatch(/^coredns_acl_\w+_requests_total\{.*\} [1-9]/m);
  });
});

describe('no way leads past it', () => {
  test('not a rewrite to a name that is blocked', async () => {
    await using server = await serve(`.:0 {\nacl secret.test {\nblock\n}\nrewrite name open.test secret.test\n${hosts}\n}`);
    expect((await server.ask('open.test')).rcode).toBe('REFUSED');
    expect((await server.ask('secret.test')).rcode).toBe('REFUSED');
  });

  test('not an alias that the server follows for the client, also where others may have the target', async () => {
    await using upstream = await startUpstream({ 'alias.test A': ['alias.test 30 CNAME far.test', 'far.test 30 A 192.0.2.9'] });
    const forward = `forward . ${upstream.endpoint}`;
    await using server = await serve(
      `.:0 {\nacl secret.test {\nallow net 127.0.0.2\nblock\n}\nrewrite cname exact far.test. secret.test.\nhosts {\n192.0.2.2 secret.test\nfallthrough\n}\n${forward}\n}`,
    );
    expect((await server.ask('alias.test', 'A', { from: '127.0.0.2' })).answers.join()).toContain('192.0.2.2');
    expect((await server.ask('alias.test')).answers.join()).not.toContain('192.0.2.2');
  });

  test('not a cache that another client has filled', async () => {
    await using server = await serve(`.:0 {\nacl {\nblock net 127.0.0.2\n}\ncache\n${hosts}\n}`);
    expect((await server.ask('open.test')).answers).toHaveLength(1);
    expect((await server.ask('open.test', 'A', { from: '127.0.0.2' })).rcode).toBe('REFUSED');
  });

  test('not another letter case of the name', async () => {
    await using server = await serve(`.:0 {\nacl Secret.TEST {\nblock\n}\n${hosts}\n}`);
    for (const name of ['SECRET.test', 'secret.TEST', 'www.sEcReT.test']) expect((await server.ask(name)).rcode).toBe('REFUSED');
  });

  test.each(ways.map((way) => [way.name, way] as const))('not %s', async (_, way) => {
    await using server = await serve(way.corefile('acl secret.test {\nblock\n}\nacl gone.test {\nfilter\n}\nacl {\ndrop type TXT\n}\nwhoami'));
    const asked = [];
    for (const question of ['secret.test A', 'gone.test A', 'open.test A', 'open.test TXT']) {
      const client = await way.open(server.port);
      const reply = await client.ask(queryMessage(question), 1000);
      // What HTTP and gRPC say in place of silence is no DNS.
      asked.push(Buffer.isBuffer(reply) ? readMessage(reply) : undefined);
      client.close();
    }
    expect(asked.map((message) => message?.rcode)).toEqual(['REFUSED', 'NOERROR', 'NOERROR', undefined]);
    expect(asked[1]?.additional).toEqual([]);
    expect(asked[2]?.additional).toHaveLength(2);
  });

  test.each(listenerTransports)('there is a way of %s among those', (transport) => {
    const key = transport === 'dns' ? '.:0' : `${transport}://.:0`;
    expect(ways.map((way) => way.corefile('').split(' ')[0])).toContain(key);
  });

  test('what the server asks for its own sake passes', async () => {
    await using server = await serve(
      `.:0 {\nacl {\nallow net 127.0.0.2\nblock\n}\npool shop.test {\nmember member.test\n}\nhosts {\n192.0.2.7 member.test\nfallthrough\n}\n}`,
    );
    await expect.poll(async () => (await server.ask('shop.test', 'A', { from: '127.0.0.2' })).answers.join()).toContain('192.0.2.7');
    expect((await server.ask('member.test')).rcode).toBe('REFUSED');
  });
});

test('a reload brings other policies, and one that is refused leaves those before', async () => {
  const corefile = (line: string) => `.:0 {\nacl {\n${line}\n}\nwhoami\n}`;
  await using server = await serve(corefile('block'));
  expect((await server.ask('a.test')).rcode).toBe('REFUSED');
  await server.reload(corefile('allow'));
  expect((await server.ask('a.test')).rcode).toBe('NOERROR');
  await expect(server.reload(corefile('block net 10.0.0.0/99'))).rejects.toThrow('illegal CIDR notation "10.0.0.0/99"');
  expect((await server.ask('a.test')).rcode).toBe('NOERROR');
});

test('ten thousand networks', async () => {
  const networks = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
  await using server = await serve(`.:0 {\nacl {\nallow net ${networks.join(' ')}\nblock net 10.0.0.0/8 127.0.0.1\n}\nwhoami\n}`);
  const decides = async (client: string) => JSON.stringify((await server.explain('a.test', 'A', { client })).steps);
  expect(await decides('10.39.15.1')).toContain('by the rule allow');
  expect(await decides('10.39.16.1')).toContain('by the rule block');
  expect((await server.ask('a.test')).rcode).toBe('REFUSED');
});

test.each([
  ['permit', `unexpected token "permit"; expect 'allow', 'block', 'filter' or 'drop'`],
  ['block 10.0.0.0/8', `unexpected token "10.0.0.0/8"; expect 'type | net'`],
  ['block type A net', 'no token specified in "net" section'],
  ['block type a', 'unexpected token "a"; expect legal QTYPE'],
  ['block net 10.0.0', 'illegal CIDR notation "10.0.0/32"'],
  ['block net 2001:db8::/129', 'illegal CIDR notation "2001:db8::/129"'],
])('%j is refused at its line', async (line, message) => {
  expect(await refusal(`.:0 {\nacl {\nallow net 10.0.0.1\n${line}\n}\nwhoami\n}`)).toContain(`:4 - Error during parsing: ${message}`);
});
