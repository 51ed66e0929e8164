// What cache refuses, and what it takes at the edge of it.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';

test.each([
  ['cache 0', 'cache TTL can not be zero or negative: 0'],
  ['cache -1', 'cache TTL can not be zero or negative: -1'],
  ['cache {\n success\n }', "Wrong argument count or unexpected line ending after 'success'"],
  ['cache {\n prefetch 1 1m 5%\n }', 'percentage should fall in range [10, 90]: 5'],
  ['cache {\n servfail 6m\n }', '6m'],
  ['cache {\n serve_stale_policy prefer_positive\n }', 'serve_stale_policy requires serve_stale'],
  ['cache {\n serve_stale 1h immediate 7s 301s\n }', 'serve_stale failure recheck cannot exceed 5 minutes'],
  ['cache {\n serve_stale 1h immediate 1500ms\n }', 'whole number of seconds'],
  ['cache\n cache', 'plugin can only be used once per Server Block'],
])('%j is refused', async (block, message) => {
  await expect(serve(`. {\n ${block}\n}`)).rejects.toThrow(message);
});

test.each([
  'cache {\n serve_stale 1h immediate 7s 5m\n }',
  'cache {\n servfail 5m\n }',
  'cache {\n prefetch 1 1m 10%\n }',
  'cache {\n prefetch 1 1m 90%\n }',
])('%j is taken', async (block) => {
  await using server = await serve(`. {\n ${block}\n whoami\n}`);
  expect((await server.ask('www.example.org')).rcode).toBe('NOERROR');
});

test('a capacity takes memory when entries come, not before', async () => {
  const before = process.memoryUsage().rss;
  await using server = await serve('. {\n cache {\n success 4294967295\n denial 9007199254740991\n }\n whoami\n}');
  expect((await server.ask('www.example.org')).rcode).toBe('NOERROR');
  expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  expect(server.lines).toContainEqual(
    expect.stringMatching(/WARNING.*4294967295 entries are more than a process can hold: it keeps 8388608 at most/),
  );
});

test('the lowest capacity holds: the entry asked for longest ago goes', async () => {
  await using server = await serve(
    '. {\n cache {\n success 1\n denial 1\n }\n prometheus 127.0.0.1:0\n hosts {\n ttl 60\n LINES\n }\n}'.replace('LINES', hostLines(1030)),
  );
  for (let i = 0; i < 1030; i++) await server.ask(`h${i}.example`);
  const metrics = await server.metrics();
  expect(metrics).toMatch(/coredns_cache_entries\{[^}]*type="success"[^}]*\} 1024$/m);
  expect(metrics).toMatch(/coredns_cache_evictions_total\{[^}]*type="success"[^}]*\} 6$/m);
});

function hostLines(count: number): string {
  return Array.from({ length: count }, (_, i) => `192.0.${i >> 8}.${i & 255} h${i}.example`).join('\n ');
}
