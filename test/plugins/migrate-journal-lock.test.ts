// One journal and two servers: the second one is refused, and whatever way the first one ended never is in the way of the next.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serve } from 'ferrydns/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addressesOf } from '../support/migration.ts';
import { refusal } from '../support/refusal.ts';
import { ServerProcess } from '../support/server-process.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
const name = 'www.example.org';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const journal = () => join(folder, 'plan.journal');
const corefile = (options = '') =>
  `. {\n bind 127.0.0.1\n migrate ${name} {\n from 192.0.2.1\n to 198.51.100.1\n mode exclusive\n fence exec /bin/true\n ttl 1\n transition_ttl 1\n countdown 1s\n slack 1s\n hold 20ms\n journal ${journal()}\n admin 127.0.0.1:0\n ${options}\n}\n whoami\n}\n`;
const answerOf = async (server: ServerProcess) => addressesOf(await server.ask(name)).join();
const A = '192.0.2.1';
const B = '198.51.100.1';

async function move(server: ServerProcess): Promise<void> {
  expect(await server.order(name, { verb: 'start' })).toBeUndefined();
  await server.advance(name);
  await server.until(name, ({ phase }) => phase === 'done');
}

test('a second server is refused at the line of the journal, the first one goes on to B', async () => {
  await using server = await ServerProcess.start({ corefile: corefile() });
  const refused = await ServerProcess.start({ corefile: corefile() }).catch(String);
  expect(refused).toMatch(/Corefile:13 - .*journal \S+plan\.journal cannot be written: another server runs by it and holds \S+plan\.journal\.lock/);
  expect(await answerOf(server)).toBe(A);
  await move(server);
  expect(await answerOf(server)).toBe(B);
});

test('a server that was killed leaves nothing behind that keeps the next one from starting, nor does one that was stopped', async () => {
  await using server = await ServerProcess.start({ corefile: corefile() });
  await move(server);
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    await server.end(signal);
    expect(existsSync(`${journal()}.lock`)).toBe(true);
    await server.start();
    expect(server.life).not.toContain('cannot be locked');
    expect(await answerOf(server)).toBe(B);
  }
});

test.each([
  ['is a directory', () => mkdirSync(`${journal()}.lock`)],
  ['holds something else', () => writeFileSync(`${journal()}.lock`, 'x'.repeat(10_000))],
])('a lock that %s keeps no server from starting, and is warned of', async (_, spoil) => {
  spoil();
  await using server = await ServerProcess.start({ corefile: corefile() });
  expect(server.life).toMatch(
    /\[WARNING\].*plan\.journal\.lock cannot be locked, a second server with this journal is noticed only when it writes: \S/,
  );
  expect(await answerOf(server)).toBe(A);
});

test('when a second server got past the lock, the first one is silent and not left at A, and says why (P1)', async () => {
  await using one = await ServerProcess.start({ corefile: corefile() });
  rmSync(`${journal()}.lock`);
  await using two = await ServerProcess.start({ corefile: corefile() });
  await one.says(
    /\[ERROR\].*is stopped, its names are not answered: journal \S+plan\.journal has \d+ octets where \d+ were written: another process writes to it; put it back/,
  );
  expect(await one.ask(name)).toMatchObject({ rcode: 'SERVFAIL' });
  expect(await one.order(name, { verb: 'start' })).toContain('another process writes to it');
  await move(two);
  expect(await answerOf(two)).toBe(B);
  expect(await one.ask(name)).toMatchObject({ rcode: 'SERVFAIL' });
  await two.end('SIGKILL');
  await one.end('SIGKILL');
  await one.start();
  expect(await answerOf(one)).toBe(B);
});

test('the configuration is checked beside a server that runs', async () => {
  await using server = await ServerProcess.start({ corefile: corefile() });
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, 'check', join(server.folder, 'Corefile')]);
  expect(stdout + stderr).toContain('Corefile: ok');
  expect(stdout + stderr).not.toMatch(/ERROR|journal/);
  await move(server);
});

test('a reload hands the journal over, also when the plan was left out meanwhile', async () => {
  await using server = await serve(corefile());
  for (const next of [corefile('pace 2m'), '. {\n whoami\n}\n', corefile(), corefile('pace 2m')]) {
    await server.reload(next);
    expect(addressesOf(await server.ask(name))).toEqual(next.includes('migrate') ? [A] : []);
  }
});

test('two servers in one process do not have one journal', async () => {
  await using server = await serve(corefile());
  expect(await refusal(corefile())).toContain(`journal ${journal()} cannot be written: another server runs by it`);
  expect(addressesOf(await server.ask(name))).toEqual([A]);
});
