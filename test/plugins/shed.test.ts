// How many queries may wait for their answers over UDP, and which go.
import { definePlugin, type Plugin, Reply } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { Waiting } from '../../plugins/shed/waiting.ts';
import { makeQuery, ownClient } from '../../src/dns/own-query.ts';
import { UdpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';
import { refusal } from '../support/refusal.ts';

/** Answers names that begin with "now" at once, and the others when they are let go. */
function holding(): { readonly plugin: Plugin; readonly held: (() => void)[]; readonly place: { readonly before: string } } {
  const held: (() => void)[] = [];
  const plugin = definePlugin({
    name: 'holding',
    summary: '',
    config: {},
    setup: () => ({
      handle: (query, next) => (query.name.startsWith('now') ? next(query) : new Promise((resolve) => held.push(() => resolve(next(query))))),
    }),
  });
  return { plugin, held, place: { before: 'whoami' } };
}

const query = makeQuery({ name: 'a.test.' as never, type: 'A', client: ownClient, receivedAt: 0 });

test('the oldest goes when it has waited for a second, else the newest', async () => {
  let now = 0;
  const counts = { query: 0, response: 0 };
  const drops = { query: () => void counts.query++, response: () => void counts.response++ };
  const waiting = new Waiting(2, () => now);
  const never = () => new Promise<Reply>(() => {});
  const first = waiting.admit(query, never, drops);
  const second = waiting.admit(query, never, drops);
  expect(waiting.admit(query, never, drops)).toBe(Reply.drop);
  expect(counts).toEqual({ query: 1, response: 0 });
  now = 1000;
  const third = waiting.admit(query, never, drops);
  expect(await first).toBe(Reply.drop);
  expect(counts).toEqual({ query: 1, response: 1 });
  waiting.admit(query, never, drops);
  expect(await second).toBe(Reply.drop);
  expect(third).toBeInstanceOf(Promise);
});

test('what is answered, and what fails, makes room', async () => {
  const drops = { query: () => expect.unreachable(), response: () => expect.unreachable() };
  const waiting = new Waiting(1, () => 0);
  await waiting.admit(query, async () => Reply.empty('NOERROR'), drops);
  await expect(waiting.admit(query, async () => Promise.reject(new Error('on purpose')), drops)).rejects.toThrow('on purpose');
  expect(waiting.admit(query, () => Reply.empty('NXDOMAIN'), drops)).toMatchObject({ rcodeNumber: 3 });
});

test('1024 queries of a listener wait, further ones are dropped and counted, TCP and answers at hand are not meant', async () => {
  const { held, ...plugin } = holding();
  await using server = await serve('.:0 {\nshed\nholding\nwhoami\n}\nb.test:0 {\nshed\nholding\nwhoami\n}', {
    plugins: [plugin],
    // Nobody has waited for a second, however busy the machine is.
    now: () => 5000,
  });
  const client = await UdpClient.open({ port: server.port });
  // In pieces, so that the system's buffer takes them all.
  for (let id = 0; id < 1024; id += 64) {
    for (let i = id; i < id + 64; i++) client.send(queryMessage(`n${i}.${i % 2 === 0 ? 'b.' : ''}test +id=${i}`));
    await expect.poll(() => held.length).toBe(id + 64);
  }
  expect((await server.ask('now.test', 'A', { transport: 'tcp' })).rcode).toBe('NOERROR');
  client.send(queryMessage('one.test +id=2000'));
  const dropped = async () => /^coredns_shed_dropped_total\{.*reason="query".*\} (\d+)$/m.exec(await server.metrics())?.[1];
  await expect.poll(dropped).toBe('1');
  while (held.length > 0) {
    const released = held.splice(0, 64);
    for (const release of released) release();
    for (const _ of released) expect(await client.next()).toBeDefined();
  }
  client.send(queryMessage('now.test +id=2001'));
  expect(readMessage((await client.next()) as Buffer).id).toBe(2001);
  client.close();
});

test.each([
  ['shed 10', "Wrong argument count or unexpected line ending after '10'"],
  ['shed\nshed', 'this plugin can only be used once per Server Block'],
])('%j is refused', async (lines, message) => {
  expect(await refusal(`.:0 {\n${lines}\nwhoami\n}`)).toContain(message);
});

test('a block that is not for plain DNS alone is refused', async () => {
  const certificates = new URL('../support/certificates', import.meta.url).pathname;
  const tls = `tls ${certificates}/server.crt ${certificates}/server.key`;
  expect(await refusal(`.:0 tls://.:0 {\n${tls}\nshed\nwhoami\n}`)).toContain('only plain DNS server blocks are supported');
});
