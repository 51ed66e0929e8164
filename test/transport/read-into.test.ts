// What connections bring comes in memory that all of them share, where Node lets it.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readInto } from '../../src/transport/read-into.ts';

/** A client, and its connection as the server has it. */
async function connection(): Promise<{ readonly client: Socket; readonly accepted: Socket }> {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', noDelay: true });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    client.destroy();
    accepted.destroy();
    server.close();
  });
  return { client, accepted };
}

/** Sends each word when the one before was taken. */
async function taken(client: Socket, accepted: Socket, words: readonly string[]) {
  const chunks: { readonly text: string; readonly memory: ArrayBufferLike }[] = [];
  let next: () => void = () => {};
  const direct = readInto(accepted, (bytes) => {
    chunks.push({ text: bytes.toString(), memory: bytes.buffer });
    next();
  });
  for (const word of words) {
    const came = new Promise<void>((resolve) => {
      next = resolve;
    });
    client.write(word);
    await came;
  }
  return { direct, chunks };
}

test('two connections are read into the same memory', async () => {
  const [one, other] = [await connection(), await connection()];
  const first = await taken(one.client, one.accepted, ['some', 'more']);
  const second = await taken(other.client, other.accepted, ['else']);
  expect([first.direct, second.direct]).toEqual([true, true]);
  expect([...first.chunks, ...second.chunks].map(({ text }) => text)).toEqual(['some', 'more', 'else']);
  expect(new Set([...first.chunks, ...second.chunks].map(({ memory }) => memory)).size).toBe(1);
});

test('a connection that is paused brings nothing until it goes on, and its end is told', async () => {
  const { client, accepted } = await connection();
  const { chunks } = await taken(client, accepted, ['before']);
  accepted.pause();
  client.end('behind');
  await once(client, 'finish');
  await new Promise((resolve) => setImmediate(resolve));
  expect(chunks.map(({ text }) => text)).toEqual(['before']);
  accepted.resume();
  await once(accepted, 'end');
  expect(chunks.map(({ text }) => text)).toEqual(['before', 'behind']);
});

test('what was read before, as the header of a proxy, does not keep the rest from coming', async () => {
  const { client, accepted } = await connection();
  client.write('header');
  await once(accepted, 'readable');
  accepted.read();
  accepted.removeAllListeners('readable');
  const { direct, chunks } = await taken(client, accepted, ['some', 'more']);
  expect(direct).toBe(false);
  expect(chunks.map(({ text }) => text)).toEqual(['some', 'more']);
});

test('where Node has other parts, data events bring it', async () => {
  const { client, accepted } = await connection();
  (accepted as unknown as { _handle: { useUserBuffer: undefined } })._handle.useUserBuffer = undefined;
  const { direct, chunks } = await taken(client, accepted, ['some', 'more']);
  expect(direct).toBe(false);
  expect(chunks.map(({ text }) => text)).toEqual(['some', 'more']);
});
