// The fence of a plan and gates that are commands: what is said of how they ended.
import { expect, test } from 'vitest';
import { execute } from '../../plugins/migrate/run/execute.ts';

const run = (script: string, seconds = 60) => execute(['/bin/sh', '-c', script], { seconds, env: { WORD: 'hello' } });

test('of one that prints a lot the end is kept, and how it ended is true', async () => {
  const { ok, text } = await run('head -c 5000000 /dev/zero | tr "\\0" x; echo; echo "the end"');
  expect(ok).toBe(true);
  expect(text).toMatch(/^exit status 0: x+\nthe end$/);
  expect(text.length).toBeLessThan(2100);
});

test('what it prints is told, errors last', async () => {
  expect(await run('echo sorry >&2; echo $WORD; exit 3')).toEqual({ ok: false, text: 'exit status 3: hello\nsorry' });
});

test('one that takes too long is killed, with what it has printed by then', async () => {
  expect(await run('echo begun; exec sleep 60', 0.5)).toEqual({ ok: false, text: 'killed after 0.5 s: begun' });
});

test('one that ends by a signal has failed', async () => {
  expect(await run('kill -9 $$')).toEqual({ ok: false, text: 'ended by SIGKILL' });
});

test('one that leaves something behind that still prints has ended all the same', async () => {
  expect(await run('echo done; sleep 3 &')).toEqual({ ok: true, text: 'exit status 0: done' });
});

test('one that is not there has failed', async () => {
  expect(await execute(['/no/such/command'], { seconds: 60, env: {} })).toEqual({ ok: false, text: expect.stringContaining('ENOENT') });
});
