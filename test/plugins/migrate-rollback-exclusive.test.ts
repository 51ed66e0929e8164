// Going back in exclusive mode, from every phase that allows it, and where it is refused, in either mode.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import {
  a,
  answerTo,
  b,
  corefile,
  moveToTheEnd,
  name,
  type Reached,
  settled,
  started,
  toCountdown,
  toFence,
  toStep,
  ttl,
} from '../support/phases.ts';
import { tcpService } from '../support/services.ts';
import { soon } from '../support/soon.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const byReverse = '`migrate reverse` makes the plan from B to A';
const mayFail = 'fence exec /bin/sh -c "test -e {{DIR}}/may"';
const exclusive: readonly Reached[] = [
  { how: 'lowering', options: [], reach: started },
  { how: 'the countdown', options: [mayFail], reach: toCountdown },
  {
    how: 'the last second of the countdown',
    options: [mayFail],
    async reach(server) {
      await toCountdown(server);
      const { flip } = await settled(server, (status) => status.flip?.committed === true);
      await server.pass(name, Date.parse(flip?.at ?? '') - Date.now() - 500);
      expect((await server.status(name)).phase).toBe('countdown');
      expect(await answerTo(server, '127.0.0.1')).toEqual({ addresses: [a], ttl: 0 });
    },
  },
  { how: 'flipping, with a fence that has failed', options: [mayFail], reach: (server) => toFence(server, 'failed') },
  {
    how: 'flipping, without a fence',
    options: [],
    async reach(server) {
      await toCountdown(server);
      await server.until(name, 'flipping');
    },
  },
];

describe.each(exclusive)('exclusive: back from $how', ({ how, options, reach }) => {
  test('A is answered, in a new epoch, nobody has seen B, and the next move comes to its end', async () => {
    await using server = await servePlan(corefile('mode exclusive', ...options));
    await reach(server);
    const silent = how.startsWith('flipping');
    const before = await answerTo(server, '127.0.0.1');
    expect(before.addresses).toEqual(silent ? undefined : [a]);
    expect(await server.order(name, 'rollback')).toBeUndefined();

    expect(await answerTo(server, '127.0.0.1')).toEqual({ addresses: [a], ttl });
    const status = await settled(server, ({ epoch, horizon }) => epoch === 2 && horizon.missing.length === 0);
    expect(status).toMatchObject({ phase: 'original', flip: null, leases: { to: 0 }, horizon: { a_may_be_switched_off: null } });
    expect(status.horizon.b_may_be_switched_off).toBeNull();
    expect(await server.order(name, 'start', 1)).toBe('the plan is in epoch 2, the command is for epoch 1');
    // The flip that was agreed on in the epoch before comes to nothing.
    await server.pass(name, 15_000);
    expect(await answerTo(server, '127.0.0.1')).toEqual({ addresses: [a], ttl });

    writeFileSync(join(server.running.directory, 'may'), '');
    await moveToTheEnd(server, 2);
  });
});

test('exclusive: a query that is held in the flip is answered A as soon as the plan goes back', async () => {
  await using server = await servePlan(corefile('mode exclusive', 'fence exec /bin/false').replace('hold 30ms', 'hold 50s'));
  await toFence(server, 'failed');
  const waiting = answerTo(server, '127.0.0.1');
  await vi.waitFor(async () => expect(await server.running.metrics()).toContain(`ferrydns_migration_held{plan="${name}"} 1`), soon);
  expect(await server.order(name, 'rollback')).toBeUndefined();
  expect((await waiting).addresses).toEqual([a]);
});

test('exclusive: back from flipping while the fence waits for a B that is ill', async () => {
  await using service = await tcpService({ address: '127.0.0.2' });
  const check = `check to tcp ${service.port} interval 100ms fall 1 rise 1 dwell 0s`;
  const text = corefile('mode exclusive', check, 'fence exec /usr/bin/touch {{DIR}}/fenced').replace(`to ${b}`, 'to 127.0.0.2');
  await using server = await servePlan(text);
  const health = (expected: string) =>
    vi.waitFor(async () => {
      vi.advanceTimersByTime(100);
      expect((await server.status(name)).health.to).toBe(expected);
    }, soon);
  await health('healthy');
  await toCountdown(server);
  await settled(server, ({ flip }) => flip?.committed === true);
  await service.stop();
  await health('unhealthy');
  await server.until(name, 'flipping');
  await server.pass(name, 2000);
  expect(await server.status(name)).toMatchObject({ phase: 'flipping', fence: { state: 'none', attempt: 0 } });
  expect(await server.order(name, 'rollback')).toBeUndefined();
  expect(await answerTo(server, '127.0.0.1')).toEqual({ addresses: [a], ttl });
  expect((await server.status(name)).epoch).toBe(2);
});

describe('there is no way back', () => {
  const slowFence = 'fence exec /bin/sh -c "while ! test -e {{DIR}}/may; do sleep 0.05; done"';
  const begun = `the fence has begun and may have run; ${byReverse}`;
  const ran = `the fence has run: A is shut; ${byReverse}`;
  const answered = `B has been answered; ${byReverse}`;

  async function refused(server: PlanServer, reason: string): Promise<void> {
    const before = [await server.status(name), await answerTo(server, '127.0.0.1')] as const;
    expect(await server.order(name, 'rollback')).toBe(reason);
    const after = await server.status(name);
    expect(after).toMatchObject({ epoch: 1, phase: before[0].phase });
    expect(await answerTo(server, '127.0.0.1')).toEqual(before[1]);
  }

  test('from original, where nothing has begun', async () => {
    await using server = await servePlan(corefile());
    await refused(server, 'nothing has begun');
  });

  test('from flipping on once the fence has begun, in any phase that follows', async () => {
    await using server = await servePlan(corefile('mode exclusive', slowFence));
    await toFence(server, 'begun');
    await refused(server, begun);
    writeFileSync(join(server.running.directory, 'may'), '');
    await settled(server, ({ fence }) => fence?.state === 'done');
    await refused(server, ran);
    for (const phase of ['draining', 'done']) {
      await server.until(name, phase);
      await refused(server, ran);
      expect((await answerTo(server, '127.0.0.1')).addresses).toEqual([b]);
    }
  });

  test('when a fence that failed is run again', async () => {
    await using server = await servePlan(
      corefile('mode exclusive', slowFence.replace('while', 'test -e {{DIR}}/once || { touch {{DIR}}/once; exit 1; }; while')),
    );
    await toFence(server, 'failed');
    expect(await server.order(name, 'advance')).toBeUndefined();
    await refused(server, begun);
    writeFileSync(join(server.running.directory, 'may'), '');
    await server.until(name, 'done');
  });

  test('without a fence, once B is answered alone', async () => {
    await using server = await servePlan(corefile('mode exclusive'));
    await toCountdown(server);
    await server.until(name, 'done');
    await refused(server, answered);
  });

  test('in blend mode from done, when A may be off already, and when the names are given back', async () => {
    await using server = await servePlan(corefile());
    await toStep(server, 0);
    await server.advance(name);
    await server.until(name, 'done');
    await refused(server, `A may be switched off already; ${byReverse}`);
    const release = await fetch(`${server.url}/${name}/advance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"epoch":1,"force":true}',
    });
    expect(release.status).toBe(200);
    expect((await server.status(name)).phase).toBe('released');
    await refused(server, `A may be switched off already; ${byReverse}`);
  });
});
