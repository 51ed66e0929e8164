// A share of the queries is asked of another server as well; clients notice nothing of that, and what differs is told.
import { join } from 'node:path';
import { serve, type TestServer } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { runCompare } from '../../src/command/compare-command.ts';
import { nameToWire, parseName } from '../../src/dns/name.ts';
import { ask as askHttp, eventsOf, open } from '../support/http.ts';
import { refusal } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';

const hosts = 'hosts {\n 192.0.2.1 www.example\n 192.0.2.2 db.example\n }';
const corefile = (shadow: string, more = hosts) => `.:0 {\n admin 127.0.0.1:0\n shadow ${shadow}\n ${more}\n}`;
const all = (endpoint: string, more = '') => `${endpoint} {\n sample 100%\n ${more}\n }`;

interface Told {
  readonly same: number;
  readonly turns: number;
  readonly different: number;
  readonly unanswered: number;
  readonly dropped: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly differences: readonly { readonly name: string; readonly type: string; readonly count: number; readonly differences: readonly unknown[] }[];
}

const portOf = ({ server }: TestServer) => server.httpPort('127.0.0.1:0');

async function told(server: TestServer): Promise<Told> {
  const { shadows } = JSON.parse((await askHttp({ port: portOf(server), path: '/shadow' })).body) as { readonly shadows: readonly Told[] };
  return shadows[0] as Told;
}

/** Longer than asking again takes. */
const patiently = { ...soon, timeout: 30_000 };

test('what both say alike counts as the same; letter case, order and lower TTLs do not differ', async () => {
  await using other = await startUpstream({ '* A': { flags: ['aa'], answer: ['WWW.example 3600 A 192.0.2.1'] } });
  await using server = await serve(corefile(all(other.endpoint)));
  await server.ask('www.example');
  await expect.poll(async () => (await told(server)).same, soon).toBe(1);
  expect(await server.metrics()).toContain('ferrydns_shadow_queries_total{outcome="same"} 1');
  expect(other.asked).toHaveLength(1);
});

test('what differs each time is told whole, counted by kind, and followed by events', async () => {
  await using other = await startUpstream({ 'www.example A': { flags: ['aa'], answer: ['www.example 3600 A 192.0.2.9'] } });
  await using server = await serve(corefile(all(other.endpoint)));
  const stream = await open({ port: portOf(server), path: '/shadow/events' });
  expect((await server.ask('www.example')).answers).toEqual(['www.example. 3600 IN A 192.0.2.1']);
  await expect.poll(async () => (await told(server)).different, patiently).toBe(1);
  const { kinds, differences } = await told(server);
  expect(kinds).toEqual({ answer: 1 });
  expect(differences).toEqual([
    expect.objectContaining({
      name: 'www.example.',
      type: 'A',
      count: 1,
      differences: [{ kind: 'answer', here: 'www.example. A 192.0.2.1', there: 'www.example. A 192.0.2.9' }],
    }),
  ]);
  const { value } = await eventsOf(stream).next();
  stream.destroy();
  expect(value).toMatchObject({ name: 'difference' });
  expect(JSON.parse(value?.data ?? '')).toMatchObject({ name: 'www.example.', number: 1 });
  expect(await server.metrics()).toContain('ferrydns_shadow_differences_total{kind="answer"} 1');
  // What was found a moment ago is believed.
  const asked = other.asked.length;
  await server.ask('www.example');
  await expect.poll(async () => (await told(server)).differences[0]?.count, soon).toBe(2);
  expect(other.asked).toHaveLength(asked + 1);
});

test('answers that take turns are asked for again, and do not differ', async () => {
  let turn = 0;
  await using other = await startUpstream({
    'www.example A': () => ({ flags: ['aa'], answer: [`www.example 3600 A 192.0.2.${++turn % 2 === 1 ? 9 : 1}`] }),
  });
  await using server = await serve(corefile(all(other.endpoint)));
  await server.ask('www.example');
  await expect.poll(async () => (await told(server)).turns, patiently).toBe(1);
  expect((await told(server)).differences).toEqual([]);
});

test('kinds that are ignored and zones that are left out do not count', async () => {
  await using other = await startUpstream({
    '* *': { flags: ['aa'], answer: ['www.example 60 A 192.0.2.1'], additional: ['a.example 60 A 192.0.2.7'] },
  });
  await using server = await serve(corefile(all(other.endpoint, 'ignore additional ttl\n except db.example')));
  await server.ask('db.example');
  await server.ask('www.example');
  await expect.poll(async () => (await told(server)).same, soon).toBe(1);
  expect(other.asked.map(({ text }) => text)).toEqual([expect.stringContaining('www.example')]);
});

test('cached answers are compared too, and the other server is asked as the client asked', async () => {
  await using upstream = await startUpstream({ '* A': ['www.example.org 300 A 192.0.2.1'] });
  await using other = await startUpstream({ '* A': ['www.example.org 300 A 192.0.2.1'] });
  await using server = await serve(corefile(all(other.endpoint), `cache\n forward . ${upstream.endpoint}`));
  await server.ask('www.example.org');
  await server.ask('www.example.org', 'A', { dnssecOk: true });
  await expect.poll(() => other.asked.length, soon).toBeGreaterThanOrEqual(2);
  expect(other.asked[0]?.message.opt).toBeUndefined();
  expect(other.asked.some(({ message }) => message.opt?.do === true)).toBe(true);
});

