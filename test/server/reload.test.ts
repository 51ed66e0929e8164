import { definePlugin, type Instance, Reply } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, test, vi } from 'vitest';
import { TcpClient, UdpClient } from '../support/client.ts';
import { faulty, release, waitingCount } from '../support/faulty.ts';
import { parseAsk, readMessage, writeMessage } from '../support/message.ts';
import { block } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';

const query = (id: number, name = 'www.test') => writeMessage({ ...parseAsk(`${name} A`).parts, id });
const hosts = (address: string) => `.:0 {\nhosts {\n192.0.2.${address} www.test\n}\n}`;
const answers = (bytes: Buffer | undefined) => (bytes === undefined ? [] : readMessage(bytes).answer.map(({ data }) => data));

/** Keeps `window` queries on their way over a client until told to stop; gives how many were asked and answered. */
async function load(client: UdpClient | TcpClient, until: Promise<unknown>): Promise<{ asked: number; answered: number }> {
  let asked = 0;
  let answered = 0;
  let over = false;
  void until.then(() => {
    over = true;
  });
  const window = 20;
  for (; asked < window; asked++) client.send(query(asked));
  while (answered < asked) {
    const reply = await client.next();
    if (reply === undefined) break;
    if (answers(reply).length === 1) answered++;
    if (!over) client.send(query(asked++ & 0xffff));
  }
  return { asked, answered };
}

test('reloads under load lose no query, over UDP and TCP, and every answer is of one of the configurations', async () => {
  await using server = await serve(hosts('1'));
  const clients = [await UdpClient.open(server), await UdpClient.open(server), await TcpClient.open(server)];
  const reloads = (async () => {
    for (let i = 2; i < 12; i++) await server.reload(hosts(String(i)));
  })();
  const outcomes = await Promise.all(clients.map((client) => load(client, reloads)));
  for (const client of clients) client.close();
  for (const { asked, answered } of outcomes) {
    expect(asked).toBeGreaterThan(100);
    expect(answered).toBe(asked);
  }
  expect((await server.ask('www.test')).answers).toEqual(['www.test. 3600 IN A 192.0.2.11']);
});

test('sockets and connections stay open: a reload changes no port and ends no stream', async () => {
  await using server = await serve(hosts('1'));
  const ports = () => server.server.listening().map(({ transport, port }) => `${transport} ${port}`);
  const before = ports();
  const client = await TcpClient.open(server);
  client.send(query(1));
  expect(answers(await client.next())).toEqual(['192.0.2.1']);
  await server.reload(hosts('2'));
  client.send(query(2));
  expect(answers(await client.next())).toEqual(['192.0.2.2']);
  expect(ports()).toEqual(before);
  client.close();
});

test.each([
  ['a syntax error', '.:0 {\nhosts {\n'],
  ['an unknown directive', '.:0 {\nnonsense\n}'],
  ['an option that is refused', '.:0 {\nhosts {\nttl x\n}\n}'],
  ['an address that cannot be had', '.:0 {\nbind 192.0.2.1\nwhoami\n}'],
  ['an HTTP address that cannot be had', '.:0 {\nhealth 192.0.2.1:80\nwhoami\n}'],
  ['an instance that does not start', '.:0 {\nstubborn\nwhoami\n}'],
])('%s leaves the old configuration serving, and leaves nothing open', async (_what, corefile) => {
  const stubborn = definePlugin({
    name: 'stubborn',
    summary: 'does not start',
    config: {},
    setup: () => ({
      start() {
        throw new Error('not today');
      },
    }),
  });
  await using server = await serve(hosts('1'), { plugins: [{ plugin: stubborn, place: { before: 'whoami' } }] });
  const sockets = server.server.listening().length;
  await expect(server.reload(corefile)).rejects.toThrow(/Corefile|192\.0\.2\.1|}/);
  expect((await server.ask('www.test')).answers).toEqual(['www.test. 3600 IN A 192.0.2.1']);
  expect(server.server.listening()).toHaveLength(sockets);
  expect(server.lines).not.toContain('[INFO] Reloading complete');
  await server.reload(hosts('3'));
  expect((await server.ask('www.test')).answers).toEqual(['www.test. 3600 IN A 192.0.2.3']);
});

