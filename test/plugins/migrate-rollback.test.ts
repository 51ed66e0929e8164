// Going back in blend mode, from every phase of a move: what is answered then, and the move that follows.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type PlanServer, type Status, servePlan, stopTime } from '../support/migration.ts';
import {
  a,
  b,
  caches,
  clients,
  clientsOf,
  corefile,
  everyone,
  moveToTheEnd,
  name,
  type Reached,
  settled,
  shortTtl,
  slack,
  started,
  toStep,
  ttl,
} from '../support/phases.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const blend: readonly Reached[] = [
  { how: 'lowering', options: [], reach: started },
  { how: 'the transition with A and B in one answer', options: [], reach: (server) => toStep(server, 0) },
  { how: 'the transition by weight', options: ['weight 60'], reach: (server) => toStep(server, 0) },
  { how: 'the first step of a canary', options: ['canary 20% 60%'], reach: (server) => toStep(server, 0) },
  { how: 'the second step of a canary', options: ['canary 20% 60%'], reach: (server) => toStep(server, 1) },
  {
    how: 'draining',
    options: ['canary 20% 60%'],
    async reach(server) {
      await toStep(server, 1);
      // So that there is a lease on A to wait for.
      await everyone(server);
      await server.advance(name);
      expect((await server.status(name)).phase).toBe('draining');
    },
  },
  {
    how: 'a transition that is paused',
    options: ['weight 60'],
    async reach(server) {
      await toStep(server, 0);
      expect(await server.order(name, 'pause')).toBeUndefined();
    },
  },
];

describe.each(blend)('back from $how', ({ options, reach }) => {
  test('A is answered, in a new epoch, and the leases on B are counted until they are over', async () => {
    await using server = await servePlan(corefile(...options));
    await reach(server);
    const before = await everyone(server);
    const withB = clientsOf(before, b);
    const asked = Date.now();
    expect(await server.order(name, 'rollback')).toBeUndefined();

    const after = await everyone(server);
    for (const [client, found] of after) expect(found, client).toEqual({ addresses: [a], ttl });
    const over = withB.length === 0 ? 0 : asked + (shortTtl + slack) * 1000;
    const said = (status: Status) => Date.parse(status.horizon.b_may_be_switched_off ?? '1970-01-01T00:00:00Z');
    const status = await settled(server, (each) => each.epoch === 2 && each.horizon.missing.length === 0 && said(each) >= over);
    expect(status).toMatchObject({ epoch: 2, phase: 'original', step: 0, paused: false, leases: { to: withB.length } });
    expect(status.horizon.a_may_be_switched_off).toBeNull();
    expect(said(status)).toBe(withB.length === 0 ? 0 : over + caches * 1000);
    expect(server.journal(name).join('\n')).toMatch(/"epoch":2,"phase":"original".*rolled back: by ann from 127\.0\.0\.1/);
    await server.pass(name, (shortTtl + slack) * 1000 + 100);
    expect((await server.status(name)).leases.to).toBe(0);
  });

  test('who saw the old epoch decides nothing, and the next move comes to its end', async () => {
    await using server = await servePlan(corefile(...options));
    await reach(server);
    const withB = clientsOf(await everyone(server), b);
    expect(await server.order(name, 'rollback')).toBeUndefined();
    for (const verb of ['start', 'advance', 'rollback']) {
      expect(await server.order(name, verb, 1)).toBe('the plan is in epoch 2, the command is for epoch 1');
    }
    expect(await server.order(name, 'rollback', 2)).toBe('nothing has begun');
    if (options[0]?.startsWith('canary') === true && withB.length < clients.length) {
      const again = await secondCanary(server);
      // Whom a canary leads to B does not depend on the epoch.
      expect(again.filter((client) => withB.includes(client)).length).toBe(Math.min(again.length, withB.length));
      expect(await server.order(name, 'rollback', 2)).toBeUndefined();
      await moveToTheEnd(server, 3);
    } else await moveToTheEnd(server, 2);
  });
});

/** Moves on to the first step of the canary in epoch 2. */
async function secondCanary(server: PlanServer): Promise<string[]> {
  expect(await server.order(name, 'start', 2)).toBeUndefined();
  await server.advance(name, 2);
  return clientsOf(await everyone(server), b);
}
