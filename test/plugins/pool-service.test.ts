// What a pool tells other plugins of its health, and what a move makes of that.
import { type PoolService, poolService } from 'ferrydns/built-in';
import { sharedChecks } from 'ferrydns/built-in/checks';
import { definePlugin } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { servePlan, stopTime } from '../support/migration.ts';
import { servePools } from '../support/pool.ts';
import { tcpService } from '../support/services.ts';

const first = '127.0.0.1';
const second = '127.0.0.2';

/** A plugin that reads the pool of its block. */
function reading() {
  let service: PoolService | undefined;
  const plugin = definePlugin({
    name: 'reader',
    summary: 'reads the pool of its block',
    config: {},
    setup: () => ({
      start(context) {
        [service] = context.peers(poolService);
      },
    }),
  });
  return { plugin, service: () => service };
}

/** A pool, and what it offers. */
async function offered(...lines: readonly string[]) {
  const { plugin, service } = reading();
  const pool = await servePools(`. {\n pool www.example.org {\n ${lines.join('\n ')}\n }\n reader\n }`, [plugin]);
  return { pool, healthy: () => service()?.healthy };
}

describe('the health of a pool', () => {
  test('is unknown until a member has been seen well', async () => {
    await using live = await tcpService({ address: first });
    const { pool, healthy } = await offered(`member ${first}`, `member ${second}`, `check tcp ${live.port}`);
    await using _ = pool;
    expect(healthy()).toBeUndefined();
    await pool.pass(2);
    expect(healthy()).toBe(true);
  });

  test('is unknown until every member is known to be down', async () => {
    const { pool, healthy } = await offered(`member ${first}`, 'check tcp 9 fall 3');
    await using _ = pool;
    await pool.pass(3);
    expect(healthy()).toBeUndefined();
    await pool.pass(4);
    expect(healthy()).toBe(false);
  });

  test('is good without checks', async () => {
    const { pool, healthy } = await offered(`member ${first}`);
    await using _ = pool;
    expect(healthy()).toBe(true);
  });
});

test('who answers is decided once for all that is found in a moment, and before anybody sees it', async () => {
  const dead = await tcpService();
  await dead.stop();
  const { plugin, service } = reading();
  // Many services of one machine, which one check looks at.
  const members = Array.from({ length: 200 }, (_, i) => `member m${i}.example.org ${first} srv 1 ${5432 + i}`).join('\n');
  const corefile = `. {\n pool _db._tcp.example.org {\n ${members}\n check tcp ${dead.port} fall 1 interval 100ms\n all_down servfail\n }\n reader\n }`;
  let time = 1_000_000;
  let asked = 0;
  const now = () => {
    asked++;
    return time;
  };
  await using server = await serve(corefile, { now, plugins: [{ plugin, place: { before: 'whoami' } }] });
  asked = 0;
  time += 2000;
  await sharedChecks({ metrics: server.server.metrics, now }).tick();
  expect(
    service()
      ?.members()
      .some(({ state, serving }) => state === 'up' || serving),
  ).toBe(false);
  // Each decision asks what time it is, as do the checks themselves.
  expect(asked).toBeLessThan(100);
});

describe('a move to a pool', () => {
  afterEach(() => void vi.useRealTimers());

  test('waits until the pool has been looked at', async () => {
    stopTime();
    const live = await tcpService({ address: second });
    await live.stop();
    await using server = await servePlan(`. {
      pool b.example.org {
        member ${second}
        check tcp ${live.port} interval 20s
      }
      migrate www.example.org {
        from ${first}
        to pool b.example.org
        ttl 5
        transition_ttl 1
        admin 127.0.0.1:0
      }
      whoami
    }`);
    // One failure is no proof of anything yet.
    await server.when('www.example.org', ({ upstream }) => upstream.before !== null);
    expect(await server.order('www.example.org', 'start')).toBe('B has not been checked yet');
    await live.start();
    vi.advanceTimersByTime(20_000);
    await sharedChecks({ metrics: server.running.server.metrics, now: () => Date.now() }).tick();
    await server.when('www.example.org', ({ health }) => health.to === 'healthy');
    expect(await server.order('www.example.org', 'start')).toBeUndefined();
    await live.stop();
  });
});
