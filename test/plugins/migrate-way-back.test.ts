// A plan that is done, and the one that leads back: one takes over from the other while every query is answered.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { printReverse } from '../../src/command/migrate-forecast.ts';
import { type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { A, Answers, B, corefile, move, there, upstreamOf } from '../support/moved-name.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

function write(server: PlanServer, file: string, text: string): void {
  writeFileSync(join(server.running.directory, file), text);
}

function reverse(server: PlanServer, file: string): void {
  const text = printReverse(join(server.running.directory, file), { json: false, ttl: null });
  write(server, 'back.yaml', `${text}\nfence: [exec, /bin/true]\n`);
}

test('the way back and the way there again, by reloads alone, with an upstream that says A all the time', async () => {
  const endpoint = await upstreamOf(A);
  await using server = await servePlan(corefile('ex.yaml', endpoint), { files: { 'ex.yaml': there } });
  const answers = new Answers(server);
  await move(server, 'ex', { answers });
  expect(answers.sides).toEqual(['A', 'SERVFAIL', 'B']);
  reverse(server, 'ex.yaml');
  const [, side] = await Promise.all([server.running.reload(corefile('back.yaml', endpoint)), answers.note()]);
  expect(side).toBe('B');
  expect(await answers.note()).toBe('B');
  await server.when('ex-reverse', ({ phase, epoch }) => phase === 'original' && epoch === 2, answers.note);
  expect(answers.sides).toEqual(['A', 'SERVFAIL', 'B']);
  await move(server, 'ex-reverse', { answers, epoch: 2 });
  expect(answers.sides).toEqual(['A', 'SERVFAIL', 'B', 'SERVFAIL', 'A']);
  await server.running.reload(corefile('ex.yaml', endpoint));
  await server.when('ex', ({ phase, epoch }) => phase === 'original' && epoch === 3, answers.note);
  expect(answers.sides.at(-1)).toBe('A');
  await move(server, 'ex', { answers, epoch: 3 });
  expect(answers.sides).toEqual(['A', 'SERVFAIL', 'B', 'SERVFAIL', 'A', 'SERVFAIL', 'B']);
});

test('the way back after a restart, and the same file once more: the journal knows which plan had the names', async () => {
  const endpoint = await upstreamOf(A);
  const files: Record<string, string> = { 'ex.yaml': there };
  const journal = join(mkdtempSync(join(tmpdir(), 'ferrydns-way-back-')), 'journal');
  const withJournal = (file: string) => corefile(file, endpoint).replace('admin', `journal ${journal}\n  admin`);
  for (const [file, plan, epoch, first] of [
    ['ex.yaml', 'ex', 1, 'A'],
    ['back.yaml', 'ex-reverse', 2, 'B'],
    ['ex.yaml', 'ex', 3, 'A'],
  ] as const) {
    await using server = await servePlan(withJournal(file), { files });
    const answers = new Answers(server);
    await server.when(plan, (status) => status.epoch === epoch && status.phase === 'original');
    await move(server, plan, { answers, epoch });
    expect(answers.sides).toEqual([first, 'SERVFAIL', first === 'A' ? 'B' : 'A']);
    if (file === 'ex.yaml') {
      reverse(server, 'ex.yaml');
      files['back.yaml'] = readFileSync(join(server.running.directory, 'back.yaml'), 'utf8');
    }
  }
  rmSync(dirname(journal), { recursive: true });
});

test.each([
  [
    'one that is not done',
    'original to lowering',
    /plan ex is in lowering: plan ex-reverse can take over when it is done.*\(plan ex: .*ex\.journal\)/,
  ],
  ['one that leads elsewhere', 'done', /plan ex is done: the names lead to its B, and plan other does not move the very same names from there/],
])('a plan that cannot take over from %s is refused, and everything goes on', async (_, stage, reason) => {
  const endpoint = await upstreamOf(A);
  await using server = await servePlan(corefile('ex.yaml', endpoint), { files: { 'ex.yaml': there } });
  const answers = new Answers(server);
  reverse(server, 'ex.yaml');
  if (stage === 'done') {
    await move(server, 'ex', { answers });
    const other = there.replace('plan: ex', 'plan: other\ncontinues: ex').replace(A, '203.0.113.9').replace(B, A);
    write(server, 'back.yaml', other);
  } else {
    await server.when('ex', ({ upstream }) => upstream.before !== null);
    expect(await server.order('ex', 'start')).toBeUndefined();
  }
  const before = await answers.note();
  await expect(server.running.reload(corefile('back.yaml', endpoint))).rejects.toThrow(reason);
  expect(await answers.note()).toBe(before);
});

test('both plans in one configuration are refused with both places', async () => {
  const endpoint = await upstreamOf(A);
  await using server = await servePlan(corefile('ex.yaml', endpoint), { files: { 'ex.yaml': there } });
  reverse(server, 'ex.yaml');
  const both = corefile('ex.yaml', endpoint).replace(' forward', ' migrate back.yaml {\n  admin 127.0.0.1:0\n }\n forward');
  await expect(server.running.reload(both)).rejects.toThrow(
    /Corefile:5 - .*plan ex-reverse takes over from plan ex, which is still there at ex\.yaml:3/,
  );
});

test('a plan that was released is over: left out and put back, the same file begins anew; restarted, it does not', async () => {
  const endpoint = await upstreamOf(A);
  const blend = there.replace('mode: exclusive\n', '').replace('fence: [exec, /bin/true]\n', '');
  await using server = await servePlan(corefile('ex.yaml', endpoint), { files: { 'ex.yaml': blend } });
  const answers = new Answers(server);
  await server.when('ex', ({ upstream }) => upstream.before !== null);
  expect(await server.order('ex', 'start')).toBeUndefined();
  await server.advance('ex');
  await server.advance('ex');
  await server.until('ex', 'done');
  const forced = await fetch(`${server.url}/ex/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ epoch: 1, by: 'ann', force: true }),
  });
  expect(forced.status).toBe(200);
  await server.until('ex', 'released');
  await server.running.reload(corefile('ex.yaml', endpoint));
  expect(await server.status('ex')).toMatchObject({ epoch: 1, phase: 'released' });
  await server.running.reload(`.:0 {\n forward . ${endpoint}\n}\n`);
  await server.running.reload(corefile('ex.yaml', endpoint));
  await server.when('ex', ({ phase, epoch }) => phase === 'original' && epoch === 2, answers.note);
  expect(answers.sides).toEqual(['A']);
});
