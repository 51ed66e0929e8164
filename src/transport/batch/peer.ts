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
  /** See {@link Peer.receivedAt}. */
  readonly receivedAt: number | undefined;
  /** Whether the socket is bound to every address, so that each datagram tells which one was asked. */
  readonly wildcard: boolean;
  send(message: Uint8Array, peer: BatchPeer): void;
  /** Says that a query in hand was answered, or will not be. */
  settle(): void;
}

/** The asker of the datagram in a slot. */
export function peerOf(socket: PeerSocket, messages: Messages, slot: number): BatchPeer {
  return socket.family === 6 ? new BatchPeer6(socket, messages, slot) : new BatchPeer(socket, messages, slot);
}

/** One asker over IPv4. There is one for each datagram: it holds no more words than its IP version has. */
export class BatchPeer implements Peer {
  /** Whether the answer was not at hand. */
  unanswered = false;
  protected readonly socket: PeerSocket;
  protected readonly first: number;
  protected readonly remote0: number;
  protected readonly local0: number;

  constructor(socket: PeerSocket, messages: Messages, slot: number) {
    const { names, controls } = messages;
    const name = slot * nameStride;
    const info = slot * controlStride + packetInfoWord;
    this.socket = socket;
    // Indices are within the arrays by the strides; a check for each word would cost more than the rest.
    this.first = names[name + portWord] as number;
    this.remote0 = names[name + addressWord[socket.family]] as number;
    // In struct in6_pktinfo the address comes before the interface, in struct in_pktinfo behind it.
    this.local0 = messages.hasPacketInfo(slot) ? (controls[socket.family === 6 ? info : info + 1] as number) : 0;
  }

  get receivedAt(): number | undefined {
    return this.socket.receivedAt;
  }

  get transport(): 'udp' {
    return 'udp';
  }

  get family(): 4 | 6 {
    return this.socket.family;
  }

  get address(): string {
    return ipv4Text(this.remote0);
  }

  writeAddress(words: Uint32Array): 1 | 4 {
    words[0] = hostOrder(this.remote0);
    return 1;
  }

  get port(): number {
    return portOf(this.first);
  }

  get localAddress(): string {
    return this.socket.wildcard ? this.askedAddress : this.socket.address;
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
  addressTo({ names, controls }: Messages, slot: number): void {
    const name = slot * nameStride;
    names[name + portWord] = this.first;
    names[name + addressWord[4]] = this.remote0;
    controls[slot * controlStride + packetInfoWord + 1] = this.local0;
  }

  /** The address that the datagram says it was sent to. */
  protected get askedAddress(): string {
    return ipv4Text(this.local0);
  }
}

/** One asker over IPv6. */
class BatchPeer6 extends BatchPeer {
  private readonly remote1: number;
  private readonly remote2: number;
  private readonly remote3: number;
  private readonly scope: number;
  private readonly local1: number;
  private readonly local2: number;
  private readonly local3: number;
  private readonly localInterface: number;

  constructor(socket: PeerSocket, messages: Messages, slot: number) {
    super(socket, messages, slot);
    const { names, controls } = messages;
    const told = messages.hasPacketInfo(slot);
    const name = slot * nameStride;
    const remote = name + addressWord[6];
    const local = slot * controlStride + packetInfoWord;
    this.remote1 = names[remote + 1] as number;
    this.remote2 = names[remote + 2] as number;
    this.remote3 = names[remote + 3] as number;
    this.scope = names[name + scopeWord] as number;
    this.local1 = told ? (controls[local + 1] as number) : 0;
    this.local2 = told ? (controls[local + 2] as number) : 0;
    this.local3 = told ? (controls[local + 3] as number) : 0;
    // Elsewhere the routes decide by which interface the answer goes, as they do for every other packet.
    this.localInterface = told && isLinkLocal(this.local0) ? (controls[local + 4] as number) : 0;
  }

  override get address(): string {
    return addressText([this.remote0, this.remote1, this.remote2, this.remote3], this.scope);
  }

  override writeAddress(words: Uint32Array): 1 | 4 {
    words[0] = hostOrder(this.remote0);
    words[1] = hostOrder(this.remote1);
    words[2] = hostOrder(this.remote2);
    words[3] = hostOrder(this.remote3);
    return 4;
  }

  override addressTo({ names, controls }: Messages, slot: number): void {
    const name = slot * nameStride;
    const remote = name + addressWord[6];
    const info = slot * controlStride + packetInfoWord;
    names[name + portWord] = this.first;
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

  protected override get askedAddress(): string {
    return addressText([this.local0, this.local1, this.local2, this.local3], this.localInterface);
  }
}
