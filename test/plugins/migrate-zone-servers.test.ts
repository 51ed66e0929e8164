// The zone's own servers, asked directly: each of their answers is a draw, where all of them are reached and none answers by a plan.
import type { Name, Query, Reply } from 'ferrydns/plugin';
import { Reply as Replies, record } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ZoneServers } from '../../plugins/migrate/watch/zone-servers.ts';
import { type Script, startUpstream } from '../support/upstream.ts';

const name = 'www.example.org.' as Name;
const b = '198.51.100.1';

/** Two servers at one port; the zone is the one above the name. */
async function zone(one: Script, other: Script = one) {
  const first = await startUpstream(one);
  const second = await startUpstream(other, { address: '127.0.0.3', port: first.port });
  onTestFinished(async () => {
    await Promise.all([first.stop(), second.stop()]);
  });
  const hosts: Readonly<Record<string, string>> = { 'ns1.example.org.': '127.0.0.1', 'ns2.example.org.': '127.0.0.3' };
  const resolve = (query: Query): Reply => {
    if (query.type === 'NS' && query.name === 'example.org.')
      return Replies.answer(Object.keys(hosts).map((host) => record({ name: 'example.org.', type: 'NS', ttl: 60, data: host })));
    const address = query.type === 'A' ? hosts[query.name] : undefined;
    return address === undefined ? Replies.empty('NOERROR') : Replies.answer([record({ name: query.name, type: 'A', ttl: 60, data: address })]);
  };
  return { servers: new ZoneServers({ now: () => performance.now(), resolve, port: first.port }), first, second };
}

const own = { answer: [`www.example.org 60 A ${b}`], flags: ['aa'] };

test('each answers for itself, and recursion is not asked for', async () => {
  const { servers, first } = await zone({ '* A': own });
  const { answers, whole } = await servers.ask(name, 'A');
  expect(whole).toBe(true);
  expect(answers.map(({ server, reply }) => `${server} ${reply.answers[0]?.data}`).sort()).toEqual([`127.0.0.1 ${b}`, `127.0.0.3 ${b}`]);
  expect(first.asked.map(({ text }) => text)).toEqual([expect.stringMatching(/^udp www\.example\.org\. IN A, opt/)]);
});

test('an answer that does not fit in a datagram is asked for by TCP', async () => {
  const { servers, first } = await zone({ '* A': { ...own, truncate: true } });
  const { answers, whole } = await servers.ask(name, 'A');
  expect(whole).toBe(true);
  expect(answers.map(({ reply }) => reply.answers[0]?.data)).toEqual([b, b]);
  expect(first.asked.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
});

test.each([
  ['does not answer', { drop: true }],
  ['answers without authority, as a cache does', { ...own, flags: ['ra'] }],
  ['refuses', { rcode: 'REFUSED', flags: ['aa'] }],
])('where one of them %s the others are not the whole', async (_, reaction) => {
  const { servers } = await zone({ '* A': own }, { '* A': reaction });
  const { answers, whole } = await servers.ask(name, 'A');
  expect(whole).toBe(false);
  expect(answers).toHaveLength(1);
});

test('a server that moves the name by a plan does not take itself for the zone', async () => {
  const plan = 'migrate www.example.org {\n from 192.0.2.1\n to 198.51.100.1\n ttl 5\n admin off\n}';
  await using server = await serve(`. {\n ${plan}\n}\n`);
  const resolve = (query: Query): Reply =>
    query.type === 'NS'
      ? Replies.answer([record({ name: query.name, type: 'NS', ttl: 60, data: 'ns.example.net.' })])
      : Replies.answer(query.type === 'A' ? [record({ name: query.name, type: 'A', ttl: 60, data: '127.0.0.1' })] : []);
  const servers = new ZoneServers({ now: () => performance.now(), resolve, port: server.port });
  expect((await server.ask('www.example.org')).answers).toHaveLength(1);
  expect(await servers.ask(name, 'A')).toEqual({ answers: [], whole: false });
});
