import { definePlugin, type Reply } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { refusal } from '../support/refusal.ts';
import { startUpstream } from '../support/upstream.ts';

const silent = definePlugin({ name: 'silent', summary: '', config: {}, setup: () => ({ handle: () => new Promise<Reply>(() => {}) }) });

test('an answer that is not there in time is SERVFAIL with extended error 22, whichever plugin does not give it', async () => {
  await using server = await serve('.:0 {\ncancel 200ms\nsilent\nwhoami\n}', { plugins: [{ plugin: silent, place: { before: 'whoami' } }] });
  expect(await server.ask('a.test', 'A', { udpSize: 1232 })).toMatchObject({ rcode: 'SERVFAIL', extendedErrors: [{ code: 22 }] });
  expect(await server.metrics()).toMatch(/^ferrydns_queries_unanswered_total(?:\{.*\})? 1$/m);
});

test('forward gives up when the time is up, and asks no further upstream', async () => {
  await using first = await startUpstream({ '* *': { drop: true } });
  await using second = await startUpstream({ '* *': { drop: true } });
  const forward = `forward . ${first.endpoint} ${second.endpoint} {\npolicy sequential\nread_timeout 3s\nhealth_check 60s\n}`;
  await using server = await serve(`.:0 {\ncancel 200ms\n${forward}\n}`);
  expect(await server.ask('a.test')).toMatchObject({ rcode: 'SERVFAIL' });
  expect(second.asked.filter(({ text }) => text.includes('a.test'))).toEqual([]);
});

test('answers in time pass', async () => {
  await using upstream = await startUpstream({ '* *': { delay: 50, answer: ['a.test 30 A 192.0.2.1'] } });
  await using server = await serve(`.:0 {\ncancel 20s\nforward . ${upstream.endpoint}\n}`);
  expect((await server.ask('a.test')).answers).toHaveLength(1);
});

test.each([
  ['0s', 'invalid negative duration: "0s"'],
  ['-1s', 'invalid negative duration: "-1s"'],
  ['5', 'invalid duration: "5"'],
  ['1s 2s', "Wrong argument count or unexpected line ending after '2s'"],
])('%s is refused', async (words, message) => {
  expect(await refusal(`.:0 {\ncancel ${words}\nwhoami\n}`)).toContain(message);
});
