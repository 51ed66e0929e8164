// A move begins when it is known which TTL clients were handed before it, for they keep what they have (P1, P2).
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type PlanServer, type Status, servePlan, stopTime } from '../support/migration.ts';
import { startUpstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';
const answers = { '* A': [`${name} 3600 A 192.0.2.1`], '* *': [] };
const awaits = 'the upstream has not answered yet with what TTL it is handed out now: try again in a moment';

function withPlan(endpoint: string): string {
  const plan = `from 192.0.2.1\n to 198.51.100.1\n mode exclusive\n fence exec /bin/true\n ttl 5\n transition_ttl 2\n admin 127.0.0.1:0\n`;
  return `. {\n migrate ${name} {\n ${plan}}\n forward . ${endpoint}\n}\n`;
}

/** Seconds until the old TTL is over. */
const left = ({ wait }: Status) => (Date.parse(wait?.until ?? '') - Date.now()) / 1000;

const isLowering = ({ phase, wait }: Status) => phase === 'lowering' && wait?.until != null;

/** The clock goes on slowly, so that the upstream is asked again and its answers come. */
const passUntil = (server: PlanServer, holds: (status: Status) => boolean) => server.when(name, holds, () => delay(5));

test('a start right after the plan was loaded waits for the first answer of the upstream', async () => {
  const upstream = await startUpstream({ ...answers, '* A': { delay: 300, answer: [`${name} 3600 A 192.0.2.1`] } });
  await using server = await servePlan(`. {\n forward . ${upstream.endpoint}\n}\n`);
  expect((await server.ask(name)).answers).toEqual([`${name}. 3600 IN A 192.0.2.1`]);
  await server.running.reload(withPlan(upstream.endpoint));
  expect(await server.order(name, 'start')).toBeUndefined();
  expect(left(await passUntil(server, isLowering))).toBeGreaterThanOrEqual(3600);
  await upstream.stop();
});

test('one that hears nothing for long is refused, and says what is waited for', async () => {
  const upstream = await startUpstream({ '* *': { drop: true } });
  await using server = await servePlan(withPlan(upstream.endpoint));
  expect(await server.order(name, 'start')).toBe(awaits);
  expect((await server.status(name)).phase).toBe('original');
  await upstream.stop();
});

test('an upstream that is away for good does not keep a move from beginning, and what it shows late still counts', async () => {
  const upstream = await startUpstream({ '* *': 'SERVFAIL' });
  await using server = await servePlan(withPlan(upstream.endpoint));
  await vi.waitFor(async () => expect(await server.order(name, 'start')).toBeUndefined(), { timeout: 20_000, interval: 50 });
  expect(left(await passUntil(server, isLowering))).toBeLessThan(20);
  expect(server.journal(name).some((line) => line.includes('the upstream does not show the TTL that clients hold: 5 s of the plan'))).toBe(true);
  upstream.script = answers;
  const status = await passUntil(server, (each) => left(each) > 3000 || each.phase !== 'lowering');
  expect(status.phase).toBe('lowering');
  await upstream.stop();
});

test('with nothing behind the plan there is nobody to wait for', async () => {
  await using server = await servePlan(withPlan('127.0.0.1:1').replace(/ forward .*\n/, ''));
  expect(await server.order(name, 'start')).toBeUndefined();
});
