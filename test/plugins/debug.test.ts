import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { faulty } from '../support/faulty.ts';
import { block, refusal } from '../support/refusal.ts';

test('debug puts the stack behind what a plugin throws unexpectedly', async () => {
  await using plain = await serve(block('faulty'), { plugins: [faulty] });
  await plain.ask('panic.test');
  expect(plain.lines.join('\n')).not.toContain('\n    at ');
  await using debugging = await serve(block('faulty', 'debug'), { plugins: [faulty] });
  expect((await debugging.ask('panic.test')).rcode).toBe('SERVFAIL');
  expect(debugging.lines.join('\n')).toContain('\n    at ');
});

test('debug prints debug lines of the process', async () => {
  await using server = await serve(block('debug', 'debug', 'errors {\nconsolidate 1h away debug show_first\n}', 'faulty'), { plugins: [faulty] });
  await server.ask('fail.test');
  expect(server.lines).toContain('[DEBUG] plugin/errors: 2 fail.test. A: upstream is away');
});

test('debug takes no arguments', async () => {
  expect(await refusal(block('debug on'))).toContain('Wrong argument count');
});
