// A few queries of one turn that leave by one socket, told apart by their ids.
import type { Receiver, UdpRoute, UdpSocket } from '../transport/udp-socket.ts';
import type { Outstanding } from './channel.ts';

/** Queries that leave by one socket at most. */
const maxTogether = 6;

/** What is about to leave: the same array for all, as a socket takes it within the call. */
const leaving: Buffer[] = [];

export class Together implements Receiver {
  private readonly socket: UdpSocket;
  private readonly members: Member[] = [];
  /** How many of them wait for a reply. */
  private waiting = 0;
  private left = false;

  /** Throws the system's error when it has no socket. */
  constructor(route: UdpRoute) {
    this.socket = route.connect(this);
  }

  /** Joins a query to those that are about to leave; undefined where it has to leave by another socket. */
  ask(message: Buffer, receiver: Receiver): Outstanding | undefined {
    const id = message.readUInt16BE(0);
    if (this.left || this.members.length >= maxTogether || this.find(id) !== undefined) return undefined;
    const member = new Member(this, id, { message, receiver });
    this.members.push(member);
    this.waiting++;
    return member;
  }

  /** Sends what was joined. Nothing more can join. */
  leave(): void {
    if (this.left) return;
    this.left = true;
    for (const { message } of this.members) leaving.push(message);
    this.socket.sendAll(leaving);
    leaving.length = 0;
    if (this.waiting === 0) this.socket.close();
  }

  /** Whether it was the last reply. */
  received(message: Buffer): boolean {
    if (message.length < 2) return false;
    const member = this.find(message.readUInt16BE(0));
    if (member?.receiver?.received(message) === true) this.settle(member);
    return this.waiting === 0;
  }

  failed(error: Error): void {
    const receivers = this.members.flatMap(({ receiver }) => receiver ?? []);
    for (const member of this.members) this.settle(member);
    for (const receiver of receivers) receiver.failed(error);
  }

  /** A query is not waited for any more. */
  forget(member: Member): void {
    if (member.receiver === undefined) return;
    this.settle(member);
    if (this.left && this.waiting === 0) this.socket.close();
  }

  describe(): string {
    return this.socket.describe();
  }

  private find(id: number): Member | undefined {
    for (const member of this.members) if (member.id === id && member.receiver !== undefined) return member;
    return undefined;
  }

  private settle(member: Member): void {
    if (member.receiver !== undefined) this.waiting--;
    member.receiver = undefined;
  }
}

class Member implements Outstanding {
  readonly id: number;
  readonly message: Buffer;
  /** Undefined once it waits no more. */
  receiver: Receiver | undefined;
  private readonly together: Together;

  constructor(together: Together, id: number, { message, receiver }: { readonly message: Buffer; readonly receiver: Receiver }) {
    this.together = together;
    this.id = id;
    this.message = message;
    this.receiver = receiver;
  }

  close(): void {
    this.together.forget(this);
  }

  describe(): string {
    return this.together.describe();
  }
}
