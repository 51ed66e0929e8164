// The fence of a plan and gates that are commands: what is said of how they ended.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Execution, execute } from '../../plugins/migrate/runner/execute.ts';

const run = (script: string, seconds = 60, more: Partial<Execution> = {}) =>
  execute(['/bin/sh', '-c', script], { seconds, env: { WORD: 'hello' }, ...more });

test('of one that prints a lot the end is kept, and how it ended is true', async () => {
  const { outcome, text } = await run('head -c 5000000 /dev/zero | tr "\\0" x; echo; echo "the end"');
  expect(outcome).toBe('done');
  expect(text).toMatch(/^exit status 0: x+\nthe end$/);
  expect(text.length).toBeLessThan(2100);
});

test('what it prints is told, errors last', async () => {
  expect(await run('echo sorry >&2; echo $WORD; exit 3')).toEqual({ outcome: 'failed', text: 'exit status 3: hello\nsorry' });
});

test('one that takes too long is killed, with what it has printed by then, and may have done its work', async () => {
  expect(await run('echo begun; exec sleep 60', 0.5)).toEqual({ outcome: 'unknown', text: 'killed after 0.5 s: begun' });
});

test('one that ends by a signal may have done its work', async () => {
  expect(await run('kill -9 $$')).toEqual({ outcome: 'unknown', text: 'ended by SIGKILL' });
});

test('one that leaves something behind that still prints has ended all the same', async () => {
  expect(await run('echo done; sleep 3 &')).toEqual({ outcome: 'done', text: 'exit status 0: done' });
});

test('one that is not there has failed', async () => {
  expect(await execute(['/no/such/command'], { seconds: 60, env: {} })).toEqual({ outcome: 'failed', text: expect.stringContaining('ENOENT') });
});

/** Begins a process that goes on by itself, holds the output open, and would write a file later; prints its pid. */
const leaveBehind = (file: string) => `{ trap '' TERM HUP; sleep 60; echo shut > ${file}; } & echo $!;`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // What has ended and was not waited for by its parent yet is still listed.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const pidIn = (text: string) => Number(/: (\d+)/.exec(text)?.[1]);

test('what one that takes too long has started is killed with it', async () => {
  const { outcome, text } = await run(`${leaveBehind('/dev/null')} wait`, 0.5);
  expect(outcome).toBe('unknown');
  expect(text).toMatch(/^killed after 0.5 s: \d+$/);
  await expect.poll(() => isAlive(pidIn(text))).toBe(false);
});

test('one that fails and leaves something behind may have done its work all the same', async () => {
  const { outcome, text } = await run(`${leaveBehind('/dev/null')} exit 1`);
  expect({ outcome, text }).toEqual({
    outcome: 'unknown',
    text: expect.stringMatching(/^exit status 1, and what it has started went on and was killed: \d+$/),
  });
  await expect.poll(() => isAlive(pidIn(text))).toBe(false);
});

test('one that ends by a signal takes with it what it has started', async () => {
  const { outcome, text } = await run(`${leaveBehind('/dev/null')} kill -9 $$`);
  expect(outcome).toBe('unknown');
  await expect.poll(() => isAlive(pidIn(text))).toBe(false);
});

test('what ends with it does not count as left behind', async () => {
  expect(await run('{ sleep 0.3; } & exit 3')).toEqual({ outcome: 'failed', text: 'exit status 3' });
});

test('what one that succeeds has started stays only where it may', async () => {
  const stays = await run(`${leaveBehind('/dev/null')}`, 60, { leaves: true });
  expect(stays.outcome).toBe('done');
  expect(isAlive(pidIn(stays.text))).toBe(true);
  process.kill(pidIn(stays.text), 'SIGKILL');
  const goes = await run(`${leaveBehind('/dev/null')}`);
  expect(goes.outcome).toBe('done');
  await expect.poll(() => isAlive(pidIn(goes.text))).toBe(false);
});

test('only the exit statuses that are named say that nothing was done', async () => {
  const didNothing = [1, 75];
  expect(await run('exit 75', 60, { didNothing })).toEqual({ outcome: 'failed', text: 'exit status 75' });
  expect(await run('exit 255', 60, { didNothing })).toEqual({ outcome: 'unknown', text: 'exit status 255' });
  expect(await run('exit 0', 60, { didNothing })).toEqual({ outcome: 'done', text: 'exit status 0' });
});

test('one is ended with all that it has started when the server stops', async () => {
  const stopping = new AbortController();
  const running = run(`${leaveBehind('/dev/null')} wait`, 60, { signal: stopping.signal });
  setTimeout(() => stopping.abort(), 200);
  const { outcome, text } = await running;
  expect({ outcome, text }).toEqual({ outcome: 'unknown', text: expect.stringMatching(/^killed, as the server stops: \d+$/) });
  await expect.poll(() => isAlive(pidIn(text))).toBe(false);
});
