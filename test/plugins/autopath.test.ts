// What stands behind autopath sees every name that it tries.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';

const files = {
  'resolv.conf': 'search first.test second.test\n',
  hosts: '192.0.2.1 www.second.test\n',
};

test('a name of the search path is found for a client that asked for the first of it', async () => {
  await using server = await serve('.:0 {\n autopath resolv.conf\n hosts hosts\n}', { files });
  expect((await server.ask('www.first.test')).answers).toEqual([
    'www.first.test. 3600 IN CNAME www.second.test.',
    'www.second.test. 3600 IN A 192.0.2.1',
  ]);
});

test('acl is asked about each of them, so that none slips past it', async () => {
  await using server = await serve('.:0 {\n autopath resolv.conf\n acl second.test {\n  block\n }\n hosts hosts\n}', { files });
  expect((await server.ask('www.second.test')).rcode).toBe('REFUSED');
  expect((await server.ask('www.first.test')).answers).toEqual([]);
});

test('the cache keeps what was found under its own name, not the way that led there', async () => {
  await using server = await serve('.:0 {\n prometheus 127.0.0.1:0\n autopath resolv.conf\n cache\n hosts hosts\n}', { files });
  await server.ask('www.first.test');
  await server.ask('www.second.test');
  expect(await server.metrics()).toMatch(/^coredns_cache_hits_total\{.*type="success".*\} 1$/m);
});