test('a query in hand is answered by the configuration that took it, and its instances stop only then', async () => {
  const events: string[] = [];
  const witness = definePlugin({
    name: 'witness',
    summary: 'tells of its life',
    config: {},
    setup: (): Instance => ({
      adopt: (_previous, { unchanged }) => void events.push(`adopt ${unchanged ? 'unchanged' : 'changed'}`),
      start: () => void events.push('start'),
      serving: () => void events.push('serving'),
      stop: () => void events.push('stop'),
    }),
  });
  const plugins = [faulty, { plugin: witness, place: { before: 'whoami' } }];
  await using server = await serve(block('witness', 'faulty'), { plugins });
  const asking = server.ask('slow.test');
  await vi.waitFor(() => expect(waitingCount()).toBe(1), soon);
  const reloading = server.reload(block('witness', 'errors'));
  await vi.waitFor(async () => expect((await server.ask('refuse.test')).rcode).toBe('NOERROR'), soon);
  expect(events).toEqual(['start', 'serving', 'adopt changed', 'start', 'serving']);
  release();
  expect((await asking).rcode).toBe('NXDOMAIN');
  await reloading;
  expect(events.slice(5)).toEqual(['stop']);
  await server.reload(block('witness', 'errors'));
  expect(events.slice(6)).toEqual(['adopt unchanged', 'start', 'serving', 'stop']);
});

test('a listener that the new configuration has not is closed after its last answer', async () => {
  const bound = (...addresses: readonly string[]) => `.:0 {\nbind ${addresses.join(' ')}\nfaulty\nwhoami\n}`;
  await using server = await serve(bound('127.0.0.1', '127.0.0.2'), { plugins: [faulty] });
  const port = portOf(server, '127.0.0.2');
  const clients = [await UdpClient.open({ address: '127.0.0.2', port }), await TcpClient.open({ address: '127.0.0.2', port })];
  for (const client of clients) client.send(query(7, 'slow.test'));
  await vi.waitFor(() => expect(waitingCount()).toBe(2), soon);
  const reloading = server.reload(bound('127.0.0.1'));
  await vi.waitFor(() => expect(server.server.httpPort('')).toBeUndefined(), soon);
  release();
  for (const client of clients) expect((await client.next())?.readUInt16BE(0)).toBe(7);
  await reloading;
  for (const client of clients) client.close();
  expect(server.server.listening().every(({ address }) => address === '127.0.0.1')).toBe(true);
  await expect(TcpClient.open({ address: '127.0.0.2', port })).rejects.toThrow();
});

test('a new listener answers only when every instance has started', async () => {
  const gate = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const late = definePlugin({
    name: 'late',
    summary: 'starts when the test lets it',
    config: {},
    setup: () => {
      let ready = false;
      return {
        handle: () => Reply.empty(ready ? 'NXDOMAIN' : 'SERVFAIL'),
        async start({ server }) {
          started.resolve();
          expect(server.listeners()).not.toEqual([]);
          await gate.promise;
          ready = true;
        },
      };
    },
  });
  await using server = await serve(block('bind 127.0.0.1'), { plugins: [{ plugin: late, place: { before: 'whoami' } }] });
  const reloading = server.reload(block('bind 127.0.0.1', 'late').replace('127.0.0.1', '127.0.0.1 127.0.0.2'));
  await started.promise;
  const client = await UdpClient.open({ address: '127.0.0.2', port: portOf(server, '127.0.0.2') });
  client.send(query(1));
  expect((await server.ask('www.test')).rcode).toBe('NOERROR');
  gate.resolve();
  await reloading;
  client.send(query(2));
  const reply = await client.next();
  expect([reply?.readUInt16BE(0), (reply?.readUInt16BE(2) ?? 0) & 15]).toEqual([2, 3]);
  client.close();
});

function portOf(server: TestServer, address: string): number {
  return server.server.listening().find((socket) => socket.address === address)?.port ?? 0;
}
