// Upstreams that do not know EDNS, and say so in their own way (RFC 6891 sections 6.2.2 and 7).
import { serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { readQuestion } from '../../src/plugin/explanation.ts';
import { ask } from '../support/client.ts';
import { type Answer, startUpstream } from '../support/upstream.ts';

const question = '03777777076578616d706c65036f72670000010001';
const answer = ['www.example.org 60 A 192.0.2.1'];

/** A server before an upstream that answers EDNS in this way, and anything else with an address; and its clock, in milliseconds. */
async function refusing(refusal: Answer, transport: 'udp' | 'tcp' = 'udp') {
  const clock = { now: 0 };
  const upstream = await startUpstream({ '* *': ({ message }) => (message.opt === undefined ? { answer } : refusal) });
  const forced = transport === 'tcp' ? ' {\n force_tcp\n}' : '';
  const corefile = `.:0 {\n errors\n forward . ${upstream.endpoint}${forced}\n}`;
  const server = await serve(corefile, { now: () => clock.now });
  onTestFinished(async () => void (await Promise.all([server.stop(), upstream.stop()])));
  const opts = () => upstream.asked.splice(0).map(({ text }) => /opt.*/.exec(text)?.[0] ?? 'plain');
  return { server, corefile, opts, clock };
}

const refusals: readonly (readonly [string, Answer])[] = [
  ['FORMERR without an OPT record', { rcode: 'FORMERR', opt: false }],
  ['FORMERR without a question', { rcode: 'FORMERR', questions: [], opt: false }],
  ['FORMERR in a bare header', { raw: '....8181 0000 0000 0000 0000' }],
  ['FORMERR in a header that still counts what is gone', { raw: '....8181 0001 0000 0000 0001' }],
  ['FORMERR cut behind the question', { raw: `....8181 0001 0000 0000 0001 ${question}` }],
  ['NOTIMP', { rcode: 'NOTIMP', opt: false }],
  ['NOTIMP without a question', { rcode: 'NOTIMP', questions: [], opt: false }],
  ['BADVERS', { rcode: 'BADVERS', opt: { version: 0 } }],
  ['BADVERS without a question', { rcode: 'BADVERS', questions: [], opt: {} }],
];

test.each(refusals)('%s: asked again without EDNS at once, over either transport', async (_, refusal) => {
  for (const transport of ['udp', 'tcp'] as const) {
    const { server, opts } = await refusing(refusal, transport);
    const { reply } = await ask(server, `www.example.org A +edns${transport === 'tcp' ? ' +tcp' : ''}`);
    expect([reply?.rcode, reply?.answer.length, reply?.opt?.version]).toEqual(['NOERROR', 1, 0]);
    expect(opts()).toEqual(['opt 1232', 'plain']);
  }
});

test.each(refusals)('%s is remembered for five minutes, also for queries with DO, and through a reload', async (_, refusal) => {
  const { server, corefile, opts, clock } = await refusing(refusal);
  const asked = async () => {
    expect((await ask(server, 'www.example.org A +do')).reply?.answer).toHaveLength(1);
    return opts();
  };
  expect(await asked()).toEqual(['opt 1232 do', 'plain']);
  expect(server.lines.filter((line) => / replies (FORMERR|NOTIMP|BADVERS) to EDNS: for 5m0s it is asked without$/.test(line))).toHaveLength(1);
  expect(await asked()).toEqual(['plain']);
  clock.now = 299_999;
  await server.reload(corefile);
  expect(await asked()).toEqual(['plain']);
  clock.now = 300_000;
  expect(await asked()).toEqual(['opt 1232 do', 'plain']);
});

test('a refusal that is no fault of EDNS is passed on, and nothing is remembered', async () => {
  const upstream = await startUpstream({ '* *': { rcode: 'NOTIMP', opt: false } });
  await using server = await serve(`.:0 {\n forward . ${upstream.endpoint}\n}`);
  onTestFinished(() => upstream.stop());
  for (let i = 0; i < 2; i++) expect((await ask(server, 'www.example.org A +edns')).reply?.rcode).toBe('NOTIMP');
  expect((await ask(server, 'www.example.org A')).reply?.rcode).toBe('NOTIMP');
  expect(upstream.asked.map(({ message }) => message.opt !== undefined)).toEqual([true, false, true, false, false]);
});

test('an upstream that knows EDNS and finds fault with one query gets EDNS with the next', async () => {
  const { server, opts } = await refusing({ rcode: 'FORMERR', opt: {} });
  for (let i = 0; i < 2; i++) {
    expect((await ask(server, 'www.example.org A +edns')).reply?.answer).toHaveLength(1);
    expect(opts()).toEqual(['opt 1232', 'plain']);
  }
});

test('explain says that an upstream does not know EDNS', async () => {
  const { server } = await refusing({ rcode: 'NOTIMP', opt: false });
  await ask(server, 'www.example.org A +edns');
  const { steps } = await server.server.own.explain(readQuestion({ name: 'www.example.org' }));
  expect(steps.flatMap(({ notes }) => notes)).toContainEqual(
    expect.stringMatching(/^upstream 127\.0\.0\.1:\d+ is up(?:, replies in .* ms)?, does not know EDNS$/),
  );
});
