import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';

test('whoami puts the address and port of the asker into the additional section', async () => {
  await using server = await serve('.:0 {\n whoami\n}');
  const answer = await server.ask('Example.org', 'A');
  expect(answer).toMatchObject({ rcode: 'NOERROR', answers: [], flags: ['aa', 'rd'] });
  expect(answer.additionals[0]).toBe('Example.org. 0 IN A 127.0.0.1');
  expect(answer.additionals[1]).toMatch(/^_udp\.Example\.org\. 0 IN SRV 0 0 \d+ \.$/);
});

test('whoami says which transport was used', async () => {
  await using server = await serve('.:0 {\n whoami\n}');
  const answer = await server.ask('example.org', 'TXT', { transport: 'tcp' });
  expect(answer.additionals[1]).toContain('_tcp.example.org.');
});
