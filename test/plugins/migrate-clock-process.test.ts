// A server whose wall clock is set by an hour or by days: a wait that went by it would outlast the test.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { ServerProcess, type SharedStatus } from '../support/server-process.ts';
import { name, told } from '../support/shared-plan.ts';
import { soon } from '../support/soon.ts';

const hour = 3_600_000;
const day = 24 * hour;

const corefile = `. {
    bind 127.0.0.1
    migrate ${name} {
        from 192.0.2.1
        to 198.51.100.1
        mode exclusive
        ttl 1
        transition_ttl 1
        countdown 2s
        slack 1s
        hold 20ms
        advance auto
        fence exec /bin/true
        admin 127.0.0.1:0
    }
}
`;

/** A server whose clock is ahead by `shift` milliseconds from its first moment. */
class Shifted {
  readonly server: ServerProcess;
  shift = 0;
  private readonly file: string;

  constructor(shift: number) {
    const preload = pathToFileURL(join(import.meta.dirname, '../support/shifted-clock.ts')).href;
    this.server = new ServerProcess({ corefile, env: { NODE_OPTIONS: `--import ${preload}` } });
    this.file = join(this.server.folder, 'clock');
    this.set(shift);
  }

  set(shift: number): void {
    this.shift = shift;
    // Never seen half written.
    writeFileSync(`${this.file}.new`, String(shift));
    renameSync(`${this.file}.new`, this.file);
  }

  /** When a status says that A may be switched off, by a clock that nobody has set. */
  off({ horizon }: SharedStatus): number {
    return Date.parse(horizon.a_may_be_switched_off ?? '') - this.shift;
  }
}

/** The move to its end: A, then nothing, then B; and no answer with A lives when A may be switched off. */
async function toTheEnd(shifted: Shifted, meddle: (status: SharedStatus) => void): Promise<void> {
  const { server } = shifted;
  const sides: string[] = [];
  let lastA = 0;
  for (;;) {
    const sent = Date.now();
    const side = await told(server);
    if (side === 'A') lastA = sent;
    if (sides.at(-1) !== side) sides.push(side);
    const status = await server.status(name);
    meddle(status);
    if (status.phase !== 'done' || side !== 'B') continue;
    expect(sides.filter((each) => each === 'A' || each === 'B')).toEqual(['A', 'B']);
    expect(shifted.off(status)).toBeGreaterThanOrEqual(lastA);
    expect(shifted.off(status)).toBeLessThanOrEqual(Date.now());
    return;
  }
}

test.concurrent.each([
  ['an hour ahead', hour],
  ['three days behind', -3 * day],
])('a clock that is %s at the start and is set right before the move is taken over', { timeout: 2 * soon.timeout }, async (_, shift) => {
  const shifted = new Shifted(shift);
  await using server = shifted.server;
  await server.start();
  expect(await told(server)).toBe('A');
  shifted.set(0);
  await server.says(shift > 0 ? /the clock was set back by 3600 s/ : /the clock went 259200 s forward/);
  expect(await server.order(name, { verb: 'start' })).toBeUndefined();
  await toTheEnd(shifted, () => {});
});

test.concurrent.each([
  ['back by an hour in lowering', 'lowering', -hour],
  ['forward by three days in lowering', 'lowering', 3 * day],
  ['back by three days in the countdown', 'countdown', -3 * day],
  ['forward by an hour in the countdown', 'countdown', hour],
])('a clock that is set %s changes nothing of the move', { timeout: 2 * soon.timeout }, async (_, phase, shift) => {
  const shifted = new Shifted(0);
  await using server = shifted.server;
  await server.start();
  expect(await server.order(name, { verb: 'start' })).toBeUndefined();
  await toTheEnd(shifted, (status) => {
    if (status.phase === phase && shifted.shift === 0) shifted.set(shift);
  });
  expect(shifted.shift).toBe(shift);
});

test('a clock that is behind the journal starts nothing, until it is right or a person says that it is', { timeout: 2 * soon.timeout }, async () => {
  const shifted = new Shifted(0);
  await using server = shifted.server;
  await server.start();
  await server.end();
  shifted.set(-hour);
  await server.start();
  expect(await told(server)).toBe('A');
  expect(await server.order(name, { verb: 'start' })).toMatch(/^the clock says .* and the journal was written until .*: set the clock right/);
  expect((await server.status(name)).alarms).toMatchObject([{ about: 'clock' }]);
  await server.end();
  await server.start();
  expect(await server.order(name, { verb: 'start' })).toMatch(/^the clock says/);
  shifted.set(0);
  await server.until(name, ({ alarms }) => alarms.length === 0);
  expect(await server.order(name, { verb: 'start' })).toBeUndefined();
});

test('a server that is stopped over the flip goes on with what is due', { timeout: 2 * soon.timeout }, async () => {
  const shifted = new Shifted(0);
  await using server = shifted.server;
  await server.start();
  expect(await server.order(name, { verb: 'start' })).toBeUndefined();
  const { flip } = await server.until(name, ({ phase }) => phase === 'countdown');
  server.pause();
  await expect.poll(() => Date.now(), soon).toBeGreaterThan(Date.parse(flip?.at ?? '') + 4000);
  server.resume();
  expect(await told(server)).not.toBe('A');
  const status = await server.until(name, ({ phase }) => phase === 'done');
  expect(await told(server)).toBe('B');
  expect(shifted.off(status)).toBeLessThanOrEqual(Date.now());
});
