// What is asked most: counted in a fixed space, over real sockets and by itself.
import type { TestServer } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { HeavyHitters } from '../../plugins/querylog/heavy-hitters.ts';
import { ask } from '../support/http.ts';
import { admin, adminPort, serveLogged } from '../support/query-log.ts';

async function topOf(server: TestServer, parameters = '') {
  const { status, body } = await ask({ port: adminPort(server), path: `/queries/top?${parameters}` });
  expect(status, body).toBe(200);
  return JSON.parse(body);
}

const template = (zone: string, rcode: string) => `template ANY ANY ${zone} {\n rcode ${rcode}\n }`;

describe('what is told at /queries/top', () => {
  test('names, clients and names that are not there, by how often they came', async () => {
    await using server = await serveLogged(`. {\n querylog\n ${admin}\n ${template('gone.example', 'NXDOMAIN')}\n whoami\n }`);
    const times = (count: number, name: string, from: string) => Array.from({ length: count }, () => server.ask(name, 'A', { from }));
    await Promise.all([
      ...times(5, 'a.example.org', '127.0.0.2'),
      ...times(3, 'B.example.org', '127.0.0.3'),
      ...times(4, 'x.gone.example', '127.0.0.3'),
    ]);
    const top = await topOf(server);
    expect(top).toMatchObject({
      queries: 12,
      names: [
        { key: 'a.example.org.', count: 5, error: 0 },
        { key: 'x.gone.example.', count: 4, error: 0 },
        { key: 'b.example.org.', count: 3, error: 0 },
      ],
      clients: [
        { key: '127.0.0.3', count: 7 },
        { key: '127.0.0.2', count: 5 },
      ],
      nxdomain: [{ key: 'x.gone.example.', count: 4 }],
      wasted: [],
    });
    expect((await topOf(server, 'limit=1')).names).toHaveLength(1);
    expect((await ask({ port: adminPort(server), path: '/queries/top?limit=0' })).status).toBe(400);
  });

  test('what a search list has cost, by client and namespace', async () => {
    await using server = await serveLogged(`. {\n querylog\n ${admin}\n ${template('cluster.local corp.example', 'NXDOMAIN')}\n whoami\n }`);
    const from = '127.0.0.2';
    for (const suffix of ['.shop.svc.cluster.local', '.svc.cluster.local', '.cluster.local', '']) {
      await server.ask(`WWW.example.org${suffix}`, 'A', { from });
      await server.ask(`www.example.org${suffix}`, 'AAAA', { from });
    }
    await server.ask('db.corp.example', 'A', { from: '127.0.0.3' });
    await server.ask('db', 'A', { from: '127.0.0.3' });
    // Another client's denials, and another name's, are no waste of this one.
    await server.ask('mail.example.org.cluster.local', 'A', { from: '127.0.0.4' });
    await server.ask('mail.example.org', 'A', { from: '127.0.0.5' });
    await server.ask('mail.example.or', 'A', { from: '127.0.0.4' });
    expect((await topOf(server)).wasted).toEqual([
      { client: '127.0.0.2', namespace: 'shop', example: 'www.example.org.', count: 6, error: 0 },
      { client: '127.0.0.3', namespace: null, example: 'db.', count: 1, error: 0 },
    ]);
  });
});

describe('heavy hitters', () => {
  test('are found among a flood of keys that come once, and no count is too low or higher than its error says', () => {
    const hitters = new HeavyHitters(64);
    const keys = new Map<number, number>();
    const truth = new Map<number, number>();
    let state = 7;
    for (let i = 0; i < 20_000; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
      const key = i % 3 === 0 ? (state >>> 16) % 5 : state;
      truth.set(key, (truth.get(key) ?? 0) + 1);
      const slot = hitters.add(key);
      if (slot >= 0) keys.set(slot, key);
    }
    const top = hitters.top(64);
    expect(new Set(top.slice(0, 5).map(({ slot }) => keys.get(slot)))).toEqual(new Set([0, 1, 2, 3, 4]));
    for (const { slot, count, error } of top) {
      const real = truth.get(keys.get(slot) as number) as number;
      expect(count).toBeGreaterThanOrEqual(real);
      expect(count - error).toBeLessThanOrEqual(real);
      expect(error).toBeLessThanOrEqual(20_000 / 64);
    }
  });
});
