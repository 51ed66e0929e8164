import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { refusal } from '../support/refusal.ts';

/** 51 addresses of one name: 855 octets, its OPT record aside. */
const hosts = `hosts {\n${Array.from({ length: 51 }, (_, i) => `192.0.2.${i} big.test`).join('\n')}\n}`;

test.each([
  [700, true],
  [4096, false],
])('with bufsize %i a client that takes 4096 octets gets a truncated reply: %s', async (size, truncated) => {
  await using server = await serve(`.:0 {\nbufsize ${size}\n${hosts}\n}`);
  const answer = await server.ask('big.test', 'A', { udpSize: 4096 });
  expect(answer.flags.includes('tc')).toBe(truncated);
  expect(answer.wire.length).toBeLessThanOrEqual(size);
  expect((await server.ask('big.test', 'A', { udpSize: 4096, transport: 'tcp' })).answers).toHaveLength(51);
});

test('each server block has a bound of its own, and so has each view; a reload changes it', async () => {
  const block = (zone: string, size: number, more = '') => `${zone}:0 {\n${more}bufsize ${size}\n${hosts}\n}\n`;
  const truncated = async (type = 'A') => (await server.ask('big.test', type, { udpSize: 4096 })).flags.includes('tc');
  await using server = await serve(block('test', 600) + block('.', 4096));
  expect(await truncated()).toBe(true);
  await server.reload(block('test', 4096, "view big {\nexpr name() == 'big.test.'\n}\n") + block('test', 600));
  expect(await truncated()).toBe(false);
});

test.each([['511'], ['4097'], ['x'], ['512 600']])('%s is refused', async (words) => {
  expect(await refusal(`.:0 {\nbufsize ${words}\nwhoami\n}`)).toContain('plugin/bufsize: ');
});
