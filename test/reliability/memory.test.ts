// In little memory, the program of the npm package: a flood of names that nobody asks for twice ends nothing, and takes nothing from those that clients use.
// `npm run test:memory` floods for a minute, and holds the time of each answer as well.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ask, freePort } from 'ferrydns/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { bundle } from '../../scripts/bundle.ts';
import { makeControlGroup } from '../support/control-group.ts';
import { type Program, startProgram } from '../support/program.ts';

const mebibyte = 2 ** 20;
const seconds = Number(process.env['MEMORY_SECONDS'] ?? 3);
const isLong = process.env['MEMORY_SECONDS'] !== undefined;
/** Milliseconds: what is done besides the flood takes most of it where the machine has other work. */
const timeout = 120_000 + 2000 * seconds;
const kept = Array.from({ length: 20 }, (_, index) => `kept${index}.bench.`);
const lifetime = 3600;

const root = join(import.meta.dirname, '../..');
/** Below the repository, where packages are found. */
let folder = '';
beforeAll(async () => {
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  folder = mkdtempSync(join(root, 'node_modules/.cache/memory-test-'));
  await bundle({ root, dist: folder });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The port of an upstream that answers every name at once, in a process of its own. */
async function startUpstream(): Promise<number> {
  const child = fork(join(import.meta.dirname, '../../bench/upstream.ts'));
  onTestFinished(() => void child.kill('SIGKILL'));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return port;
}

/** Asks for every name that is kept, once a second, at least twice. Gives what was not as it has to be. */
async function watch(port: number): Promise<string[]> {
  const wrong: string[] = [];
  const askedBefore = new Map<string, number>();
  const end = performance.now() + seconds * 1000;
  for (let second = 0; second < 2 || performance.now() < end; second++) {
    const begun = performance.now();
    for (const name of kept) {
      const asked = performance.now();
      const { rcode, ttl, took } = await askFor(name, port);
      // One that was lost is asked for at the upstream anew, and has its whole lifetime again. Where this process was late itself, it has not asked each second.
      const isLost = ttl === lifetime && asked - (askedBefore.get(name) ?? asked) < 2000;
      askedBefore.set(name, asked);
      if (rcode !== 'NOERROR' || isLost) wrong.push(`${name} in second ${second}: ${rcode}, TTL ${ttl}`);
      if (isLong && took > 1000) wrong.push(`${name} in second ${second}: took ${took} ms`);
    }
    await delay(Math.max(0, begun + 1000 - performance.now()));
  }
  return wrong;
}

async function askFor(name: string, port: number) {
  const asked = performance.now();
  const { rcode, answers } = await ask({ port, name, transport: 'tcp', timeout: 60_000 });
  return { rcode, ttl: Number(answers[0]?.split(' ')[1]), took: performance.now() - asked };
}

function peakOf({ pid }: Program): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

test.skipIf(process.platform !== 'linux').each([
  [128, 5],
  [64, 25],
])('in %i MiB a flood of 250 names in %i ms ends nothing, and takes no name that is asked for each second', { timeout }, async (size, pause) => {
  using group = makeControlGroup(size * mebibyte);
  const [port, metrics, upstream] = [await freePort(), await freePort(), await startUpstream()];
  const lines = [
    'bind 127.0.0.1',
    'errors',
    `prometheus 127.0.0.1:${metrics}`,
    `cache ${lifetime}`,
    `forward . 127.0.0.1:${upstream}`,
    'loadbalance',
  ];
  const words = group === undefined ? ['-memory', `${size}MiB`] : [];
  {
    await using server = await startProgram({
      files: { Corefile: `.:${port} {\n${lines.join('\n')}\n}\n` },
      file: join(folder, 'src/main.js'),
      words,
      ...(group === undefined ? {} : { through: group.through }),
    });
    for (const name of kept) expect((await askFor(name, port)).rcode).toBe('NOERROR');
    for (const name of kept) await expect.poll(async () => (await askFor(name, port)).ttl).toBeLessThan(lifetime);
    const flood = fork(join(import.meta.dirname, 'flood.ts'), [String(port), String(pause)]);
    onTestFinished(() => void flood.kill('SIGKILL'));
    expect(await watch(port)).toEqual([]);
    const read = async () => await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    const misses = (page: string) =>
      [...page.matchAll(/^coredns_cache_misses_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
    await expect.poll(async () => misses(await read())).toBeGreaterThan(1000);
    flood.kill('SIGKILL');
    const page = await read();
    expect(page).toContain(`ferrydns_memory_limit_bytes{source="${group === undefined ? 'option' : 'cgroup'}"} ${size * mebibyte}\n`);
    expect(page).toMatch(new RegExp(`^ferrydns_cache_limit_bytes\\{.*type="success".*\\} ${(size / 16) * mebibyte}$`, 'm'));
    expect([server.process.exitCode, server.process.signalCode]).toEqual([null, null]);
    // Without a group nobody ends it: then what it took has to tell. Files that are mapped count here, and not in a group.
    if (group === undefined && size >= 128) expect(peakOf(server)).toBeLessThan(size * mebibyte);
  }
  expect(group?.kills() ?? 0).toBe(0);
});
