// The memory limit: read from the control group, overridden by an option, kept by the cache, told by a metric.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ask, freePort } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { readCgroupLimit, readSize } from '../../src/server/memory-limit.ts';
import { startProgram } from '../support/program.ts';

/** A folder with these files in the place of /proc and /sys. */
function machine(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'ferrydns-cgroup-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${text}\n`);
  }
  return root;
}

test('cgroup v2: the lowest limit from the group to the root counts', () => {
  const root = machine({
    'proc/self/cgroup': '0::/kubepods/pod1',
    'sys/fs/cgroup/kubepods/memory.max': '178257920',
    'sys/fs/cgroup/kubepods/pod1/memory.max': '268435456',
  });
  expect(readCgroupLimit(root)).toEqual({ octets: 178_257_920, source: 'cgroup' });
});

test('cgroup v2 in a container of its own: the file stands at the root', () => {
  const root = machine({ 'proc/self/cgroup': '0::/../../outside', 'sys/fs/cgroup/memory.max': '67108864' });
  expect(readCgroupLimit(root)?.octets).toBe(67_108_864);
});

test('cgroup v1: the controller "memory" among others', () => {
  const root = machine({
    'proc/self/cgroup': '9:cpu,cpuacct:/a\n4:memory,hugetlb:/docker/abc\n0::/',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
    'sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': '134217728',
  });
  expect(readCgroupLimit(root)?.octets).toBe(134_217_728);
});

test.each([
  ['v2', { 'proc/self/cgroup': '0::/a', 'sys/fs/cgroup/a/memory.max': 'max' }],
  ['v1', { 'proc/self/cgroup': '4:memory:/a', 'sys/fs/cgroup/memory/a/memory.limit_in_bytes': '9223372036854771712' }],
  ['no cgroups', {}],
])('%s without a limit: nobody says', (_, files) => {
  expect(readCgroupLimit(machine(files))).toBeUndefined();
});

test('-memory takes sizes as Kubernetes and as people write them', () => {
  expect(['64MiB', '64Mi', '64m', '67108864'].map(readSize)).toEqual(Array(4).fill(67_108_864));
});

test.each(['', '64', '1MiB', 'x', '-1', '64XB', '1.5GiB'])('-memory %s is refused', (text) => {
  expect(() => readSize(text)).toThrow(/-memory, expected a size of at least 32MiB/);
});

test.each([
  ['', 4],
  ['multisocket 3', 1],
])('-memory bounds the cache of each process, and metrics tell both (%s)', async (line, share) => {
  const [port, metrics] = [await freePort(), await freePort()];
  const corefile = `.:${port} {\nbind 127.0.0.1\nprometheus 127.0.0.1:${metrics}\n${line}\ncache\nwhoami\n}\n`;
  await using server = await startProgram({ files: { Corefile: corefile }, words: ['-memory', '64MiB'] });
  expect(server.output.error).toBe('');
  expect((await ask({ port, name: 'www.test' })).rcode).toBe('NOERROR');
  const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  expect(page).toContain(`ferrydns_memory_limit_bytes{source="option"} ${64 * 2 ** 20}\n`);
  expect(page).toMatch(new RegExp(`^ferrydns_cache_limit_bytes\\{.*type="success".*\\} ${share * 2 ** 20}$`, 'm'));
  expect(page).toMatch(/^ferrydns_cache_bytes\{.*type="success".*\} \d+$/m);
});
