// What may be answered from the cache to whom: the key is name, type, class, DO, CD and RD, and nobody gets what another kind of query fetched.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { ask } from '../support/client.ts';
import { recordText } from '../support/message.ts';
import { type Asked, startUpstream } from '../support/upstream.ts';

/** The last octet tells what the upstream was asked with. */
const byFlags = ({ message }: Asked) => ({
  answer: [`a.test 60 A 192.0.2.${1 + (message.opt?.do === true ? 1 : 0) + (message.flags.includes('cd') ? 2 : 0)}`],
});
const matrix = [
  ['', '192.0.2.1'],
  ['+edns', '192.0.2.1'],
  ['+do', '192.0.2.2'],
  ['+cd', '192.0.2.3'],
  ['+edns +cd', '192.0.2.3'],
  ['+do +cd', '192.0.2.4'],
] as const;
const orders = [
  ['plain queries first', matrix],
  ['plain queries last', matrix.toReversed()],
] as const;

test.each(orders)('an answer fetched with other DO or CD bits is not given (CVE-2024-0874, CVE-2025-30192): %s', async (_, order) => {
  const upstream = await startUpstream({ 'a.test A': byFlags });
  await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint}\n}`);
  for (const round of ['miss', 'hit']) {
    for (const [words, address] of order) {
      const { reply } = await ask(server, `a.test A ${words}`.trim());
      expect([words, round, reply?.answer.map(({ data }) => data)]).toEqual([words, round, [address]]);
      expect(reply?.opts, 'OPT only for those who sent one').toBe(words.includes('+edns') || words.includes('+do') ? 1 : 0);
      expect(reply?.flags.includes('cd')).toBe(words.includes('+cd'));
    }
  }
  await upstream.stop();
  expect(upstream.asked, 'one question for each of four keys').toHaveLength(4);
});

test('a failure under CD=0 is not given to those who check for themselves', async () => {
  const validates = ({ message }: Asked) => (message.flags.includes('cd') ? { answer: ['a.test 60 A 192.0.2.1'] } : { rcode: 'SERVFAIL' });
  const upstream = await startUpstream({ 'a.test A': validates });
  await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint}\n}`);
  const rcodes = [];
  for (const text of ['a.test A', 'a.test A +cd', 'a.test A']) rcodes.push((await ask(server, text)).reply?.rcode);
  await upstream.stop();
  expect(rcodes).toEqual(['SERVFAIL', 'NOERROR', 'SERVFAIL']);
  expect(upstream.asked).toHaveLength(2);
});

test.each([
  ['a referral', { authority: ['a.test 60 NS ns.a.test'] }],
  ['a failure', { rcode: 'SERVFAIL' }],
  ['a denial', { rcode: 'NXDOMAIN', authority: ['test 60 SOA ns.test host.test 1 2 3 4 60'] }],
])('%s for a query without RD is not given to one with it, nor the other way round', async (_, reply) => {
  const recursive = ({ message }: Asked) => (message.flags.includes('rd') ? { answer: ['a.test 60 A 192.0.2.1'] } : reply);
  for (const order of [
    ['+nord', ''],
    ['', '+nord'],
  ]) {
    const upstream = await startUpstream({ 'a.test A': recursive });
    await using server = await serve(`.:0 {\n cache {\n serve_stale\n }\n forward . ${upstream.endpoint}\n}`);
    for (const words of [...order, ...order]) {
      const answers = (await ask(server, `a.test A ${words}`.trim())).reply?.answer.map(({ data }) => data);
      expect([words, answers]).toEqual([words, words === '' ? ['192.0.2.1'] : []]);
    }
    await upstream.stop();
    expect(upstream.asked).toHaveLength(2);
  }
});

test('who asks without RD does not wait for an answer that is asked for with it', async () => {
  const recursive = ({ message }: Asked) => ({ answer: [`a.test 60 A 192.0.2.${message.flags.includes('rd') ? 1 : 2}`], delay: 50 });
  const upstream = await startUpstream({ 'a.test A': recursive });
  await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint}\n}`);
  const replies = await Promise.all(['a.test A', 'a.test A +nord'].map((text) => ask(server, text)));
  await upstream.stop();
  expect(replies.map(({ reply }) => reply?.answer[0]?.data)).toEqual(['192.0.2.1', '192.0.2.2']);
});

test('the letter case of the name is no part of the key, its type is', async () => {
  const upstream = await startUpstream({ 'a.test A': ['a.test 60 A 192.0.2.1'], 'a.test TXT': ['a.test 60 TXT "text"'] });
  await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint}\n}`);
  const answers = [];
  for (const text of ['a.test A', 'A.TEST A', 'a.test TXT', 'a.TEST TXT']) {
    const { reply } = await ask(server, text);
    expect(reply?.questions[0]?.name).toBe(`${text.split(' ')[0]}.`);
    answers.push(reply?.answer.map((record) => recordText({ ...record, name: record.name.toLowerCase() })).join());
  }
  await upstream.stop();
  expect(answers).toEqual(['a.test. 60 IN A 192.0.2.1', 'a.test. 60 IN A 192.0.2.1', 'a.test. 60 IN TXT "text"', 'a.test. 60 IN TXT "text"']);
  expect(upstream.asked).toHaveLength(2);
});

test.each(['after', 'with'])(
  'an answer made for one network is not given to others who ask %s it (RFC 7871 section 7.3.1, CVE-2025-5994)',
  async (when) => {
    const subnet = '8:00011800c00002';
    const bySubnet = ({ message }: Asked) => {
      const scoped = message.opt?.options.some(({ code }) => code === 8) === true;
      const opt = scoped ? { opt: { options: [{ code: 8, data: '00011818c00002' }] } } : {};
      return { answer: [`a.test 60 A ${scoped ? '192.0.2.66' : '192.0.2.1'}`], delay: 50, ...opt };
    };
    const upstream = await startUpstream({ 'a.test A': bySubnet });
    await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint}\n}`);
    const first = ask(server, `a.test A +option=${subnet}`);
    if (when === 'after') await first;
    const others = await Promise.all([ask(server, 'a.test A'), ask(server, 'a.test A +edns')]);
    await first;
    await upstream.stop();
    expect(others.map(({ reply }) => reply?.answer[0]?.data)).toEqual(['192.0.2.1', '192.0.2.1']);
  },
);
