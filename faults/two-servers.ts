// Clients that know two servers, as a resolv.conf with two lines makes them: they ask the second one when the first does not answer within a second, or refuses.
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeQuery } from '../bench/query.ts';

const PATIENCE = 1000;
/** Milliseconds between two bursts. */
const STEP = 10;

export interface TwoServersOptions {
  /** On 127.0.0.1: the one that is asked first, and the other. */
  readonly ports: readonly [number, number];
  readonly rate: number;
  readonly seconds: number;
  nextName(): string;
}

export interface TwoServersFigures {
  readonly sent: number;
  /** Neither has answered. */
  readonly lost: number;
  /** When those were sent for which the second was asked; of the clock of `performance`. */
  readonly retried: readonly number[];
}

interface Asked {
  readonly sentAt: number;
  readonly message: Buffer;
  retried: boolean;
}

/** Asks for so long. */
export async function askTwoServers({ ports, rate, seconds, nextName }: TwoServersOptions): Promise<TwoServersFigures> {
  const open = new Map<number, Asked>();
  const retried: number[] = [];
  const sockets = await Promise.all(ports.map((port) => connected(port)));
  const [first, second] = sockets;
  const retry = (asked: Asked): void => {
    if (asked.retried) return;
    asked.retried = true;
    retried.push(asked.sentAt);
    second?.send(asked.message);
  };
  for (const socket of sockets) {
    socket.on('message', (reply) => {
      const id = reply.readUInt16BE(0);
      if ((reply.readUInt8(3) & 15) === 0) open.delete(id);
    });
  }
  // The port is closed: nobody has to wait.
  first?.on('error', () => open.forEach(retry));
  let sent = 0;
  let lost = 0;
  const giveUp = (): void => {
    const now = performance.now();
    for (const [id, asked] of open) {
      if (now - asked.sentAt > PATIENCE) retry(asked);
      if (now - asked.sentAt <= 3 * PATIENCE) continue;
      open.delete(id);
      lost += 1;
    }
  };
  const begun = performance.now();
  for (let step = 1; step * STEP <= seconds * 1000; step += 1) {
    for (; sent < (step * STEP * rate) / 1000; sent += 1) {
      const asked = { sentAt: performance.now(), message: encodeQuery(sent & 0xffff, nextName()), retried: false };
      open.set(sent & 0xffff, asked);
      first?.send(asked.message);
    }
    giveUp();
    await delay(Math.max(0, begun + step * STEP - performance.now()));
  }
  for (const end = performance.now() + 3 * PATIENCE + STEP; open.size > 0 && performance.now() < end; await delay(STEP)) giveUp();
  for (const socket of sockets) socket.close();
  return { sent, lost: lost + open.size, retried };
}

function connected(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.once('error', reject);
  socket.connect(port, '127.0.0.1', () => {
    socket.off('error', reject);
    socket.on('error', () => {});
    resolve(socket);
  });
  return promise;
}
