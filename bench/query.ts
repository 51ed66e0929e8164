// The few DNS bytes that the bench itself sends: a query by which it sees that a server answers, and ports to serve on.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const TYPE_A = 1;

/** A query for the addresses of `name`, with recursion desired. */
export function encodeQuery(id: number, name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  const question = labels.flatMap((label) => [Buffer.of(Buffer.byteLength(label)), Buffer.from(label)]);
  return Buffer.concat([header, ...question, Buffer.of(0, 0, TYPE_A, 0, 1)]);
}

export interface Wait {
  readonly port: number;
  readonly name: string;
  /** The response code that counts as serving. */
  readonly rcode: number;
  readonly milliseconds: number;
  /** Throws when waiting has become pointless. */
  check(): void;
}

/** Asks a server on 127.0.0.1 again and again until it answers with the code expected. */
export async function waitForAnswer(wait: Wait): Promise<void> {
  const socket = createSocket('udp4');
  const deadline = performance.now() + wait.milliseconds;
  let last = 'no answer';
  let answered = false;
  socket.on('error', () => {});
  socket.on('message', (reply) => {
    const rcode = reply.length < 12 ? -1 : reply.readUInt8(3) & 15;
    answered ||= rcode === wait.rcode;
    last = `answer with code ${rcode}`;
  });
  try {
    for (let id = 1; !answered; id = (id % 0xffff) + 1) {
      wait.check();
      if (performance.now() > deadline) throw new Error(`${last} for ${wait.name} within ${wait.milliseconds} ms, expected code ${wait.rcode}`);
      socket.send(encodeQuery(id, wait.name), wait.port, '127.0.0.1');
      await delay(5);
    }
  } finally {
    socket.close();
  }
}

/** Ports of 127.0.0.1 that are free for UDP and TCP at this moment. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held: { readonly port: number; close(): void }[] = [];
  while (held.length < count) held.push(await holdPort());
  for (const { close } of held) close();
  return held.map(({ port }) => port);
}

async function holdPort(): Promise<{ readonly port: number; close(): void }> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const socket = createSocket('udp4').bind(port, '127.0.0.1');
    const bound = await once(socket, 'listening').then(
      () => true,
      () => false,
    );
    if (bound) {
      return {
        port,
        close: () => {
          socket.close();
          server.close();
        },
      };
    }
    server.close();
  }
  throw new Error('no port of 127.0.0.1 is free for UDP and TCP');
}
