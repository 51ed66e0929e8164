// What worker processes come across of a plan: the process that runs it tells all of it, and counts it together.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { addressesOf, PlanServer } from '../support/migration.ts';

const [name, other] = ['www.example.org', 'other.example.org'];
const [a, b] = ['192.0.2.1', '198.51.100.1'];
/** So many that each of two processes gets some of them. */
const many = 40;

/** Answers the name of the plan, in front of it. */
const front = `import { definePlugin, Reply, record } from 'ferrydns/plugin';
export default definePlugin({
  name: 'front', summary: 'answers in front', config: {}, order: { before: 'migrate' },
  setup: () => ({
    handle: (query, next) => query.name === '${name}.' ? Reply.answer([record({ name: query.name, type: 'A', ttl: 1, data: '${a}' })]) : next(query),
  }),
});`;

const corefile = (before: string) => `{
 plugin front ./front.ts
}
.:0 {
 multisocket 2
 prometheus 127.0.0.1:0
 ${before}
 migrate ${name} {
  from ${a}
  to ${b}
  mode exclusive
  ttl 1
  transition_ttl 1
  countdown 1s
  slack 1s
  fence exec /bin/true
  admin 127.0.0.1:0
 }
 hosts {
  ${a} ${other}
  fallthrough
 }
 whoami
}
`;

test('an answer that passed the plan by in a worker process is an alarm of the plan until the next reload, and the guard counts in all of them', async () => {
  await using server = new PlanServer(await serve(corefile('front'), { files: { 'front.ts': front } }));
  const ask = async (asked: string) => {
    const answers = await Promise.all(Array.from({ length: many }, () => server.ask(asked)));
    return [...new Set(answers.flatMap(addressesOf))];
  };
  await expect.poll(() => server.order(name, 'start')).toBeUndefined();
  await expect.poll(() => server.order(name, 'advance')).toBeUndefined();
  await expect.poll(async () => (await server.status(name)).phase).toBe('done');
  await expect.poll(() => ask(name)).toEqual([b]);
  const text = `'front' answered ${name}. without the plan; the answer of the plan was given instead`;
  await expect.poll(async () => (await server.status(name)).alarms).toEqual([{ about: 'bypass', text }]);
  expect(await ask(other)).toEqual([b]);
  await expect.poll(() => server.running.metrics()).toContain(`ferrydns_migration_guard_hits_total{plan="${name}"} ${many}`);
  await server.running.reload(corefile(''));
  const clients = Array.from({ length: many }, (_, i) => `127.0.3.${i + 1}`);
  // Each of the processes tells whom it has answered, and with that what passed the plan by.
  const told = async () => {
    await Promise.all(clients.map((from) => server.ask(name, 'A', { from })));
    const { leases } = await server.status(name);
    return leases.to;
  };
  await expect.poll(told).toBeGreaterThanOrEqual(many);
  expect((await server.status(name)).alarms).toEqual([]);
});
