// A plan whose B is a pool: the health of the pool is what a check of B is elsewhere.
import { sharedChecks } from 'ferrydns/built-in/checks';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressesOf, type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { tcpService } from '../support/services.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';
const a = '127.0.0.1';
const b = '127.0.0.2';

const corefile = (port: number, ...options: readonly string[]) => `. {
  pool b.example.org {
    member ${b}
    check tcp ${port} interval 1s dwell 0s
  }
  migrate ${name} {
    from ${a}
    to pool b.example.org
    ttl 5
    transition_ttl 1
    admin 127.0.0.1:0
    ${options.join('\n    ')}
  }
  whoami
}`;

/** Lets time pass, with every check that falls due, until B is as expected. */
async function until(server: PlanServer, expected: (status: Awaited<ReturnType<PlanServer['status']>>) => boolean): Promise<void> {
  for (let looks = 0; looks < 200; looks++) {
    vi.advanceTimersByTime(500);
    await sharedChecks({ metrics: server.running.server.metrics, now: () => Date.now() }).tick();
    if (expected(await server.status(name))) return;
  }
  throw new Error(`not within 100 s: ${JSON.stringify(await server.status(name))}`);
}

test('with rollback auto, a pool that stays down leads back to A', async () => {
  const service = await tcpService({ address: b });
  await using server = await servePlan(corefile(service.port, 'advance auto', 'rollback auto', 'rollback_after 5s'));
  await until(server, ({ health }) => health.to === 'healthy');
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.until(name, 'transition');
  await service.stop();
  await until(server, ({ epoch }) => epoch === 2);
  expect(server.journal(name).join('\n')).toContain('rolled back: B stayed unhealthy');
  expect(addressesOf(await server.ask(name))).toEqual([a]);
});

test('with role new, everybody is led to A while the pool is down', async () => {
  const service = await tcpService({ address: b });
  await using server = await servePlan(corefile(service.port, 'role new'));
  await until(server, ({ health }) => health.to === 'healthy');
  await server.order(name, 'start');
  await server.advance(name);
  expect(addressesOf(await server.ask(name))).toEqual([b]);
  await service.stop();
  await until(server, ({ health }) => health.to === 'unhealthy');
  expect(addressesOf(await server.ask(name))).toEqual([a]);
  await service.start();
  await until(server, ({ health }) => health.to === 'healthy');
  expect(addressesOf(await server.ask(name))).toEqual([b]);
  await service.stop();
});
