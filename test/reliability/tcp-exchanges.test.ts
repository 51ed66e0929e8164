// Table T: hostile and odd connections of clients, by every way of messages on one connection.

import { setTimeout as wait } from 'node:timers/promises';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { defaultTimeouts } from '../../src/transport/stream-settings.ts';
import { TcpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';
import { framedWays } from '../support/ways.ts';
import { bytesOf } from './bytes.ts';
import { type TcpExchange, tcpExchanges } from './tcp-exchanges.ts';
import { zone } from './zone.ts';

/** Seconds that a server gives what is under test, and what is not: so long that no test waits for it. */
const [short, long] = [1, 600];

describe.each(framedWays.map((way) => [way.name, way] as const))('over %s, a connection with', (_name, way) => {
  test.concurrent.each(tcpExchanges.map((row) => [row.id, row.title, row] as const))('%s: %s', async (_id, _title, row) => {
    const upstream = await startUpstream(zone);
    await using server = await serve(way.corefile(directives(upstream.endpoint, row.closes)));
    const began = performance.now();
    const client = await way.connect(server.port);
    try {
      await act(client, row);
      expect(await replies(client, row)).toEqual(Object.entries(row.replies).map(([id, rcodes]) => [Number(id), expect.toBeOneOf([...rcodes])]));
      await expectClose(client, row, began);
      const again = await way.connect(server.port);
      again.send(queryMessage('a.test A'));
      expect(await again.next(), 'another connection is answered').toBeDefined();
      again.close();
    } finally {
      client.close();
      await upstream.stop();
    }
  });
});

test('T12, T13, T14: a connection that sends no whole message is closed after 2 to 30 seconds unless configured otherwise', () => {
  expect(defaultTimeouts.read).toBeGreaterThanOrEqual(2000);
  expect(defaultTimeouts.read).toBeLessThanOrEqual(30_000);
});

test('T15: a connection that has been answered is kept for 2 to 30 seconds unless configured otherwise', () => {
  expect(defaultTimeouts.idle).toBeGreaterThanOrEqual(2000);
  expect(defaultTimeouts.idle).toBeLessThanOrEqual(30_000);
});

test('T14: what a length announces is not allocated', async () => {
  await using server = await serve('.:0 {\n whoami\n}');
  const before = process.memoryUsage().arrayBuffers;
  const clients = await Promise.all(Array.from({ length: 300 }, () => TcpClient.open(server)));
  for (const client of clients) client.write(bytesOf(`ffff ${'00'.repeat(10)}`));
  const probe = await TcpClient.open(server);
  probe.send(queryMessage('a.test A'));
  expect(await probe.next()).toBeDefined();
  // Announced: 300 times 64 KB, which is 19.7 MB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
  for (const client of [...clients, probe]) client.close();
});

function directives(upstream: string, closes: TcpExchange['closes']): string {
  return `errors
    timeouts {
      read ${closes === 'after read' ? short : long}s
      idle ${closes === 'after idle' ? short : long}s
    }
    cache
    forward . ${upstream}`;
}

async function act(client: TcpClient, row: TcpExchange): Promise<void> {
  for (const step of row.does) {
    if (step === 'finish') client.finish();
    else client.write(bytesOf(step));
    if (row.pause !== undefined) await wait(row.pause);
  }
}

/** The id and response code of each reply, by id; one more than expected is waited for while an ordinary query tells that none comes. */
async function replies(client: TcpClient, row: TcpExchange): Promise<[number, string][]> {
  const expected = Object.keys(row.replies).length;
  const got: [number, string][] = [];
  if (row.closes === 'stays') client.send(queryMessage('a.test A +id=9999'));
  while (got.length < expected + (row.closes === 'stays' ? 1 : 0)) {
    const bytes = await client.next();
    if (bytes === undefined) break;
    const { id, rcode } = readMessage(bytes);
    got.push([id, rcode]);
  }
  return got.filter(([id]) => id !== 9999).sort(([a], [b]) => a - b);
}

async function expectClose(client: TcpClient, row: TcpExchange, began: number): Promise<void> {
  if (row.closes === 'stays') {
    client.send(queryMessage('a.test A +id=9998'));
    return expect((await client.next())?.readUInt16BE(0), 'the connection can be used further').toBe(9998);
  }
  expect(await client.next(soon.timeout), 'nothing more is sent').toBeUndefined();
  await client.closed;
  if (row.closes !== 'at once') expect(performance.now() - began).toBeGreaterThan(short * 1000 - 150);
}
