import { serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { readQuestion } from '../../src/plugin/explanation.ts';
import { startUpstream } from '../support/upstream.ts';

/** What a client gets for `www.example.org A` when the upstream answers with these records. */
const answered = async (answer: readonly string[], rcode = 'NOERROR') => {
  const upstream = await startUpstream({ '* *': { answer, rcode } });
  const server = await serve(`.:0 {\n forward . ${upstream.endpoint}\n}`);
  onTestFinished(() => server.stop());
  onTestFinished(() => upstream.stop());
  const { rcode: given, answers } = await server.ask('www.example.org');
  return [given, ...answers];
};
const aliases = (count: number) => Array.from({ length: count }, (_, i) => `${i === 0 ? 'www' : `n${i}`}.example.org 60 CNAME n${i + 1}.example.org`);

test('records of the name asked for and of its aliases are given to the client, in whatever order and letter case', async () => {
  expect(
    await answered(['n2.example.org 60 A 192.0.2.1', 'WWW.example.org 60 CNAME N1.example.org', 'n1.Example.org 60 CNAME n2.example.org']),
  ).toEqual([
    'NOERROR',
    'n2.example.org. 60 IN A 192.0.2.1',
    'WWW.example.org. 60 IN CNAME N1.example.org.',
    'n1.Example.org. 60 IN CNAME n2.example.org.',
  ]);
});

test('records of other names are left out (RFC 5452 section 6)', async () => {
  expect(await answered(['www.example.org 60 A 192.0.2.1', 'www.example.com 60 A 192.0.2.66'])).toEqual([
    'NOERROR',
    'www.example.org. 60 IN A 192.0.2.1',
  ]);
  expect(await answered(['www.example.org 60 CNAME a.example.org', 'b.example.org 60 A 192.0.2.66'])).toEqual([
    'NOERROR',
    'www.example.org. 60 IN CNAME a.example.org.',
  ]);
});

test('an answer about another name alone is no answer', async () => {
  expect(await answered(['www.example.com 60 A 192.0.2.66'])).toEqual(['SERVFAIL']);
});

test('the log and explain say what came under another name, and what is to be changed there', async () => {
  const other = ['www.internal 60 A 192.0.2.1', 'www.internal 60 A 192.0.2.2', 'x.internal 60 A 192.0.2.3', 'y.internal 60 A 192.0.2.3'];
  const upstream = await startUpstream({ 'www.example.org *': other, '* *': [...other, 'some.example.org 60 A 192.0.2.4'] });
  await using server = await serve(`.:0 {\n errors\n forward . ${upstream.endpoint}\n}`);
  onTestFinished(() => upstream.stop());
  expect((await server.ask('www.example.org')).rcode).toBe('SERVFAIL');
  const came = 'www.internal. A, www.internal. A, x.internal. A and 1 more';
  const advice = "a server that renames queries must give the name back: in CoreDNS and ferrydns its rewrite rule needs 'answer auto'";
  const message = `${upstream.endpoint} answered ${came} when asked for www.example.org. A: ${advice}`;
  expect(server.lines).toContain(`[ERROR] plugin/errors: 2 www.example.org. A: ${message}`);
  const explained = async (name: string) => JSON.stringify((await server.server.own.explain(readQuestion({ name }))).steps);
  expect(await explained('www.example.org')).toContain(message);
  expect(await explained('some.example.org')).toContain(`left out of its reply, as the question does not lead there: ${came}`);
});

test('of an upstream that answers another question the log says which', async () => {
  const upstream = await startUpstream({
    '* *': { questions: [{ name: 'www.internal.', type: 'A', class: 'IN' }], answer: ['www.internal 60 A 192.0.2.1'] },
  });
  await using server = await serve(`.:0 {\n errors\n forward . ${upstream.endpoint} {\n read_timeout 50ms\n}\n}`);
  onTestFinished(() => upstream.stop());
  expect((await server.ask('www.example.org')).rcode).toBe('SERVFAIL');
  expect(server.lines.join('\n')).toContain('i/o timeout (what came was about www.internal. A)');
});

test('a DNAME above the name asked for belongs to the answer (RFC 6672 section 3.1), one beside it does not', async () => {
  const alias = 'www.example.org 60 CNAME www.example.net';
  expect(await answered(['example.org 60 DNAME example.net', alias, 'www.example.net 60 A 192.0.2.1'])).toHaveLength(4);
  expect(await answered(['example.com 60 DNAME example.net', alias])).toHaveLength(2);
});

test('aliases that run in circles, or are more than sixteen, give SERVFAIL', async () => {
  expect(await answered(['www.example.org 60 CNAME www.example.org'])).toEqual(['SERVFAIL']);
  expect(await answered(['www.example.org 60 CNAME a.example.org', 'a.example.org 60 CNAME www.example.org'])).toEqual(['SERVFAIL']);
  expect(await answered(aliases(17))).toEqual(['SERVFAIL']);
  expect(await answered(aliases(16))).toHaveLength(17);
});

test('a refusal brings no answer, a denial keeps its aliases', async () => {
  expect(await answered(['www.example.org 60 A 192.0.2.66'], 'REFUSED')).toEqual(['REFUSED']);
  expect(await answered(['www.example.org 60 CNAME a.example.org'], 'NXDOMAIN')).toHaveLength(2);
});

test('an escaped dot is part of its label: such a name is another one', async () => {
  expect(await answered(['www.example.org 60 CNAME a\\.b.example.org', 'a.b.example.org 60 A 192.0.2.66'])).toHaveLength(2);
});
