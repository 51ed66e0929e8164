// DNS over UDP by node:dgram, which works everywhere.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Logger } from '../log/logger.ts';
import { Ends } from './addresses.ts';
import { type Answerer, type Listening, maxMessage, type Peer } from './answerer.ts';

/** Where to listen, who answers, and where trouble is told. */
export interface UdpOptions {
  readonly address: string;
  readonly port: number;
  readonly answerer: Answerer;
  readonly log: Logger;
  /** Lets a socket on a more specific address share the port with a wildcard one. */
  readonly shared?: boolean;
  /** Lets sockets of other processes that say so too have the same address and port; the system spreads the clients over them (SO_REUSEPORT). */
  readonly reusePort?: boolean;
}

/** Opens a UDP socket. Rejects with the system's error (EADDRINUSE, EACCES, …) when the address cannot be had. */
export async function listenUdp(options: UdpOptions): Promise<Listening> {
  const { address, port, answerer, log, shared = false, reusePort = false } = options;
  const family = isIPv6(address) ? ({ type: 'udp6', ipv6Only: true } as const) : ({ type: 'udp4' } as const);
  const socket = createSocket({ ...family, reuseAddr: shared, reusePort });
  await bind(socket, address, port);
  const bound = socket.address();
  const out = Buffer.allocUnsafeSlow(maxMessage);
  socket.on('message', (message, from) => {
    const length = answerer.answer(message, 0, message.length, new UdpPeer(socket, from, bound), out);
    if (length > 0) send(socket, out.subarray(0, length), from.port, from.address);
  });
  // Errors of earlier sends (ICMP, ENETUNREACH) surface here; the clients they concern ask again.
  socket.on('error', (error) => log.debug(`udp ${bound.address}:${bound.port}: ${error.message}`));
  return { transport: 'udp', address: bound.address, port: bound.port, close: () => close(socket) };
}

class UdpPeer extends Ends implements Peer {
  readonly transport = 'udp';
  private readonly socket: Socket;

  constructor(socket: Socket, from: RemoteInfo, bound: { address: string; port: number }) {
    const { address, port, family } = from;
    super({ address, port, family: family === 'IPv6' ? 6 : 4, localAddress: bound.address, localPort: bound.port });
    this.socket = socket;
  }

  send(message: Uint8Array): void {
    send(this.socket, message, this.port, this.address);
  }

  sendNothing(): void {}
}

function send(socket: Socket, message: Uint8Array, port: number, address: string): void {
  try {
    // The socket keeps the bytes until the kernel has them, the caller uses them again at once.
    const kept = Buffer.from(message);
    socket.send(kept, port, address, (error) => {
      if (error) sendAgain(socket, kept, { port, address });
    });
  } catch {
    // Closed meanwhile: the client asks again elsewhere.
  }
}

/** What the kernel has refused is tried once more. */
function sendAgain(socket: Socket, message: Buffer, { port, address }: { readonly port: number; readonly address: string }): void {
  try {
    socket.send(message, port, address, () => {});
  } catch {
    // Closed meanwhile.
  }
}

function bind(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
