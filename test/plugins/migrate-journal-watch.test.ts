// A journal that is no longer what the server wrote: noticed although nothing is written, and no phase begins by it.
import { appendFileSync, copyFileSync, linkSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addressesOf, type PlanServer, type Status, servePlan, stopTime } from '../support/migration.ts';

const name = 'www.example.org';
let folder = '';

beforeEach(() => {
  stopTime();
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-journal-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, 'plan.journal');
/** The file of the running server, under another name. */
const kept = () => join(folder, 'kept');
const corefile = (mode: 'blend' | 'exclusive') =>
  `. {\n migrate ${name} {\n from 192.0.2.1\n to 192.0.2.2\n ttl 10\n hold 50ms\n admin 127.0.0.1:0\n journal ${file()}\n mode ${mode}\n${mode === 'exclusive' ? ' fence exec /bin/true\n' : ''}}\n}\n`;

/** Serves a plan until everything that the start makes it write is written. */
async function settled(mode: 'blend' | 'exclusive'): Promise<PlanServer> {
  const server = await servePlan(corefile(mode));
  while (!readFileSync(file(), 'utf8').includes('"why":"replica local obeys epoch 1, original"')) await server.pass(name, 100);
  await server.pass(name, 2000);
  return server;
}

const losses: readonly (readonly [string, () => void, string])[] = [
  ['removed', () => rmSync(file()), 'was removed'],
  [
    'replaced by a copy',
    () => {
      copyFileSync(file(), `${file()}.copy`);
      renameSync(`${file()}.copy`, file());
    },
    'was replaced by another file',
  ],
  ['cut short', () => truncateSync(file(), 100), 'were written: it was cut short'],
  ['written to by another process', () => appendFileSync(file(), 'x'), 'another process writes to it'],
  [
    'removed with its folder',
    () => {
      rmSync(kept());
      rmSync(folder, { recursive: true });
    },
    'was removed',
  ],
];

describe.each(losses)('a journal that was %s', (_, lose, what) => {
  test('stops an exclusive plan that leads to A within about a second', async () => {
    await using server = await settled('exclusive');
    linkSync(file(), kept());
    lose();
    const { damage, answers } = (await server.when(name, (status) => status.damage !== null)) as unknown as Record<string, unknown>;
    expect(damage).toContain(`journal ${file()} `);
    expect(damage).toContain(what);
    expect(damage).toContain('put it back as it was, then a restart of the server is all it takes');
    expect(answers).toMatchObject({ kind: 'silent' });
    expect((await server.ask(name)).rcode).toBe('SERVFAIL');
    expect(await server.order(name, 'start')).toContain(`journal ${file()} `);
    const errors = () => server.running.lines.filter((line) => line.startsWith('[ERROR]'));
    expect(errors()).toHaveLength(1);
    await server.pass(name, 5000);
    expect(errors()).toHaveLength(1);
  });

  test('lets a blend plan begin no phase, raises an alarm, and the answers go on', async () => {
    await using server = await settled('blend');
    linkSync(file(), kept());
    lose();
    const { alarms } = await server.when(name, (status) => status.alarms.length > 0);
    expect(alarms).toEqual([{ about: 'disk', text: expect.stringContaining(what) }]);
    const started = server.order(name, 'start');
    await server.pass(name, 5000);
    expect(await server.status(name)).toMatchObject({ phase: 'original', damage: null, alarms: [{ about: 'disk' }] });
    expect(addressesOf(await server.ask(name))).toEqual(['192.0.2.1']);
    await server.running.stop();
    expect(await started.catch(() => 'the server has stopped')).not.toBeUndefined();
  });
});

test('a journal that was put back is enough for a restart to go on, exclusive', async () => {
  {
    await using server = await settled('exclusive');
    await server.order(name, 'start');
    await server.until(name, 'lowering');
    renameSync(file(), kept());
    await server.when(name, ({ damage }) => damage !== null);
    renameSync(kept(), file());
    await server.pass(name, 3000);
    expect((await server.ask(name)).rcode).toBe('SERVFAIL');
  }
  await using again = await servePlan(corefile('exclusive'));
  expect(await again.status(name)).toMatchObject({ phase: 'lowering', damage: null });
  expect(addressesOf(await again.ask(name))).toEqual(['192.0.2.1']);
});

test('a blend plan goes on by itself when its journal is as it was', async () => {
  await using server = await settled('blend');
  renameSync(file(), kept());
  await server.when(name, ({ alarms }) => alarms.length > 0);
  const started = server.order(name, 'start');
  await server.pass(name, 3000);
  renameSync(kept(), file());
  await server.until(name, 'lowering');
  expect(await started).toBeUndefined();
  expect((await server.status(name)).alarms).toEqual([]);
});

test('what is asked for in the moment in which a journal gets lost is refused, not left without a word', async () => {
  await using server = await settled('exclusive');
  rmSync(file());
  const ordered = server.order(name, 'start');
  await server.when(name, ({ damage }) => damage !== null);
  expect(await ordered).toContain('was removed');
});

test('an exclusive plan that has answered B goes on answering B, with an alarm', async () => {
  await using server = await settled('exclusive');
  await server.order(name, 'start');
  await server.until(name, 'lowering');
  await server.advance(name);
  const atB = ({ phase }: Status) => phase === 'draining' || phase === 'done';
  await server.when(name, atB);
  rmSync(file());
  await server.when(name, ({ alarms }) => alarms.some(({ about }) => about === 'disk'));
  await server.pass(name, 60_000);
  expect(await server.status(name)).toSatisfy(atB);
  expect(await server.status(name)).toMatchObject({ damage: null, alarms: [{ about: 'disk' }] });
  expect(addressesOf(await server.ask(name))).toEqual(['192.0.2.2']);
});
