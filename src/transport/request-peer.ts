// The client of one request, where a connection carries many at a time.
import { type Addresses, Ends } from './addresses.ts';
import type { Cancellable, Peer } from './answerer.ts';

/** How a request is answered. */
export type RequestAnswer = Pick<Peer, 'send' | 'sendNothing'>;

export class RequestPeer extends Ends implements Peer {
  readonly transport: 'https' | 'grpc';
  readonly waiting = new Set<Cancellable>();
  readonly send: Peer['send'];
  readonly sendNothing: Peer['sendNothing'];

  constructor(transport: 'https' | 'grpc', addresses: Addresses, { send, sendNothing }: RequestAnswer) {
    super(addresses);
    this.transport = transport;
    this.send = send;
    this.sendNothing = sendNothing;
  }

  /** The client does not wait any more. */
  gone(): void {
    for (const each of this.waiting) each.cancel('the client is gone');
  }
}
