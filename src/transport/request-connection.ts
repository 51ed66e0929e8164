// A connection that carries requests: what ends it when nothing is asked on it, or when its answers are not taken.
import type { Socket } from 'node:net';
import type { Addresses } from './addresses.ts';
import type { Timeouts } from './stream-settings.ts';

/** Stands on the socket itself: what HTTP/2 gives for a socket is another object, which passes properties on. */
const of = Symbol('the connection of a socket');

export class RequestConnection {
  /** Who asks: a connection that has ended tells no more. */
  readonly addresses: Addresses;
  private readonly socket: Socket;
  private readonly write: number;
  private readonly idle: NodeJS.Timeout;
  private inHand = 0;
  private finishing = false;

  constructor(socket: Socket, addresses: Addresses, { idle, write }: Required<Timeouts>) {
    this.socket = socket;
    this.addresses = addresses;
    this.write = write;
    // Whole requests count: octets that trickle in would keep the timer of a socket from its end.
    this.idle = setTimeout(() => {
      if (this.inHand === 0) socket.destroy();
    }, idle);
    socket.on('close', () => clearTimeout(this.idle));
    (socket as { [of]?: RequestConnection })[of] = this;
  }

  /** Undefined when the connection of a request has ended. */
  static of(socket: object): RequestConnection | undefined {
    return (socket as { [of]?: RequestConnection })[of];
  }

  /** A request has begun. */
  began(): void {
    this.inHand++;
  }

  /** A request has been answered, and its answer taken; or it was given up. */
  ended(): void {
    this.inHand--;
    if (this.inHand > 0) return;
    this.idle.refresh();
    if (this.finishing) this.socket.end();
  }

  /** Begins the time in which an answer has to be taken; the result says that it was. */
  sending(): () => void {
    const timer = setTimeout(() => this.socket.destroy(), this.write);
    return () => clearTimeout(timer);
  }

  /** Closes when what is in hand has been answered. */
  finish(): void {
    this.finishing = true;
    if (this.inHand === 0) this.socket.end();
  }
}
