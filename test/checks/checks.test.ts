// The checks of a process: how many at a time, when, and what silence means.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type CheckSpec, Checks, type Finding, Health, type Probe } from 'ferrydns/built-in/checks';
import type { Name } from 'ferrydns/plugin';
import { describe, expect, test } from 'vitest';
import { hear, silentAgent } from '../../src/checks/agent.ts';
import { defaultPace } from '../../src/checks/health.ts';
import { probe } from '../../src/checks/probe.ts';
import { tcpService } from '../support/services.ts';

/** A port that takes connections and says nothing, until `speak` is called. */
async function silent() {
  const open = new Set<Socket>();
  let taken = 0;
  let speaking = false;
  const server = createServer((socket) => {
    taken++;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    if (speaking) socket.end('up\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const speak = () => {
    speaking = true;
    for (const socket of open) socket.end('up\n');
  };
  const stop = async () => {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port, taken: () => taken, speak, [Symbol.asyncDispose]: stop };
}

const spec = (what: Probe, pace: Partial<CheckSpec['pace']> = {}): CheckSpec => ({ probe: what, pace: { ...defaultPace, ...pace } });
const unheard = { changed: () => undefined };

/** Checks on a clock that the test turns; `random` is always the same. */
function checksOf(options: { random?: number; mostAtOnce?: number } = {}) {
  let now = 0;
  const checks = new Checks({
    now: () => now,
    random: () => options.random ?? 0.5,
    ...(options.mostAtOnce === undefined ? {} : { mostAtOnce: options.mostAtOnce }),
  });
  const at = (time: number) => {
    now = time;
    return checks.tick();
  };
  return { checks, at };
}

describe('checks', () => {
  test('look at no more services at a time than they may', async () => {
    await using service = await silent();
    const { checks, at } = checksOf({ mostAtOnce: 3 });
    const what: Probe = { kind: 'agent', port: service.port };
    const uses = Array.from({ length: 12 }, (_, i) => checks.use('127.0.0.1', spec(what, { fall: i + 1 }), unheard));
    expect(checks.size).toBe(12);
    const done = at(1000);
    await expect.poll(() => service.taken()).toBe(3);
    // One more connection, so that any that was on its way before is there as well.
    await probe('127.0.0.1', { kind: 'tcp', port: service.port }, 1000);
    expect(service.taken()).toBeLessThanOrEqual(4);
    service.speak();
    await done;
    expect(service.taken()).toBe(13);
    for (const use of uses) use.release();
    expect(checks.size).toBe(0);
  });

  test('do not wait for others that hang, however many', async () => {
    await using hanging = await silent();
    await using service = await tcpService();
    const { checks, at } = checksOf();
    const uses = Array.from({ length: 300 }, (_, i) =>
      checks.use('127.0.0.1', spec({ kind: 'agent', port: hanging.port }, { fall: i + 1, interval: 60_000, timeout: 60_000 }), unheard),
    );
    const last = checks.use('127.0.0.1', spec({ kind: 'tcp', port: service.port }), unheard);
    const done = at(1000);
    await expect.poll(() => [last.known, hanging.taken()]).toEqual([true, 300]);
    // Nobody had to give up first.
    expect(uses.some(({ known }) => known)).toBe(false);
    hanging.speak();
    await done;
    for (const use of [...uses, last]) use.release();
  });

  test('that are due while they are on their way are made again at once', async () => {
    await using service = await silent();
    const { checks, at } = checksOf();
    const found: boolean[] = [];
    const use = checks.use('127.0.0.1', spec({ kind: 'agent', port: service.port }, { interval: 50, timeout: 50 }), {
      changed: () => undefined,
      looked: ({ ok }) => found.push(ok),
    });
    void at(1000);
    await at(1050);
    use.release();
    expect(found).toEqual([false, false]);
  });

  test('keep nothing for each round that passes while something hangs', async () => {
    await using service = await silent();
    const { checks, at } = checksOf();
    const use = checks.use('127.0.0.1', spec({ kind: 'agent', port: service.port }), unheard);
    const done = at(1000);
    expect(at(1001)).toBe(done);
    service.speak();
    await done;
    use.release();
  });

  test.each([
    [0, [0, 2000, 4000]],
    [0.999, [999, 2800, 4601]],
  ])('are spread over time, and never later than the interval says (random %d)', async (random, times) => {
    await using service = await tcpService();
    const { checks, at } = checksOf({ random });
    const found: number[] = [];
    let now = 0;
    const use = checks.use('127.0.0.1', spec({ kind: 'tcp', port: service.port }), { changed: () => undefined, looked: () => found.push(now) });
    for (now = 0; now < 4700; now++) await at(now);
    use.release();
    expect(found).toEqual(times);
  });

  test('share what is known among all who ask, and tell each of a change', async () => {
    const service = await tcpService();
    const { port } = service;
    await service.stop();
    const { checks, at } = checksOf({ random: 0 });
    const told: string[] = [];
    const one = checks.use('127.0.0.1', spec({ kind: 'tcp', port }, { fall: 1 }), { changed: ({ text }) => told.push(`one ${text}`) });
    const two = checks.use('127.0.0.1', spec({ kind: 'tcp', port }, { fall: 1 }), { changed: ({ text }) => told.push(`two ${text}`) });
    expect([checks.size, one.up, one.known]).toEqual([1, true, false]);
    await at(0);
    expect([one.up, two.up, one.known]).toEqual([false, false, true]);
    expect(told).toEqual([expect.stringMatching(/^one .*ECONNREFUSED/), expect.stringMatching(/^two .*ECONNREFUSED/)]);
    one.release();
    expect(checks.size).toBe(1);
    two.release();
    expect(checks.size).toBe(0);
  });
});

describe('a check that starts as down', () => {
  test('tells those that believe in the service, and comes back by rise', async () => {
    await using service = await tcpService();
    const { checks, at } = checksOf({ random: 0 });
    const told: string[] = [];
    const what = spec({ kind: 'tcp', port: service.port }, { rise: 2 });
    const one = checks.use('127.0.0.1', what, { changed: ({ ok }) => told.push(`one ${ok}`) });
    const two = checks.use('127.0.0.1', what, { changed: ({ ok }) => told.push(`two ${ok}`) }, { down: true });
    expect([one.up, two.up, told]).toEqual([false, false, ['one false']]);
    await at(0);
    expect(one.up).toBe(false);
    await at(2000);
    expect([one.up, told]).toEqual([true, ['one false', 'one true', 'two true']]);
    one.release();
    two.release();
  });

  test('is not believed where somebody has looked', async () => {
    await using service = await tcpService();
    const { checks, at } = checksOf({ random: 0 });
    const what = spec({ kind: 'tcp', port: service.port });
    const one = checks.use('127.0.0.1', what, unheard);
    await at(0);
    const two = checks.use('127.0.0.1', what, unheard, { down: true });
    expect(two.up).toBe(true);
    one.release();
    two.release();
  });
});

test('the first word of an agent is told, even if it changes nothing, and counts as one', async () => {
  await using service = await tcpService({ said: () => 'up\n' });
  const { checks, at } = checksOf({ random: 0 });
  let told = 0;
  const use = checks.use('127.0.0.1', spec({ kind: 'agent', port: service.port }), { changed: () => told++ });
  expect(use.seen).toBe(false);
  await at(0);
  await at(2000);
  expect([use.seen, told]).toEqual([true, 1]);
  use.release();
});

describe('a probe', () => {
  const look = (what: Probe): Promise<Finding> => probe('127.0.0.1', what, 30);

  test.each([['http'], ['agent'], ['dns']] as const)('calls a service that says nothing not well (%s)', async (kind) => {
    await using service = await silent();
    const { port } = service;
    const what = {
      http: { kind: 'http', port, path: '/', host: 'x' },
      agent: { kind: 'agent', port },
      dns: { kind: 'dns', port, name: 'x.', type: 'A' },
    }[kind];
    const { ok, text } = await look(what as Probe);
    expect(ok).toBe(false);
    expect(text).toMatch(/no reply in 30 ms|ECONNREFUSED/);
  });

  test('says why the system does not let it out (dns)', async () => {
    // Without leave to broadcast, which nobody asks for, no socket can be connected there.
    const { ok, text } = await probe('255.255.255.255', { kind: 'dns', port: 9, name: 'x.' as Name, type: 'A' }, 1000);
    expect(ok).toBe(false);
    expect(text).toMatch(/EACCES|ENETUNREACH|EADDRNOTAVAIL/);
  });

  test('does not fall over nonsense', async () => {
    await using service = await tcpService({ said: () => '\0\xff nonsense '.repeat(1000) });
    expect((await look({ kind: 'http', port: service.port, path: '/', host: 'x' })).ok).toBe(false);
    const said = await look({ kind: 'agent', port: service.port });
    expect(hear(silentAgent, said.text)).toEqual(silentAgent);
  });
});

describe('health', () => {
  const pace = { ...defaultPace, fall: 3, rise: 2, dwell: 10_000 };

  test('changes only after so many findings in a row', () => {
    const health = new Health();
    const findings = [false, false, true, false, false, false];
    expect(findings.map((ok, i) => health.record(ok, pace, i * 1000))).toEqual([false, false, false, false, false, true]);
    expect(health.up).toBe(false);
  });

  test('comes back no sooner than `dwell` after it went', () => {
    const health = new Health();
    for (const now of [0, 1000, 2000]) health.record(false, pace, now);
    expect([3000, 4000, 11_999].map((now) => health.record(true, pace, now))).toEqual([false, false, false]);
    expect(health.record(true, pace, 12_000)).toBe(true);
  });
});

test.each([
  ['up 75%', { up: true, admin: 'ready', percent: 75 }],
  ['75% drain', { up: true, admin: 'drain', percent: 75 }],
  ['DOWN # up', { up: false, admin: 'ready', percent: 100 }],
  ['maint,failed', { up: false, admin: 'maint', percent: 100 }],
  ['maxconn:30 sideways -5% 5', silentAgent],
  ['', silentAgent],
])("an agent's %j is heard as it is meant", (line, report) => expect(hear(silentAgent, line)).toEqual(report));
