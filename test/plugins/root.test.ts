import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { block, refusal } from '../support/refusal.ts';

test('root is where relative file names of the block start, wherever it stands in the block', async () => {
  const files = { 'sub/hosts': '192.0.2.1 www.example.org\n' };
  await using server = await serve('.:0 {\nhosts hosts\nroot {{DIR}}/sub\n}', { files });
  expect((await server.ask('www.example.org')).answers).toEqual(['www.example.org. 3600 IN A 192.0.2.1']);
});

test('the last of several root directives counts', async () => {
  const files = { 'sub/hosts': '192.0.2.1 www.example.org\n' };
  await using server = await serve('.:0 {\nroot {{DIR}}\nroot {{DIR}}/sub\nhosts hosts\n}', { files });
  expect((await server.ask('www.example.org')).rcode).toBe('NOERROR');
});

test('a folder that is missing is worth a warning and no more', async () => {
  await using server = await serve(block('root {{DIR}}/nowhere'));
  expect(server.lines.join('\n')).toMatch(/^\[WARNING\] plugin\/root: .*Root path does not exist: .*nowhere$/m);
});

test('a path that cannot be looked at is refused', async () => {
  expect(await refusal(block('root {{DIR}}/Corefile/below'))).toContain('plugin/root: ');
});

test('root without a path, or with two, is refused', async () => {
  expect(await refusal(block('root'))).toContain('Wrong argument count');
  expect(await refusal(block('root a b'))).toContain('Wrong argument count');
});
