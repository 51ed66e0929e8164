// Frames of one connection over real sockets: cut out of whatever pieces they come in, answered by few writes.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Answerer, maxMessage, pending } from '../../src/transport/answerer.ts';
import { FramedConnection } from '../../src/transport/frames.ts';
import { defaultTimeouts } from '../../src/transport/stream-settings.ts';

const header = 12;

/** A message of `length` octets that begins with its number. */
function numbered(number: number, length = header): Buffer {
  const message = Buffer.alloc(length, number & 0xff);
  message.writeUInt16BE(number);
  return message;
}

function framed(messages: readonly Buffer[]): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      return [length, message];
    }),
  );
}

/** Gives every message back at once. */
const echo: Answerer['answer'] = (wire, start, end, _peer, out) => {
  out.set(wire.subarray(start, end));
  return end - start;
};

/** A client of a connection that is served by `answer`; `writes` are the lengths of what the server has written. */
const addresses = { address: '127.0.0.1', port: 4007, family: 4, localAddress: '127.0.0.1', localPort: 53 } as const;

async function served(
  answer: Answerer['answer'],
): Promise<{ readonly client: Socket; readonly writes: number[]; read(octets: number): Promise<Buffer> }> {
  const writes: number[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {});
    const write = socket.write.bind(socket) as (chunk: Buffer, done?: () => void) => boolean;
    socket.write = ((chunk: Buffer, done?: () => void) => {
      if (chunk.length > 0) writes.push(chunk.length);
      return write(chunk, done);
    }) as typeof socket.write;
    new FramedConnection(socket, { transport: 'tcp', addresses, answerer: { answer }, timeouts: defaultTimeouts, out: Buffer.alloc(maxMessage) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', noDelay: true });
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  client.on('error', () => {});
  await once(client, 'connect');
  let bytes = Buffer.alloc(0);
  client.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
  });
  const read = async (octets: number) => {
    while (bytes.length < octets) await once(client, 'data');
    return bytes;
  };
  return { client, writes, read };
}

test('what comes in one piece is answered by one write, in order', async () => {
  const { client, writes, read } = await served(echo);
  const all = framed(Array.from({ length: 50 }, (_, i) => numbered(i)));
  client.write(all);
  expect(await read(all.length)).toEqual(all);
  // The system may have handed the bytes over in two pieces.
  expect(writes.length).toBeLessThan(5);
});

test('answers that come later in one turn leave by one write', async () => {
  const asked: { readonly bytes: Buffer; readonly peer: Parameters<Answerer['answer']>[3] }[] = [];
  const { client, writes, read } = await served((wire, start, end, peer) => {
    asked.push({ bytes: Buffer.from(wire.subarray(start, end)), peer });
    return pending;
  });
  const all = framed(Array.from({ length: 30 }, (_, i) => numbered(i)));
  client.write(all);
  await expect.poll(() => asked.length).toBe(30);
  for (const { bytes, peer } of asked) peer.send(bytes);
  expect(await read(all.length)).toEqual(all);
  expect(writes).toEqual([all.length]);
});

test('a frame is answered when its last octet has come, whatever pieces it comes in', async () => {
  const { client, read } = await served(echo);
  const all = framed([numbered(1), numbered(2, 300), numbered(3)]);
  for (const octet of all) {
    client.write(Buffer.of(octet));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await read(all.length)).toEqual(all);
});

test('pieces of a frame stay what they were while other connections are read', async () => {
  const [one, other] = [await served(echo), await served(echo)];
  const frame = framed([numbered(1, 100)]);
  for (let at = 0; at < frame.length; at += 40) {
    one.client.write(frame.subarray(at, at + 40));
    const turn = at / 40 + 1;
    const others = framed([numbered(2, 100)]);
    other.client.write(others);
    await other.read(turn * others.length);
  }
  expect(await one.read(frame.length)).toEqual(frame);
});

test('answers of the greatest length leave whole, however many come at once', async () => {
  const { client, read } = await served((_wire, _start, _end, _peer, out) => {
    out.fill(7);
    return maxMessage;
  });
  client.write(framed(Array.from({ length: 40 }, (_, i) => numbered(i))));
  const whole = await read(40 * (maxMessage + 2));
  expect(whole.length).toBe(40 * (maxMessage + 2));
  for (let at = 0; at < whole.length; at += maxMessage + 2) expect(whole.readUInt16BE(at)).toBe(maxMessage);
});

test('what was asked before a frame that is no DNS is answered', async () => {
  const { client, read } = await served(echo);
  const good = framed([numbered(1), numbered(2)]);
  client.write(Buffer.concat([good, Buffer.of(0, 3, 1, 2, 3)]));
  expect(await read(good.length)).toEqual(good);
  if (!client.destroyed) await once(client, 'close');
});
