// A fence that was cut short: nobody knows whether A is shut, so the way back is closed until somebody has seen that it is open.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { addressesOf, orderIn, type PlanServer, servePlan, stopTime } from '../support/migration.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'primary.example.org';
const plan = 'database';
const a = '127.0.0.1';
const b = '198.51.100.1';

function planFile(fence: string, ...more: readonly string[]): string {
  const lines = ['mode: exclusive', 'ttl: 5', 'transition_ttl: 2', 'hold: 50ms', 'fence_timeout: 1s', ...more];
  return `plan: ${plan}\nname: ${name}\nfrom: ${a}\nto: ${b}\n${lines.join('\n')}\nfence: [exec, /bin/sh, -c, ${JSON.stringify(fence)}]\n`;
}

async function toFence(fence: string, ...more: readonly string[]): Promise<PlanServer> {
  const corefile = `. {\n migrate database.yaml {\n admin 127.0.0.1:0\n}\n whoami\n}\n`;
  const server = await servePlan(corefile, { files: { 'database.yaml': planFile(fence, ...more) } });
  onTestFinished(() => server[Symbol.asyncDispose]());
  expect(await server.order(plan, 'start')).toBeUndefined();
  await server.advance(plan);
  await server.when(plan, (status) => status.fence?.state !== 'none' && status.fence?.state !== 'begun');
  return server;
}

const silent = async (server: PlanServer) => (await server.ask(name)).rcode;

/** What works for longer than the script that called it, and would shut A. */
const slow = `/bin/sh -c 'trap "" TERM HUP; echo $$ > {{DIR}}/worker; sleep 60; echo > {{DIR}}/shut'`;

const cutShort: readonly { readonly how: string; readonly fence: string; readonly output: RegExp }[] = [
  { how: 'is killed by its time', fence: slow, output: /^killed after 1 s/ },
  { how: 'has called what works for longer', fence: `${slow} & wait`, output: /^killed after 1 s/ },
  { how: 'ends by a signal', fence: 'kill -TERM $$', output: /^ended by SIGTERM/ },
  {
    how: 'fails and leaves behind what goes on',
    fence: `${slow} > /dev/null 2>&1 & while ! test -s {{DIR}}/worker; do :; done; exit 1`,
    output: /^exit status 1, and what it has started went on and was killed/,
  },
];

test.each(cutShort)('one that $how may have run: no rollback, and nothing of it is left', async ({ fence, output }) => {
  const server = await toFence(fence);
  const status = await server.status(plan);
  expect(status).toMatchObject({
    phase: 'flipping',
    fence: { state: 'unknown', attempt: 1, may_have_run: true, output: expect.stringMatching(output) },
  });
  const back = orderIn(status, 'rollback');
  expect(back).toMatchObject({
    refusal: expect.stringMatching(/^a fence that was cut short may have run: `advance` runs it again/),
    unless: 'a_is_open',
  });
  expect(status.alarms).toEqual([{ about: 'fence', text: expect.stringContaining('the fence was cut short and may have run') }]);
  expect(await server.order(plan, 'rollback')).toBe(back?.refusal);
  expect(await silent(server)).toBe('SERVFAIL');
  const worker = join(server.running.directory, 'worker');
  if (existsSync(worker)) await expect.poll(() => isAlive(Number(readFileSync(worker, 'utf8')))).toBe(false);
  expect(existsSync(join(server.running.directory, 'shut'))).toBe(false);
});

