// Corefile.example, started as it is but for its ports and upstreams.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { startUpstream } from './support/upstream.ts';

const example = readFileSync(join(import.meta.dirname, '..', 'Corefile.example'), 'utf8');

test('Corefile.example serves what its comments say', async () => {
  const upstream = await startUpstream({ 'example.com A': { answer: ['example.com 300 A 198.51.100.7'] } });
  const corefile = example
    .replaceAll(/:1\d{3,4}\b/g, ':0')
    .replace(/^ {4}console\b/m, '    console 127.0.0.1:0')
    .replace('9.9.9.9 1.1.1.1', `127.0.0.1:${upstream.port}`);
  await using server = await serve(corefile);
  const moved = await server.ask('WWW.example.domain');
  expect(moved.answers.map((line) => line.toLowerCase()).sort()).toEqual([
    'www.example.domain. 30 in a 192.0.2.1',
    'www.example.domain. 30 in a 192.0.2.2',
  ]);
  expect([...(await server.ask('2.2.0.192.in-addr.arpa', 'PTR')).answers].sort()).toEqual([
    '2.2.0.192.in-addr.arpa. 30 IN PTR b.example.domain.',
    '2.2.0.192.in-addr.arpa. 30 IN PTR both.example.domain.',
  ]);
  expect((await server.ask('localhost')).answers).toEqual(['localhost. 604800 IN A 127.0.0.1']);
  expect((await server.ask('example.com')).answers).toEqual(['example.com. 30 IN A 198.51.100.7']);
  expect((await server.ask('example.com', 'A', { transport: 'tcp' })).flags).toContain('aa');
  expect(upstream.asked).toHaveLength(1);
  expect(await (await fetch(`http://127.0.0.1:${server.server.httpPort('127.0.0.1:0')}/session`)).json()).toMatchObject({ role: 'operator' });
  const logged = await (await fetch(`http://127.0.0.1:${server.server.httpPort('127.0.0.1:0')}/queries`)).json();
  expect((logged as { events: { name: string }[] }).events.map(({ name }) => name)).toEqual([
    'example.com.',
    'example.com.',
    'localhost.',
    '2.2.0.192.in-addr.arpa.',
    'www.example.domain.',
  ]);
  for (const path of ['health', 'ready', 'metrics']) {
    expect((await fetch(`http://127.0.0.1:${server.server.httpPort('127.0.0.1:0')}/${path}`)).status, path).toBe(200);
  }
  await upstream.stop();
});
