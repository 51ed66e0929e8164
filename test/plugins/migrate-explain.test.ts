// What an explanation says of a plan; it counts as an answer to nobody.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Explanation, type HttpRequest, readQuestion } from 'ferrydns/plugin';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { runExplain } from '../../src/command/explain-command.ts';
import { explainPage } from '../../src/plugin/admin/explain-page.ts';
import { type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { soon } from '../support/soon.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';

function plan(...options: readonly string[]): string {
  const lines = ['from 192.0.2.1', 'to 192.0.2.2', 'ttl 60', 'admin 127.0.0.1:0', ...options];
  return `. {\n migrate ${name} {\n ${lines.join('\n ')}\n}\n hosts {\n 192.0.2.1 other.example.org\n }\n}\n`;
}

async function explain({ running }: PlanServer, words: Partial<Parameters<typeof readQuestion>[0]> = {}): Promise<Explanation> {
  return running.server.own.explain(readQuestion({ name, ...words }));
}

function notesOf({ steps }: Explanation): readonly string[] {
  return steps.find(({ plugin }) => plugin === 'migrate')?.notes ?? [];
}

test('says plan, phase, steering and side, and takes no lease', async () => {
  await using server = await servePlan(plan());
  const before = await explain(server);
  expect(notesOf(before)[0]).toMatch(/^plan www\.example\.org\.?: blend, role shared, phase original, epoch \d+$/);
  expect(notesOf(before)).toContain('everybody is led to A, TTL 60');
  expect(before.answer?.answers).toEqual([`${name}. 60 IN A 192.0.2.1`]);
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.advance(name);
  const moving = await explain(server, { client: '10.0.0.7' });
  expect(notesOf(moving)).toContain('everybody is led to A and B, TTL 5');
  expect(notesOf(moving).at(-1)).toMatch(/^leads to A and B; a client could hold it for \d+ s\. Nobody was given this one: no lease$/);
  expect((await server.status(name)).leases).toMatchObject({ from: 0, to: 0 });
  expect(await server.running.metrics()).not.toMatch(/^ferrydns_migration_answers_total\{.*\} [1-9]/m);
  await server.ask(name);
  expect(await server.running.metrics()).toMatch(/^ferrydns_migration_answers_total\{.*\} [1-9]/m);
  expect((await server.status(name)).leases).toMatchObject({ from: 1, to: 1 });
});

test('a canary is explained as the client would see it', async () => {
  await using server = await servePlan(plan('canary 50%'));
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.advance(name);
  const clients = Array.from({ length: 30 }, (_, i) => `10.0.0.${i}`);
  const sides = await Promise.all(clients.map(async (client) => (await explain(server, { client })).answer?.answers[0]));
  expect(new Set(sides)).toEqual(new Set([`${name}. 5 IN A 192.0.2.1`, `${name}. 5 IN A 192.0.2.2`]));
  const again = await Promise.all(clients.map(async (client) => (await explain(server, { client })).answer?.answers[0]));
  expect(again).toEqual(sides);
});

test('silence is explained at once, with the reason', async () => {
  await using server = await servePlan(plan('mode exclusive', 'transition_ttl 2', 'hold 4s', 'fence exec /bin/sleep 30'));
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.advance(name);
  await server.until(name, 'flipping');
  let kept = true;
  const waiting = server.ask(name, 'A', { timeout: soon.timeout }).finally(() => (kept = false));
  const silent = await explain(server);
  expect(kept, 'a client is still kept waiting').toBe(true);
  expect((await waiting).rcode).toBe('SERVFAIL');
  expect(notesOf(silent)).toContain('nothing is answered: between A and B. A client is kept waiting for a while, then told SERVFAIL');
  expect(silent.answer).toMatchObject({ rcode: 'SERVFAIL', extendedErrors: ['14 (not ready)'] });
});

test('the guard explains what it sees, and counts nothing', async () => {
  await using server = await servePlan(plan());
  expect(await server.order(name, 'start')).toBeUndefined();
  for (const phase of ['transition', 'draining']) {
    await server.advance(name);
    await server.until(name, phase);
  }
  expect(notesOf(await explain(server, { name: 'other.example.org' }))).toEqual(['the answer leads to A, which is given up']);
  expect(server.running.lines.filter((line) => line.includes('leads to A'))).toEqual([]);
  await server.ask('other.example.org');
  expect(server.running.lines.filter((line) => line.includes('leads to A'))).toHaveLength(1);
});

test('a Corefile is explained without touching the journal of its plan', async () => {
  vi.useRealTimers();
  const folder = mkdtempSync(join(tmpdir(), 'ferrydns-explain-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'Corefile');
  writeFileSync(file, `. {\n root ${folder}\n${plan().slice(3)}`);
  const text = await runExplain([name, '-conf', file], { registry, log: () => {} });
  expect(text).toMatch(/- plan www\.example\.org\.? moves this name, but only in a server that runs: ask that one, without -conf/);
  expect(readdirSync(folder)).toEqual(['Corefile']);
});

test('the page explains, and says what is wrong with a question', async () => {
  await using server = await servePlan(plan());
  const { own } = server.running.server;
  const get = async (query: string) => {
    const request = { method: 'GET', url: new URL(`http://localhost/explain?${query}`), headers: {}, body: '', from: '127.0.0.1' } as HttpRequest;
    const { status, body } = await explainPage({ explain: (question) => own.explain(question) }, request);
    return { status, ...JSON.parse(String(body)) };
  };
  expect(await get(`name=${name}&client=10.0.0.1`)).toMatchObject({ status: 200, client: '10.0.0.1', answer: { rcode: 'NOERROR' } });
  expect(await get('type=A')).toMatchObject({ status: 400, reason: "no parameter 'name', expected ?name=www.example.org" });
  expect(await get('name=a..b')).toMatchObject({ status: 400, reason: '"a..b" is no domain name: empty label in name: a..b' });
  expect(await get('name=x&type=FOO')).toMatchObject({ status: 400, reason: expect.stringContaining('unknown type "FOO"') });
  expect(await get('name=x&client=me')).toMatchObject({ status: 400, reason: 'client "me" is no IP address' });
  expect(await get('name=x&server=dns://:7')).toMatchObject({ status: 400, reason: expect.stringContaining('no listener dns://:7') });
  expect(await get('name=x&name=y')).toMatchObject({ status: 400, reason: "parameter 'name' is there twice" });
  expect(await get('name=x&nam=y')).toMatchObject({ status: 400, reason: "unknown parameter 'nam', expected name, type, client or server" });
});
