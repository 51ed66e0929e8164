// The client of one request, where a connection carries many at a time.
import type { Addresses } from './addresses.ts';
import type { Cancellable, Peer } from './answerer.ts';

/** How a request is answered. */
export type RequestAnswer = Pick<Peer, 'send' | 'sendNothing'>;

export class RequestPeer implements Peer {
  readonly transport: 'https' | 'grpc';
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  readonly localAddress: string;
  readonly localPort: number;
  readonly waiting = new Set<Cancellable>();
  readonly send: Peer['send'];
  readonly sendNothing: Peer['sendNothing'];

  constructor(transport: 'https' | 'grpc', { address, port, family, localAddress, localPort }: Addresses, { send, sendNothing }: RequestAnswer) {
    this.transport = transport;
    this.address = address;
    this.port = port;
    this.family = family;
    this.localAddress = localAddress;
    this.localPort = localPort;
    this.send = send;
    this.sendNothing = sendNothing;
  }

  /** The client does not wait any more. */
  gone(): void {
    for (const each of this.waiting) each.cancel('the client is gone');
  }
}
