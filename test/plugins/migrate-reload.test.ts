// Reloads that would let the names of a plan be answered past it.
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { servePlan, stopTime } from '../support/migration.ts';
import { startUpstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';
const plan = `migrate ${name} {
  from 192.0.2.1
  to 198.51.100.1
  mode exclusive
  fence exec /bin/true
  ttl 2
  transition_ttl 1
  admin 127.0.0.1:0
}`;

async function behind(): Promise<string> {
  const upstream = await startUpstream({ '* A': [`${name} 3600 A 192.0.2.1`], '* *': [] });
  onTestFinished(() => upstream.stop());
  return `forward . ${upstream.endpoint}`;
}

const withoutIt = new RegExp(
  `:2 - .*plan ${name} is passed by: queries for ${name}\\. at dns://\\S+ are answered by the server block at \\S*Corefile:\\d+`,
);
const leftOut = `plan ${name} cannot be left out of the server block that answers ${name}. then: it is in lowering`;
const off = `migrate ${name} {\noff\n}\n`;

test.each([
  ['is dropped from one of two blocks', true, '', withoutIt],
  ['is shadowed by a block of a longer zone', false, '', withoutIt],
  ["is switched off by 'off' in one of two blocks", true, off, leftOut],
  ["is shadowed by a block of a longer zone that says 'off'", false, off, leftOut],
])('a reload by which a plan %s in the middle of a move is refused', async (_, inBoth, instead, reason) => {
  const forward = await behind();
  const root = `.:0 {\n${plan}\n${forward}\n}\n`;
  await using server = await servePlan(inBoth ? `${root}example.org:0 {\n${plan}\n${forward}\n}\n` : root);
  await server.when(name, ({ upstream }) => upstream.before !== null);
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.when(name, ({ phase }) => phase === 'lowering');
  await expect(server.running.reload(`${root}example.org:0 {\n${instead}${forward}\n}\n`)).rejects.toThrow(reason);
  expect((await server.ask(name)).answers).toEqual([`${name}. 1 IN A 192.0.2.1`]);
  // Another name in that block has no plan.
  await server.running.reload(`${root}other.org:0 {\n${forward}\n}\n${inBoth ? `example.org:0 {\n${plan}\n${forward}\n}\n` : ''}`);
});

test('a refusal points at the configuration that runs', async () => {
  const forward = await behind();
  await using server = await servePlan(`. {\n errors\n${plan}\n${forward}\n}\n`);
  expect(await server.order(name, 'start')).toBeUndefined();
  await expect(server.running.reload(`. {\n ${forward}\n}\n`)).rejects.toThrow(
    /Corefile:3 - .*cannot be left out[\s\S]*3 \| migrate www\.example\.org \{/,
  );
});
