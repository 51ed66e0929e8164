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

test.each([
  ['is dropped from one of two blocks', true],
  ['is shadowed by a block of a longer zone', false],
])('a reload by which a plan %s in the middle of a move is refused', async (_, inBoth) => {
  const forward = await behind();
  const root = `.:0 {\n${plan}\n${forward}\n}\n`;
  await using server = await servePlan(inBoth ? `${root}example.org:0 {\n${plan}\n${forward}\n}\n` : root);
  await server.when(name, ({ upstream }) => upstream.before !== null);
  expect(await server.order(name, 'start')).toBeUndefined();
  await server.when(name, ({ phase }) => phase === 'lowering');
  const reason = `plan ${name} cannot be left out of the server block that answers ${name}. then: it is in lowering`;
  await expect(server.running.reload(`${root}example.org:0 {\n${forward}\n}\n`)).rejects.toThrow(reason);
  expect((await server.ask(name)).answers).toEqual([`${name}. 1 IN A 192.0.2.1`]);
  // Another name in that block is nobody's matter.
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
