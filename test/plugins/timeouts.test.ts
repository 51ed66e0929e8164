import { once } from 'node:events';
import { connect } from 'node:net';
import { definePlugin, Reply, record } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { frame, TcpClient } from '../support/client.ts';
import { parseAsk, writeMessage } from '../support/message.ts';
import { block, refusal } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';

const query = writeMessage(parseAsk('example.org A +tcp').parts);
const timeouts = (...lines: readonly string[]) => block(`timeouts {\n${lines.join('\n')}\n}`);

test('maxtcpqueries closes a connection after so many answers', async () => {
  await using server = await serve(timeouts('maxtcpqueries 2'));
  const client = await TcpClient.open(server);
  for (let i = 0; i < 3; i++) client.send(query);
  expect(await client.next()).toBeDefined();
  expect(await client.next()).toBeDefined();
  expect(await client.next()).toBeUndefined();
  await client.closed;
});

test('idle closes a silent connection in its time', async () => {
  await using server = await serve(timeouts('idle 1s', 'read 10m'));
  const client = await TcpClient.open(server);
  const started = performance.now();
  client.send(query);
  expect(await client.next()).toBeDefined();
  await client.closed;
  expect(performance.now() - started).toBeGreaterThan(900);
});

test('read limits the time of one message, which the bytes of a trickle do not stretch', async () => {
  await using server = await serve(timeouts('read 1', 'idle 10m'));
  const client = await TcpClient.open(server);
  // As many octets as would take six minutes.
  client.write(Buffer.from([7, 208, 1]));
  const trickle = setInterval(() => client.write(Buffer.from([0])), 200);
  await client.closed;
  clearInterval(trickle);
});

/** A server whose answers are large, and a client that asks for more of them than the buffers hold and takes none. */
async function clientThatTakesNothing(...lines: readonly string[]) {
  const records = Array.from({ length: 250 }, (_, i) => record({ name: 'big.test.', type: 'TXT', ttl: 0, data: `${i} ${'x'.repeat(200)}` }));
  const asked = { count: 0 };
  const handle = () => {
    asked.count++;
    return Reply.answer(records);
  };
  const plugin = definePlugin({ name: 'big', summary: 'answers much', config: {}, setup: () => ({ handle }) });
  const server = await serve(block(`timeouts {\n${lines.join('\n')}\n}`, 'big'), { plugins: [{ plugin, place: { before: 'whoami' } }] });
  const socket = connect(server.port, server.address).on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write(Buffer.concat(Array.from({ length: 500 }, () => frame(query))));
  return { server, socket, asked };
}

test('a client that takes no answers and goes: what it asked and was not answered stays so', async () => {
  const { server, socket, asked } = await clientThatTakesNothing('write 10m', 'read 10m', 'idle 10m');
  await using running = server;
  await expect.poll(() => asked.count, soon).toBeGreaterThan(0);
  const answered = asked.count;
  expect(answered).toBeLessThan(500);
  socket.resetAndDestroy();
  await once(socket, 'close');
  // Each of these answers comes after another turn, in one of which the server sees that the client is gone.
  for (let i = 0; i < 3; i++) expect((await running.ask('example.org', 'A', { transport: 'tcp' })).rcode).toBe('NOERROR');
  expect(asked.count).toBe(answered + 3);
});

test('write closes the connection of a client that takes no answers', async () => {
  const { server, socket } = await clientThatTakesNothing('write 1s', 'read 10m', 'idle 10m');
  await using _running = server;
  // A connection that is gone shows when something is written to it.
  const knocking = setInterval(() => socket.write(Buffer.from([0])), 50);
  const started = performance.now();
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(knocking);
  expect(performance.now() - started).toBeGreaterThan(900);
});

test.each([
  ['read 500ms', "timeout provided '500ms' needs to be between 1 second and 24 hours"],
  ['write 25h', "timeout provided '25h0m0s' needs to be between 1 second and 24 hours"],
  ['idle soon', "failed to parse duration 'soon'"],
  ['idle 0', 'needs to be between 1 second and 24 hours'],
  ['maxtcpqueries 0', "maxtcpqueries provided '0' needs to be -1 (unlimited) or a positive integer"],
  ['maxtcpqueries -2', 'needs to be -1 (unlimited)'],
  ['maxtcpqueries many', "invalid value for maxtcpqueries 'many'"],
  ['read', 'Wrong argument count'],
  ['linger 5s', "unknown property 'linger'"],
])('%s is refused where it stands', async (line, message) => {
  const text = await refusal(timeouts(line));
  expect(text).toContain(message);
  expect(text).toMatch(/Corefile:3 - /);
});

test('a use that states nothing is refused', async () => {
  for (const use of ['timeouts', 'timeouts {\n}', 'timeouts {\nread 5s\n}\ntimeouts {\n}']) {
    expect(await refusal(block(use))).toContain('timeouts block with no timeouts specified');
  }
  expect(await refusal(block('timeouts 5s'))).toContain('Wrong argument count');
});

test('bounds, bare seconds and several uses are accepted', async () => {
  await using server = await serve(block('timeouts {\nread 1s\nwrite 24h\nmaxtcpqueries -1\n}', 'timeouts {\nidle 86400\n}'));
  expect((await server.ask('example.org', 'A', { transport: 'tcp' })).rcode).toBe('NOERROR');
});
