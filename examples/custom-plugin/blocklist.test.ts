import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import blocklist from './blocklist.ts';

test('listed names and all names below them do not exist', async () => {
  const corefile = '. {\n blocklist {{DIR}}/names\n whoami\n}';
  const plugins = [{ plugin: blocklist, place: { before: 'cache' } }];
  await using server = await serve(corefile, { plugins, files: { names: 'ads.example # all of it' } });
  expect(await server.ask('banner.ads.example')).toMatchObject({ rcode: 'NXDOMAIN' });
  expect(await server.ask('loads.example')).toMatchObject({ rcode: 'NOERROR' });
  expect(await server.metrics()).toContain('ferrydns_blocklist_blocked_total 1');
});
