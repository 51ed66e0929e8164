// What a transport needs of the server, and what the server needs of a transport.
import type { Client } from '../dns/client.ts';

/** A client that can be sent a message. */
export interface Peer extends Client {
  /** When its message was received, on {@link Answerer.now}, while that is being answered; undefined where messages are received one by one: just now. */
  readonly receivedAt?: number | undefined;
  /** Sends a whole message; the bytes may be used again afterwards. Does nothing when the client is gone. */
  send(message: Uint8Array): void;
  /** Says that no answer will come to a query that was {@link pending}, or that the last message of one has been sent. */
  sendNothing(): void;
  /** What is to be cancelled when the client is gone; undefined where that cannot be known. */
  readonly waiting?: Set<Cancellable>;
  /** Sends one message of an answer of several; undefined where an answer is one message. */
  readonly stream?: MessageStream;
}

/** Something that nobody needs to go on with when the client is gone. */
export interface Cancellable {
  cancel(reason: string): void;
}

/** Sends the messages of one answer in order. */
export interface MessageStream {
  /** Sends a message; the bytes may be used again afterwards. Resolves when the next one may be sent. */
  send(message: Uint8Array): undefined | Promise<void>;
  /** Closes the connection: the answer cannot be completed, and the client must not take it for whole. */
  abort(): void;
}

/** Returned by {@link Answerer.answer} when the reply will be given to {@link Peer.send} later. */
export const pending = -1;

/** The server as a transport sees it. */
export interface Answerer {
  /** Milliseconds: the clock of {@link Peer.receivedAt}. A transport that receives many messages by one call reads it once for all of them. */
  readonly now?: () => number;
  /**
   * Answers the message between `start` and `end` of `wire`, which is free for use again when this returns. A reply at hand is written
   * to the start of `out` (65,535 octets) and its length returned; 0 means that nothing is to be sent, {@link pending} that it comes later.
   */
  answer(wire: Uint8Array, start: number, end: number, peer: Peer, out: Uint8Array): number;
}

/** A socket that is open for DNS. */
export interface Listening {
  readonly transport: Client['transport'];
  readonly address: string;
  readonly port: number;
  /** How UDP is done here: many datagrams by one system call, or by Node's own sockets. */
  readonly kind?: 'batch' | 'dgram';
  /** What the socket has done so far, by name, as far as it tells. */
  readonly counters?: Readonly<object> | undefined;
  /** Lets sockets of other processes that are open to it have the same address and port from now on. Not there where that cannot be had. */
  readonly share?: (() => void) | undefined;
  close(): Promise<void>;
}

/** Octets of the largest message. */
export const maxMessage = 65535;