test('who has seen that A is open after that attempt may go back, and the journal says who it was', async () => {
  const server = await toFence('test -e {{DIR}}/may || kill -TERM $$');
  expect(await server.order(plan, 'rollback', 1, { a_is_open: 0 })).toMatch(/^'a_is_open' is not the attempt of the fence/);
  expect(await server.order(plan, 'start', 1, { a_is_open: 1 })).toMatch(/^unknown field 'a_is_open'/);
  expect(await server.order(plan, 'advance')).toBeUndefined();
  await server.when(plan, (status) => status.fence?.state === 'unknown' && status.fence.attempt === 2);
  expect(await server.order(plan, 'rollback', 1, { a_is_open: 1 })).toBe(
    'the word that A is open is for attempt 1 of the fence, which is at attempt 2 now',
  );
  expect(await server.order(plan, 'rollback', 1, { a_is_open: 2 })).toBeUndefined();
  expect(addressesOf(await server.ask(name))).toEqual([a]);
  const status = await server.status(plan);
  expect(status).toMatchObject({ epoch: 2, phase: 'original', fence: { state: 'none', attempt: 2, may_have_run: false }, alarms: [] });
  const entry = server.journal(plan).find((line) => line.includes('rolled back'));
  expect(entry).toMatch(/rolled back: by ann from 127\.0\.0\.1[^"]*, who has seen that A is open after attempt 2 of the fence/);
  writeFileSync(join(server.running.directory, 'may'), '');
  expect(await server.order(plan, 'start', 2)).toBeUndefined();
  await server.advance(plan, 2);
  await server.until(plan, 'done');
  expect(addressesOf(await server.ask(name))).toEqual([b]);
});

test('run again it may fail, and the one before it may still have run; run again it may succeed', async () => {
  const server = await toFence('test -e {{DIR}}/may && exit 0; test -e {{DIR}}/begun && exit 3; echo > {{DIR}}/begun; kill -TERM $$');
  expect(await server.order(plan, 'advance')).toBeUndefined();
  const failed = await server.when(plan, ({ fence }) => fence?.state === 'failed');
  expect(failed).toMatchObject({ fence: { attempt: 2, may_have_run: true } });
  expect(orderIn(failed, 'rollback')?.refusal).not.toBeNull();
  expect(failed.alarms[0]?.text).toContain('the fence failed (exit status 3): one before it may have run');
  writeFileSync(join(server.running.directory, 'may'), '');
  expect(await server.order(plan, 'advance')).toBeUndefined();
  await server.until(plan, 'done');
  expect(await server.order(plan, 'rollback', 1, { a_is_open: 3 })).toMatch(/^the fence has run: A is shut/);
});

test('an A that its check sees open for long enough may be gone back to, and not before', async () => {
  const service = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => service.listen(0, a, resolve));
  onTestFinished(() => void service.close());
  const { port } = service.address() as { readonly port: number };
  const server = await toFence('kill -TERM $$', `check: [from, tcp, ${port}, interval, 1s, timeout, 1s, fall, 2]`);
  // A second for the fence, and twice two, and the usual dwell, until the check would have noticed.
  const seen = orderIn(await server.status(plan), 'rollback')?.refusal ?? '';
  expect(seen).toMatch(/the check of A has seen it open for \d s of the 15 s after which it is believed$/);
  await server.when(plan, (status) => orderIn(status, 'rollback')?.refusal === null);
  expect(await server.order(plan, 'rollback')).toBeUndefined();
  expect(addressesOf(await server.ask(name))).toEqual([a]);
});

test('an exit status that the plan does not name as nothing done may have done it', async () => {
  const server = await toFence('exit 255', 'fence_did_nothing: [1, 75]');
  const status = await server.status(plan);
  expect(status).toMatchObject({ fence: { state: 'unknown', output: 'exit status 255' } });
  expect(orderIn(status, 'rollback')?.refusal).not.toBeNull();
});

test('one that says that nothing was done can be rolled back', async () => {
  const server = await toFence('exit 75', 'fence_did_nothing: [1, 75]');
  const status = await server.status(plan);
  expect(status).toMatchObject({ fence: { state: 'failed', may_have_run: false } });
  expect(orderIn(status, 'rollback')?.refusal).toBeNull();
  expect(await server.order(plan, 'rollback')).toBeUndefined();
});

test('a server that stops in the middle of a fence ends it', async () => {
  const corefile = `. {\n migrate database.yaml {\n admin 127.0.0.1:0\n}\n whoami\n}\n`;
  const files = { 'database.yaml': planFile(`echo $$ > {{DIR}}/worker; exec sleep 60`).replace('fence_timeout: 1s', 'fence_timeout: 50s') };
  const first = await servePlan(corefile, { files });
  expect(await first.order(plan, 'start')).toBeUndefined();
  await first.advance(plan);
  const worker = join(first.running.directory, 'worker');
  await first.when(plan, () => existsSync(worker));
  expect(first.journal(plan).join('\n')).toContain('fence begun, attempt 1');
  const pid = Number(readFileSync(worker, 'utf8'));
  await first[Symbol.asyncDispose]();
  await expect.poll(() => isAlive(pid)).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // What has ended and was not waited for by its parent yet is still listed.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
