// Asks this server one question over the network, as a stub resolver would.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { makeQuery, type Name, ownClient } from 'ferrydns/plugin';

/** Where to ask. */
export interface Target {
  readonly address: string;
  readonly port: number;
}

/** Milliseconds to wait for the reply. */
const patience = 2000;

/** Sends `HINFO NAME` over UDP and waits for any reply with its id. Rejects when none comes in two seconds, the port is closed or `signal` aborts. */
export async function probe(name: Name, { address, port }: Target, signal: AbortSignal): Promise<void> {
  const id = randomInt(0x10000);
  const message = makeQuery({ name, type: 'HINFO', client: ownClient, receivedAt: 0 }).toWire(id);
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', signal });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error('no reply')), patience);
  signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  socket.on('error', reject);
  socket.on('message', (reply) => {
    if (reply.length >= 2 && reply.readUInt16BE(0) === id) resolve();
  });
  socket.connect(port, address, () => socket.send(message));
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    if (!signal.aborted) socket.close();
  }
}
