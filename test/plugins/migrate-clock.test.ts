// A wall clock that is set while a plan runs: the time between two moments is that of the monotonic clock.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { servePlan, stopTime } from '../support/migration.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';
const corefile = `. {\n migrate ${name} {\n from 192.0.2.1\n to 192.0.2.2\n ttl 600\n admin 127.0.0.1:0\n}\n whoami\n}\n`;

test.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('a clock that is set %s does not end a phase early', async (_, jump) => {
  const begin = Date.now();
  let offset = 0;
  await using server = await servePlan(corefile, { now: () => Date.now() - begin - offset });
  await server.order(name, 'start');
  await server.pass(name, 1000);
  vi.setSystemTime(Date.now() + jump);
  offset = jump;
  await server.pass(name, 1000);
  expect(await server.order(name, 'advance')).toMatch(/^answers with the old TTL are still alive/);
});
