// A port for what must be told where to listen, and cannot be asked where it does: a server in a process of its own.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

// Below what systems hand out to clients and for port 0 (RFC 6335 section 6: from 49152; Linux: from 32768), so that none of those takes it meanwhile.
const lowest = 10_240;
const beyond = 32_768;
const attempts = 100;

const given = new Set<number>();

/**
 * A port that was free for UDP and TCP at all of these addresses a moment ago, and that this process was not given before.
 * 127.0.0.1 unless addresses are given. Rejects when none is found, as where an address is not one of this machine.
 */
export async function freePort(...addresses: readonly string[]): Promise<number> {
  const where = addresses.length === 0 ? ['127.0.0.1'] : addresses;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, beyond);
    if (given.has(port)) continue;
    given.add(port);
    const tries = where.flatMap((address) => [isFreeForUdp(address, port), isFreeForTcp(address, port)]);
    if ((await Promise.all(tries)).every((free) => free)) return port;
  }
  throw new Error(`no port is free at ${where.join(' and ')}, expected addresses of this machine`);
}

function isFreeForUdp(address: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.once('error', () => socket.close(() => resolve(false)));
  socket.bind(port, address, () => socket.close(() => resolve(true)));
  return promise;
}

function isFreeForTcp(address: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, address, () => server.close(() => resolve(true)));
  return promise;
}
