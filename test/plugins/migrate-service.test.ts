// The DNS service itself is moved: two servers, clients that find their server by its name, and the halving from TTL to TTL.
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressesOf, type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { soon } from '../support/soon.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'dns.example.org';
const dnsA = '127.0.0.1';
const dnsB = '127.0.0.2';
const ttl = 5;

const corefile = (role: 'old' | 'new', port: number) =>
  `. {\n migrate ${name} {\n from ${dnsA}\n to ${dnsB}\n role ${role}\n ttl 10\n check to tcp ${port} interval 100ms fall 1 rise 1 dwell 0s\n admin 127.0.0.1:0\n}\n whoami\n}\n`;

/** Something that takes connections at DNS B, so that its check finds it well. */
async function listening(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, dnsB, resolve));
  const bound = server.address();
  return { port: typeof bound === 'object' ? (bound?.port ?? 0) : 0, close: () => void server.close() };
}

/** A client keeps an answer until its TTL is over, then asks the server that it was led to, and picks one of the addresses given. */
class Client {
  server = dnsA;
  expires = 0;
  lastA = 0;

  async live(servers: Readonly<Record<string, PlanServer>>): Promise<void> {
    const now = Date.now();
    if (now < this.expires) return;
    const answer = await servers[this.server]?.ask(name);
    const addresses = answer === undefined ? [] : addressesOf(answer);
    this.server = addresses[Math.floor(Math.random() * addresses.length)] ?? this.server;
    const seconds = Number(answer?.answers[0]?.split(' ')[1] ?? 0);
    this.expires = now + seconds * 1000;
    if (addresses.includes(dnsA)) this.lastA = this.expires;
  }
}

test('half of the clients leave DNS A with each TTL, and all have left when it says that it may be switched off', async () => {
  const service = await listening();
  await using a = await servePlan(corefile('old', service.port));
  await using b = await servePlan(corefile('new', service.port));
  const servers = { [dnsA]: a, [dnsB]: b };
  for (const server of [b, a]) {
    await vi.waitFor(async () => expect((await server.status(name)).health.to).toBe('healthy'), soon);
    expect(await server.order(name, 'start')).toBeUndefined();
  }
  await b.advance(name);
  await a.advance(name);

  const clients = Array.from({ length: 400 }, () => new Client());
  for (let k = 0; k <= 5; k++) {
    await Promise.all(clients.map((client) => client.live(servers)));
    const share = clients.filter((client) => client.server === dnsA).length / clients.length;
    const expected = 2 ** -(k + 1);
    expect(Math.abs(share - expected), `after ${k + 1} choices`).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / clients.length));
    vi.advanceTimersByTime(ttl * 1000);
  }
  await a.advance(name);
  const done = await a.until(name, 'done', () => Promise.all(clients.map((client) => client.live(servers))));
  expect(clients.filter((client) => client.server === dnsA)).toEqual([]);
  const off = Date.parse(done.horizon.a_may_be_switched_off ?? '');
  for (const { lastA } of clients) expect(off).toBeGreaterThanOrEqual(lastA);
  service.close();
});

test('when B falls ill in the transition clients are led to A, and to B again when it is well', async () => {
  const service = await listening();
  await using b = await servePlan(corefile('new', service.port));
  await vi.waitFor(async () => expect((await b.status(name)).health.to).toBe('healthy'), soon);
  await b.order(name, 'start');
  await b.advance(name);
  expect(addressesOf(await b.ask(name))).toEqual([dnsB]);
  service.close();
  const led = (to: string) =>
    vi.waitFor(async () => {
      vi.advanceTimersByTime(100);
      expect(addressesOf(await b.ask(name))).toEqual([to]);
    }, soon);
  await led(dnsA);
  expect((await b.status(name)).alarms).toEqual([{ about: 'target', text: 'B is not healthy' }]);
  const again = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => again.listen(service.port, dnsB, resolve));
  await led(dnsB);
  again.close();
});
