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
