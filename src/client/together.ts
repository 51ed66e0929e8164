// A few queries of one turn that leave by one socket, told apart by their ids.
import type { Receiver, UdpRoute, UdpSocket } from '../transport/udp-socket.ts';
import type { Outstanding } from './channel.ts';

/** Queries that leave by one socket at most. */
const maxTogether = 6;

export class Together implements Receiver {
  private readonly socket: UdpSocket;
  private readonly waiting = new Map<number, Receiver>();
  private readonly messages: Buffer[] = [];
  private left = false;

  /** Throws the system's error when it has no socket. */
  constructor(route: UdpRoute) {
    this.socket = route.connect(this);
  }

  /** Joins a query to those that are about to leave; undefined where it has to leave by another socket. */
  ask(message: Buffer, receiver: Receiver): Outstanding | undefined {
    const id = message.readUInt16BE(0);
    if (this.left || this.messages.length >= maxTogether || this.waiting.has(id)) return undefined;
    this.waiting.set(id, receiver);
    this.messages.push(message);
    return new Member(this, id, receiver);
  }

  /** Sends what was joined. Nothing more can join. */
  leave(): void {
    if (this.left) return;
    this.left = true;
    this.socket.sendAll(this.messages);
    this.messages.length = 0;
    if (this.waiting.size === 0) this.socket.close();
  }

  /** Whether it was the last reply. */
  received(message: Buffer): boolean {
    if (message.length < 2) return false;
    const id = message.readUInt16BE(0);
    const receiver = this.waiting.get(id);
    if (receiver?.received(message) === true) this.waiting.delete(id);
    return this.waiting.size === 0;
  }

  failed(error: Error): void {
    const receivers = [...this.waiting.values()];
    this.waiting.clear();
    for (const receiver of receivers) receiver.failed(error);
  }

  /** The query with this id is not waited for any more. */
  forget(id: number, receiver: Receiver): void {
    if (this.waiting.get(id) !== receiver) return;
    this.waiting.delete(id);
    if (this.left && this.waiting.size === 0) this.socket.close();
  }

  describe(): string {
    return this.socket.describe();
  }
}

class Member implements Outstanding {
  private readonly together: Together;
  private readonly id: number;
  private readonly receiver: Receiver;

  constructor(together: Together, id: number, receiver: Receiver) {
    this.together = together;
    this.id = id;
    this.receiver = receiver;
  }

  close(): void {
    this.together.forget(this.id, this.receiver);
  }

  describe(): string {
    return this.together.describe();
  }
}
