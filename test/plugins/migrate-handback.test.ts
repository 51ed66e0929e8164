// Giving names back: what they are answered with afterwards, by caches that knew A and by upstreams that differ.
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from 'ferrydns/testing';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { servePlan, stopTime } from '../support/migration.ts';
import { startUpstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';
const alias = 'alias.example.org';
const [a, b] = ['192.0.2.1', '198.51.100.1'];
const plan = `migrate ${name} {
  from ${a}
  to ${b}
  mode exclusive
  fence exec /bin/true
  ttl 5
  transition_ttl 2
  hold 50ms
  handback on
  admin 127.0.0.1:0
}`;
const each = () => delay(2);

/** An upstream that leads to `at`, and may be told to lead elsewhere. */
async function vendor() {
  const leads = { at: a };
  const upstream = await startUpstream({
    [`${alias} A`]: () => ({ answer: [`${alias} 5 CNAME ${name}`, `${name} 5 A ${leads.at}`] }),
    '* A': () => ({ answer: [`${name} 5 A ${leads.at}`] }),
    '* *': [],
  });
  onTestFinished(() => upstream.stop());
  return { leads, upstream };
}

test.each(['serve_stale 1h', 'success 1000 3600 60'])('a cache with %s does not lead to A again', async (option) => {
  const { leads, upstream } = await vendor();
  await using server = await servePlan(`. {\n ${plan}\n cache {\n ${option}\n}\n forward . ${upstream.endpoint}\n}\n`);
  await server.when(name, (status) => status.upstream.before !== null);
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.advance(name);
  await server.until(name, 'done', each);
  expect((await server.ask(alias)).answers.at(-1)).toContain(b);
  leads.at = b;
  await server.until(name, 'released', each);
  for (const asked of [name, alias]) {
    expect((await server.ask(asked)).answers.at(-1)).toMatch(`${name}. `);
    expect((await server.ask(asked)).answers.at(-1)).toContain(b);
  }
  // What was asked anew is kept.
  const before = upstream.asked.length;
  await server.ask(alias);
  expect(upstream.asked.slice(before).map(({ text }) => text)).not.toContainEqual(expect.stringContaining(alias));
});

test('names are given back when the upstreams of all server blocks that hold the plan show B alone', async () => {
  const [one, two] = [await vendor(), await vendor()];
  const block = (address: string, { upstream }: typeof one) => `example.org:0 {\n bind ${address}\n ${plan}\n forward . ${upstream.endpoint}\n}\n`;
  await using server = await servePlan(block('127.0.0.2', one) + block('127.0.0.3', two));
  const port = server.running.server.listening().find(({ address }) => address === '127.0.0.2')?.port ?? 0;
  await server.when(name, (status) => status.upstream.before !== null);
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.advance(name);
  await server.until(name, 'done', each);
  two.leads.at = b;
  await server.pass(name, 30_000, each);
  expect((await server.status(name)).phase).toBe('done');
  expect((await ask({ address: '127.0.0.2', port, name })).answers).toEqual([`${name}. 5 IN A ${b}`]);
  one.leads.at = b;
  await server.until(name, 'released', each);
});

/** A cache of a vendor, on the clock of the test: what it has drawn it shows until that is over, with the TTL that is left. */
async function cachingVendor(draw: () => string, ttl = 5) {
  const kept = { address: '', end: 0 };
  const drawn: string[] = [];
  const upstream = await startUpstream({
    [`${name} A`]: () => {
      if (Date.now() >= kept.end) {
        Object.assign(kept, { address: draw(), end: Date.now() + ttl * 1000 });
        drawn.push(kept.address);
      }
      return { answer: [`${name} ${Math.floor((kept.end - Date.now()) / 1000)} A ${kept.address}`] };
    },
    '* *': [],
  });
  onTestFinished(() => upstream.stop());
  return { upstream, drawn };
}

async function toDone(forward: string, more = '') {
  const server = await servePlan(`. {\n ${plan.replace('handback on', `handback on\n ${more}`)}\n forward . ${forward}\n}\n`);
  onTestFinished(() => server[Symbol.asyncDispose]());
  await server.when(name, (status) => status.upstream.before !== null);
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.advance(name);
  await server.until(name, 'done', each);
  return server;
}

test('below a cache one draw is one draw: names are given back after twenty of them, and the status counts them', async () => {
  const { upstream, drawn } = await cachingVendor(() => b);
  const server = await toDone(upstream.endpoint);
  const before = drawn.length;
  const waits = await server.when(name, ({ wait }) => /[1-9] of 20 independent answers/.test(wait?.why ?? ''), each);
  expect(waits.wait?.why).toMatch(/has not shown B alone for long enough: \d+ of 20 independent answers seen, about \d+ s more$/);
  await server.until(name, 'released', each);
  // Some were drawn in the course of draining.
  expect(drawn.length).toBeGreaterThanOrEqual(20);
  expect(drawn.length).toBeGreaterThan(before + 10);
});

test('a vendor that takes turns does not look clean between two draws', async () => {
  let turn = 0;
  const leads = { mixes: true };
  const { upstream, drawn } = await cachingVendor(() => (leads.mixes && ++turn % 6 === 0 ? a : b), 2);
  const server = await toDone(upstream.endpoint, 'handback_answers 6');
  await server.pass(name, 60_000, each);
  expect((await server.status(name)).phase).toBe('done');
  expect(drawn.filter((address) => address === a).length).toBeGreaterThan(2);
  leads.mixes = false;
  const last = drawn.length;
  await server.until(name, 'released', each);
  expect(drawn.length - last).toBeGreaterThanOrEqual(5);
});

test('every upstream that may be asked is asked, whatever the policy: one that leads to A keeps the names here', async () => {
  const [first, second] = [await vendor(), await vendor()];
  first.leads.at = b;
  const endpoints = `${first.upstream.endpoint} ${second.upstream.endpoint} {\n policy sequential\n}`;
  const server = await toDone(endpoints);
  await server.pass(name, 40_000, each);
  expect(await server.status(name)).toMatchObject({ phase: 'done', upstream: { now: { shows: 'mixed' } } });
  second.leads.at = b;
  await server.until(name, 'released', each);
});

test('an upstream that does not answer holds the hand-back up, and is named', async () => {
  const [first, second] = [await vendor(), await vendor()];
  first.leads.at = b;
  const server = await toDone(`${first.upstream.endpoint} ${second.upstream.endpoint} {\n policy sequential\n max_connect_attempts 1\n}`);
  await second.upstream.stop();
  const { wait } = await server.when(name, (status) => status.wait?.why.includes('does not answer') === true, each);
  expect(wait?.why).toContain(`${second.upstream.endpoint} does not answer, and may lead to A when it does`);
  await server.pass(name, 30_000, each);
  expect((await server.status(name)).phase).toBe('done');
});
