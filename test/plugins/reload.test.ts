import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve, type TestServer } from 'ferrydns/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { block, refusal } from '../support/refusal.ts';

const running = /^\[INFO\] plugin\/reload: Running configuration SHA512 = ([0-9a-f]{128})$/;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

const write = (server: TestServer, corefile: string, file = 'Corefile') => writeFileSync(join(server.directory, file), corefile);
const count = (server: TestServer, text: string) => server.lines.filter((line) => line.includes(text)).length;
const sample = async (server: TestServer, start: string) => (await server.metrics()).split('\n').filter((line) => line.startsWith(start));

/** Lets the longest interval pass, and waits until the configuration was looked at. */
async function pass(server: TestServer, milliseconds: number): Promise<void> {
  const looked = vi.spyOn(server.server, 'reload');
  vi.advanceTimersByTime(milliseconds);
  await new Promise((resolve) => setImmediate(resolve));
  for (const { value } of looked.mock.results) await (value as Promise<void>).catch(() => undefined);
  looked.mockRestore();
  await new Promise((resolve) => setImmediate(resolve));
}

test('reload says which configuration runs, once, and as a metric', async () => {
  await using server = await serve('.:0 {\nreload\nwhoami\n}\nexample.org:0 {\nreload\nwhoami\n}');
  const hashes = server.lines.flatMap((line) => running.exec(line)?.[1] ?? []);
  expect(hashes).toHaveLength(1);
  expect(await sample(server, 'coredns_reload_version_info')).toEqual([`coredns_reload_version_info{hash="sha512",value="${hashes[0]}"} 1`]);
  expect(await sample(server, 'coredns_reload_failed_total')).toEqual(['coredns_reload_failed_total 0']);
});

test('a changed file is loaded when the interval has passed', async () => {
  await using server = await serve(block('reload 10s 0s'));
  write(server, '.:0 {\nreload 10s 0s\nhosts {\n192.0.2.1 www.test\n}\n}');
  await pass(server, 9999);
  expect((await server.ask('www.test')).answers).toEqual([]);
  await pass(server, 1);
  expect((await server.ask('www.test')).answers).toEqual(['www.test. 3600 IN A 192.0.2.1']);
  const hashes = server.lines.flatMap((line) => running.exec(line)?.[1] ?? []);
  expect(new Set(hashes).size).toBe(2);
  expect(await sample(server, 'coredns_reload_version_info')).toEqual([`coredns_reload_version_info{hash="sha512",value="${hashes[1]}"} 1`]);
});

test('the new configuration decides on the next interval, and whether there is one', async () => {
  await using server = await serve(block('reload 2s 0s'));
  write(server, block('reload 1h 0s'));
  await pass(server, 2000);
  write(server, block());
  await pass(server, 3_599_000);
  expect(count(server, 'Reloading complete')).toBe(1);
  await pass(server, 1000);
  expect(count(server, 'Reloading complete')).toBe(2);
  expect(await sample(server, 'coredns_reload_version_info')).toEqual([]);
  write(server, block('errors'));
  await pass(server, 10_000_000);
  expect(count(server, 'Reloading complete')).toBe(2);
});

test('a change of layout and comments is none', async () => {
  await using server = await serve(block('reload 2s'));
  write(server, `# the same\n${block('reload    2s').replaceAll('\n', '\n\n')}`);
  await pass(server, 4000);
  expect(count(server, 'Reloading')).toBe(0);
});

test('a change of an imported file is one', async () => {
  await using server = await serve(block('reload 2s', 'import more'), { files: { more: 'errors\n' } });
  write(server, 'log\n', 'more');
  await pass(server, 4000);
  expect(count(server, 'Reloading complete')).toBe(1);
});

test('a change of a file that a directive names is one, and a broken one is told once', async () => {
  const files = { 'resolv.conf': 'nameserver 127.0.0.1\n', more: 'errors\n' };
  await using server = await serve(block('reload 2s 0s', 'forward . resolv.conf'), { files });
  await pass(server, 2000);
  expect(count(server, 'Reloading')).toBe(0);
  write(server, 'nameserver 127.0.0.2\n', 'resolv.conf');
  await pass(server, 4000);
  expect(count(server, 'Reloading complete')).toBe(1);
  write(server, '# none\n', 'resolv.conf');
  await pass(server, 6000);
  expect(count(server, 'no valid upstream addresses found')).toBe(1);
  expect(count(server, 'Reloading complete')).toBe(1);
  write(server, 'nameserver 127.0.0.1\n', 'resolv.conf');
  await pass(server, 2000);
  expect(count(server, 'Reloading complete')).toBe(2);
});

test('a broken file is told and counted once, the old configuration serves on, and a repaired one is loaded', async () => {
  await using server = await serve(block('reload 2s 0s'));
  write(server, block('reload 2s 0s', 'nonsense'));
  for (let i = 0; i < 3; i++) await pass(server, 2000);
  const failures = server.lines.filter((line) => line.startsWith('[ERROR] plugin/reload: Corefile changed but reload failed: '));
  expect(failures).toEqual([expect.stringMatching(/Corefile:3 - Error during parsing: Unknown directive 'nonsense'/)]);
  expect(await sample(server, 'coredns_reload_failed_total')).toEqual(['coredns_reload_failed_total 1']);
  expect((await server.ask('a.test')).rcode).toBe('NOERROR');
  write(server, block('reload 2s 0s', 'errors'));
  await pass(server, 2000);
  expect(count(server, 'Reloading complete')).toBe(1);
});

test('a broken file that is put back as it was needs no reload', async () => {
  const corefile = block('reload 2s 0s');
  await using server = await serve(corefile);
  write(server, `${corefile}nonsense {\n`);
  await pass(server, 2000);
  const before = count(server, 'Reloading');
  write(server, corefile);
  await pass(server, 2000);
  expect(count(server, 'Reloading')).toBe(before);
});

test('a file that is missing for a moment is waited for', async () => {
  await using server = await serve(block('reload 2s 0s', 'import more'), { files: { more: 'errors\n' } });
  const { rmSync } = await import('node:fs');
  rmSync(join(server.directory, 'Corefile'));
  await pass(server, 2000);
  expect(count(server, 'failed')).toBe(0);
  write(server, block('reload 2s 0s'));
  await pass(server, 2000);
  expect(count(server, 'Reloading complete')).toBe(1);
});

test('jitter moves the interval by half of it at most', async () => {
  for (const [random, least, most] of [
    [0, 7500, 7500],
    [0.999999, 12_499, 12_500],
  ] as const) {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    await using server = await serve(block('reload 10s 1h'));
    vi.mocked(Math.random).mockRestore();
    write(server, block('reload 10s 1h', 'errors'));
    await pass(server, least - 1);
    expect(count(server, 'Reloading')).toBe(0);
    await pass(server, most - least + 2);
    expect(count(server, 'Reloading complete')).toBe(1);
  }
});

test.each([
  ['reload 1s', 'interval value must be greater or equal to 2s'],
  ['reload 10s 500ms', 'jitter value must be 0 or greater or equal to 1s'],
  ['reload often', "invalid duration 'often'"],
  ['reload 10s 1s 1s', 'Wrong argument count'],
  ['reload {\nnow\n}', "unknown property 'now'"],
])('%j is refused', async (directive, message) => {
  expect(await refusal(block(directive))).toContain(message);
});
