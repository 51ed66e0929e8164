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