describe('a shadow server costs clients nothing', () => {
  test.each([
    ['is silent', { drop: true }],
    ['replies with another id', { idOffset: 1 }],
    ['sends rubbish', { raw: '....8180ffffffffffffffff00' }],
  ])('that %s', async (_how, answer) => {
    await using other = await startUpstream({ '* *': answer });
    await using server = await serve(corefile(all(other.endpoint, 'timeout 50ms')));
    for (let i = 0; i < 5; i++) expect((await server.ask('www.example')).answers).toHaveLength(1);
    await expect.poll(async () => (await told(server)).unanswered, soon).toBe(5);
    expect(await told(server)).toMatchObject({ different: 0, differences: [] });
  });

  test('that is slower than what is asked: what is too much is dropped and counted', async () => {
    await using other = await startUpstream({ '* *': { drop: true } });
    await using server = await serve(corefile(all(other.endpoint, 'timeout 1m')));
    await Promise.all(Array.from({ length: 200 }, () => server.ask('www.example')));
    await expect.poll(async () => (await told(server)).dropped, soon).toBe(72);
    expect((await server.ask('www.example')).answers).toHaveLength(1);
  });
});

test('explanations and the queries of the server itself are not compared', async () => {
  await using other = await startUpstream({ '* *': { answer: [] } });
  await using server = await serve(corefile(all(other.endpoint)));
  await server.explain('www.example');
  await server.ask('www.example');
  await expect.poll(() => other.asked.length, soon).toBeGreaterThan(0);
  expect(other.asked.every(({ text }) => text.includes('www.example'))).toBe(true);
});

test('a reload goes on with what was found, where the same server is asked', async () => {
  await using other = await startUpstream({ '* A': { flags: ['aa'], answer: ['www.example 3600 A 192.0.2.1'] } });
  await using server = await serve(corefile(all(other.endpoint)));
  await server.ask('www.example');
  await expect.poll(async () => (await told(server)).same, soon).toBe(1);
  await server.reload(corefile(all(other.endpoint), `${hosts}\n errors`));
  expect(await told(server)).toMatchObject({ same: 1 });
});

test('workers tell the main process what they find', async () => {
  await using other = await startUpstream({ '* A': { flags: ['aa'], answer: ['www.example 3600 A 192.0.2.9'] } });
  await using server = await serve(corefile(all(other.endpoint), `multisocket 2\n ${hosts}`));
  await server.ask('www.example');
  await expect.poll(async () => (await told(server)).differences.map(({ name }) => name), patiently).toEqual(['www.example.']);
}, 60_000);

test('a name of control characters is told escaped', async () => {
  await using other = await startUpstream({ '* *': { flags: ['aa'], rcode: 'REFUSED' } });
  await using server = await serve(corefile(all(other.endpoint), 'template ANY ANY {\n rcode NXDOMAIN\n }'));
  await server.ask(`${'\\027[31m\\000\\010'.repeat(4)}.example`);
  await expect.poll(async () => (await told(server)).different, patiently).toBe(1);
  const { body } = await askHttp({ port: portOf(server), path: '/shadow' });
  expect(body.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect((await told(server)).differences[0]?.name).toContain('\\027[31m');
});

test('the longest name that there is, all of control characters, is told escaped and whole, by shadow and by compare', async () => {
  const name = [63, 63, 63, 61].map((octets) => '\\027'.repeat(octets)).join('.');
  expect(nameToWire(parseName(name))).toHaveLength(255);
  await using other = await startUpstream({ '* *': { flags: ['aa'], rcode: 'REFUSED' } });
  await using server = await serve(corefile(all(other.endpoint), 'template ANY ANY {\n rcode NXDOMAIN\n }'), { files: { questions: `${name}\n` } });
  await server.ask(name);
  await expect.poll(async () => (await told(server)).differences.map((each) => each.name), patiently).toEqual([`${name}.`]);
  const { body } = await askHttp({ port: portOf(server), path: '/shadow' });
  const words = ['-servers', `127.0.0.1:${server.port},${other.endpoint}`, '-queries', join(server.directory, 'questions'), '-rounds', '1'];
  const table = (await runCompare(words)).text;
  const json = (await runCompare([...words, '-json'])).text;
  expect(table).toContain(`${name}.`);
  for (const text of [body, table, json]) expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test('says what is wrong with its words', async () => {
  expect(await refusal('. {\n shadow\n}')).toMatch(/shadow/);
  expect(await refusal('. {\n shadow nowhere.example\n}')).toMatch(/ADDRESS|address/);
  expect(await refusal('. {\n shadow 192.0.2.1 {\n sample 500%\n }\n}')).toMatch(/expected a share such as 5%|expected/);
  expect(await refusal('. {\n shadow 192.0.2.1 {\n ignore everything\n }\n}')).toMatch(/rcode/);
  expect(await refusal('. {\n shadow 192.0.2.1 {\n timeout 5m\n }\n}')).toMatch(/from 1ms to 1m/);
});
