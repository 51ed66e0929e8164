// Who sent a datagram and which address was asked, copied out of the received words; text is made only when somebody asks for it.
import type { Peer } from '../answerer.ts';
import { addressText, addressWord, hostOrder, ipv4Text, isFamily, isLinkLocal, portOf, portWord, scopeWord } from './address.ts';
import { controlStride, type Messages, nameStride, packetInfoWord } from './messages.ts';

/** What a peer needs of the socket that it came by. */
export interface PeerSocket {
  readonly family: 4 | 6;
  /** The address and port that the socket is bound to. */
  readonly address: string;
  readonly port: number;
  /** Whether the socket is bound to every address, so that each datagram tells which one was asked. */
  readonly wildcard: boolean;
  send(message: Uint8Array, peer: BatchPeer): void;
  /** Says that a query in hand was answered, or will not be. */
  settle(): void;
}

/** The asker of one datagram. */
export class BatchPeer implements Peer {
  /** Whether the answer was not at hand. */
  unanswered = false;
  private readonly socket: PeerSocket;
  private readonly first: number;
  private readonly remote0: number;
  private readonly remote1: number;
  private readonly remote2: number;
  private readonly remote3: number;
  private readonly scope: number;
  private readonly local0: number;
  private readonly local1: number;
  private readonly local2: number;
  private readonly local3: number;
  private readonly localInterface: number;

  constructor(socket: PeerSocket, messages: Messages, slot: number) {
    const { names, controls } = messages;
    const six = socket.family === 6;
    const told = messages.hasPacketInfo(slot);
    const name = slot * nameStride;
    const remote = name + addressWord[socket.family];
    // In struct in6_pktinfo the address comes before the interface, in struct in_pktinfo behind it.
    const info = slot * controlStride + packetInfoWord;
    const local = six ? info : info + 1;
    this.socket = socket;
    // Indices are within the arrays by the strides; a check for each word would cost more than the rest.
    this.first = names[name + portWord] as number;
    this.remote0 = names[remote] as number;
    this.remote1 = six ? (names[remote + 1] as number) : 0;
    this.remote2 = six ? (names[remote + 2] as number) : 0;
    this.remote3 = six ? (names[remote + 3] as number) : 0;
    this.scope = six ? (names[name + scopeWord] as number) : 0;
    this.local0 = told ? (controls[local] as number) : 0;
    this.local1 = told && six ? (controls[local + 1] as number) : 0;
    this.local2 = told && six ? (controls[local + 2] as number) : 0;
    this.local3 = told && six ? (controls[local + 3] as number) : 0;
    // Elsewhere the routes decide by which interface the answer goes, as they do for every other packet.
    this.localInterface = six && told && isLinkLocal(this.local0) ? (controls[info + 4] as number) : 0;
  }

  get transport(): 'udp' {
    return 'udp';
  }

  get family(): 4 | 6 {
    return this.socket.family;
  }

  get address(): string {
    if (this.socket.family === 4) return ipv4Text(this.remote0);
    return addressText([this.remote0, this.remote1, this.remote2, this.remote3], this.scope);
  }

  writeAddress(words: Uint32Array): 1 | 4 {
    words[0] = hostOrder(this.remote0);
    if (this.socket.family === 4) return 1;
    words[1] = hostOrder(this.remote1);
    words[2] = hostOrder(this.remote2);
    words[3] = hostOrder(this.remote3);
    return 4;
  }

  get port(): number {
    return portOf(this.first);
  }

  get localAddress(): string {
    if (!this.socket.wildcard) return this.socket.address;
    if (this.socket.family === 4) return ipv4Text(this.local0);
    return addressText([this.local0, this.local1, this.local2, this.local3], this.localInterface);
  }

  get localPort(): number {
    return this.socket.port;
  }

  /** Whether an answer can be sent to where the datagram claims to come from. */
  get answerable(): boolean {
    return isFamily(this.first, this.socket.family) && this.port !== 0;
  }

  send(message: Uint8Array): void {
    this.socket.send(message, this);
    this.sendNothing();
  }

  sendNothing(): void {
    if (this.unanswered) this.socket.settle();
    this.unanswered = false;
  }

  /** Addresses the message in a slot to this peer, from the address that it asked. */
  addressTo(messages: Messages, slot: number): void {
    const { names, controls } = messages;
    const name = slot * nameStride;
    const info = slot * controlStride + packetInfoWord;
    names[name + portWord] = this.first;
    if (this.socket.family === 4) {
      names[name + addressWord[4]] = this.remote0;
      controls[info + 1] = this.local0;
      return;
    }
    const remote = name + addressWord[6];
    names[remote] = this.remote0;
    names[remote + 1] = this.remote1;
    names[remote + 2] = this.remote2;
    names[remote + 3] = this.remote3;
    names[name + scopeWord] = this.scope;
    controls[info] = this.local0;
    controls[info + 1] = this.local1;
    controls[info + 2] = this.local2;
    controls[info + 3] = this.local3;
    controls[info + 4] = this.localInterface;
  }
}
