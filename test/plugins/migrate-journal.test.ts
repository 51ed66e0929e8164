// What a plan remembers: on disk before anybody is answered by it, and believed only when it is whole.
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addressesOf, servePlan, stopTime } from '../support/migration.ts';
import { refusal } from '../support/refusal.ts';

let folder = '';

beforeEach(() => {
  stopTime();
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-journal-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const name = 'www.example.org';
const corefile = (...options: readonly string[]) =>
  `. {\n migrate ${name} {\n from 192.0.2.1\n to 192.0.2.2\n ttl 10\n hold 50ms\n admin 127.0.0.1:0\n journal ${folder}/deep/er/plan.journal\n ${options.join('\n ')}\n}\n whoami\n}\n`;
const file = () => join(folder, 'deep/er/plan.journal');
const lines = () => readFileSync(file(), 'utf8').trimEnd().split('\n');

const inFile = () => corefile().replace('deep/er', 'file/deep');

describe('a journal that cannot be written refuses the plan at its line, in words', () => {
  test('below what is no directory', async () => {
    writeFileSync(join(folder, 'file'), '');
    const refused = await refusal(inFile());
    expect(refused).toMatch(/Corefile:8 - .*journal \S+\/plan\.journal cannot be written: \S+\/file is no directory/);
    expect(refused).toContain(`    8 |  journal ${folder}/file/deep/plan.journal\n      |  ^^^`);
  });

  test('where a directory is', async () => {
    mkdirSync(file(), { recursive: true });
    expect(await refusal(corefile())).toMatch(/Corefile:8 - .*plan\.journal cannot be written: it is a directory/);
  });

  // A recursive mkdir of Node never returns there.
  test.skipIf(process.platform !== 'linux')('where the system takes no folders', async () => {
    const there = (at: string) => corefile().replace(`${folder}/deep/er/plan.journal`, at);
    expect(await refusal(there('/proc/no/such/plan.journal'))).toMatch(/Corefile:8 - .*cannot be written: nothing can be made in \/proc$/m);
    expect(await refusal(there('/proc/plan.journal'))).toMatch(/Corefile:8 - .*cannot be written: nothing can be made in \/proc$/m);
  });
});

/** Runs a plan until its transition and stops the server. */
async function untilTransition(): Promise<void> {
  await using server = await servePlan(corefile());
  await server.order(name, 'start');
  await server.advance(name);
  await server.pass(name, 300);
}

test('a plan goes on where it was after a restart, with who changed what', async () => {
  await untilTransition();
  const order = lines().find((line) => line.includes('"why":"started"'));
  expect(order).toContain('"by":"ann from 127.0.0.1"');
  await using server = await servePlan(corefile());
  expect((await server.status(name)).phase).toBe('transition');
  expect([...addressesOf(await server.ask(name))].sort()).toEqual(['192.0.2.1', '192.0.2.2']);
});

test('after a restart A may not be switched off before the leases of before can be over', async () => {
  await untilTransition();
  await using server = await servePlan(corefile());
  const restarted = Date.now();
  expect(await server.order(name, 'advance')).toBeUndefined();
  const done = await server.until(name, 'done');
  expect(Date.parse(done.horizon.a_may_be_switched_off ?? '')).toBeGreaterThanOrEqual(restarted + 5000 + 3000);
});

test('a last line that was not written to its end is dropped, and the journal goes on behind the last whole one', async () => {
  await untilTransition();
  const whole = lines().length;
  appendFileSync(file(), '{"n":99,"at":"2026-06-01T12:00');
  {
    await using server = await servePlan(corefile());
    expect((await server.status(name)).phase).toBe('transition');
    expect(server.running.lines.some((line) => line.includes('was not written to its end and is dropped'))).toBe(true);
  }
  expect(lines()[whole]).toContain(`"n":${whole + 1}`);
  await using again = await servePlan(corefile());
  expect((await again.status(name)).damage).toBeNull();
});

describe('damage stops the plan, not the server', () => {
  const damages: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    ['a changed byte', (text) => text.replace('"ttl":10', '"ttl":11'), /:\d+ - the journal is damaged: checksum/],
    ['a line that is missing', (text) => text.split('\n').toSpliced(2, 1).join('\n'), /:3 - the journal is damaged: checksum/],
    ['a line that is no entry', (text) => `hello\n${text}`, /:1 - the journal is damaged: no entry with a checksum/],
    ['a last line that was whole', (text) => text.replace(/"\}\n$/, 'x"}\n'), /the journal is damaged: checksum/],
    ['zeros', (text) => `${text}${'\0'.repeat(50)}\n`, /the journal is damaged: no entry/],
  ];

  test.each(damages)('%s', async (_, damage, reason) => {
    await untilTransition();
    const before = lines().length;
    writeFileSync(file(), damage(readFileSync(file(), 'utf8')));
    await using server = await servePlan(corefile());
    expect((await server.status(name)).damage).toMatch(reason);
    expect(server.running.lines.some((line) => line.startsWith('[ERROR]') && reason.test(line))).toBe(true);
    expect((await server.ask(name)).rcode).toBe('SERVFAIL');
    expect((await server.ask('other.example.org')).rcode).toBe('NOERROR');
    expect(await server.order(name, 'advance')).toMatch(reason);
    expect(lines().length).toBeGreaterThanOrEqual(before - 1);
  });
});

test('while somebody else writes to the journal no phase begins, and the answers go on', async () => {
  await using server = await servePlan(corefile());
  while (!lines().at(-1)?.includes('"why":"replica local obeys epoch 1, original"')) await server.pass(name, 100);
  const { length } = readFileSync(file());
  appendFileSync(file(), 'x');
  const ordered = server.order(name, 'start');
  const status = await server.when(name, ({ alarms }) => alarms.length > 0);
  expect(status.phase).toBe('original');
  expect(status.alarms).toEqual([{ about: 'disk', text: expect.stringContaining('another process writes to it') }]);
  expect(addressesOf(await server.ask(name))).toEqual(['192.0.2.1']);
  truncateSync(file(), length);
  await server.until(name, 'lowering');
  expect(await ordered).toBeUndefined();
  expect((await server.status(name)).alarms).toEqual([]);
});

test('a plan that was edited in the middle of the move is refused at a reload and stopped at a start, but for what breaks no promise', async () => {
  await untilTransition();
  const edited = corefile().replace('192.0.2.2', '192.0.2.3');
  const reason = `plan ${name} is in transition and was edited in what is moved, expected only weight, gates, pace, advance, rollback, handback or hold to change`;
  {
    await using server = await servePlan(edited);
    // A crash must not turn an edit that was refused into an outage of the other zones.
    expect((await server.ask('other.example.org')).rcode).toBe('NOERROR');
    expect((await server.ask(name)).rcode).toBe('SERVFAIL');
    expect((await server.status(name)).damage).toBe(`${reason}: put it back as it was and start again`);
  }
  await using server = await servePlan(corefile());
  await expect(server.running.reload(edited)).rejects.toThrow(reason);
  await server.running.reload(corefile('weight 100'));
  await server.pass(name, 200);
  expect(addressesOf(await server.ask(name))).toEqual(['192.0.2.2']);
});

test('a reload adopts a running plan, and one that drops it is refused unless it is paused or finished', async () => {
  await untilTransition();
  await using server = await servePlan(corefile());
  const without = '. {\n whoami\n}\n';
  await server.running.reload(corefile().replace('whoami', 'whoami\n errors'));
  expect((await server.status(name)).phase).toBe('transition');
  expect(await server.order(name, 'pause')).toBeUndefined();
  await server.order(name, 'resume');
  const reason = `plan ${name} cannot be left out of the configuration: it is in transition, expected it to be finished, rolled back or paused before`;
  await expect(server.running.reload(without)).rejects.toThrow(reason);
  expect([...addressesOf(await server.ask(name))].sort()).toEqual(['192.0.2.1', '192.0.2.2']);
  await server.order(name, 'pause');
  await server.running.reload(without);
  expect(addressesOf(await server.ask(name))).toEqual([]);
  await server.running.reload(corefile());
  expect(await server.status(name)).toMatchObject({ phase: 'transition', paused: true });
});
