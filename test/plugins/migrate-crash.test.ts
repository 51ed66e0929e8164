// A server that is killed again and again in the middle of a move, and one whose disk is full.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { count, killServers, Life, writePlan } from '../support/crash.ts';

const kills = 200;

test(`killed at ${kills} points of its moves, a server never goes back, never mixes, and never says too early that A may be switched off`, {
  timeout: 600_000,
}, async () => {
  const killed = await killServers(kills, { atOnce: 4 });
  expect(count(killed)).toBeGreaterThanOrEqual(kills);
  for (const at of ['starting', 'lowering', 'countdown', 'fence']) expect(killed.get(at), at).toBeGreaterThan(0);
});

test.skipIf(!existsSync('/usr/bin/prlimit'))(
  'while the disk is full no phase begins, answers go on, and an alarm says so; when there is room again the move goes on',
  async () => {
    const plan = writePlan('full');
    const [name] = plan.names;
    const journal = join(plan.folder, 'ferrydns-migrations/full.journal');
    const life = new Life(plan);
    const status = async () => (await life.status()) ?? expect.unreachable('the server has ended');
    const limit = (octets: number) => execFileSync('bash', ['-c', `prlimit --pid ${life.process.pid} --fsize=${octets}:`]);
    try {
      await life.ready();
      while (!readFileSync(journal, 'utf8').includes('obeys epoch 1, original')) await delay(5);
      // A part of the next entry still fits.
      limit(statSync(journal).size + 100);
      const answered = () => ask({ port: life.port, name });
      const started = life.start();
      while ((await status()).alarms.length === 0) await delay(5);
      expect(await status()).toMatchObject({ phase: 'original', alarms: [{ about: 'disk', text: expect.stringContaining('EFBIG') }] });
      expect((await answered()).answers).toEqual([`${name}. 1 IN A 192.0.2.1`]);
      await delay(1500);
      expect((await status()).phase).toBe('original');
      limit(1e9);
      await started;
      while ((await status()).phase !== 'done') await delay(20);
      expect((await status()).alarms).toEqual([]);
      expect((await answered()).answers).toEqual([`${name}. 1 IN A 198.51.100.1`]);
    } finally {
      await life.kill();
      rmSync(plan.folder, { recursive: true, force: true });
    }
  },
);
