// A UDP socket of the system that asks: connected to one peer, disconnected, and connected again from another port.
import { addressOf, socketAddress } from './address.ts';
import { errorNumber, inRange, Memory, native, succeed } from './library.ts';
import { Messages, nameStride } from './messages.ts';

// Numbers of Linux that are the same on x64 and arm64.
const addressFamily = { 4: 2, 6: 10 } as const;
const datagramSocket = 2 | 0o4000 | 0o2000000; // SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC
const nameSize = { 4: 16, 6: 28 } as const;
const badDescriptor = 9;
const doNotWait = 0x40;
const maxDatagram = 65535;
/** Datagrams that one call sends or receives at most, and octets of one to be sent: few queries are longer. */
const slots = 8;
const sendLength = 1536;
const roomForDatagram = BigInt(maxDatagram);

/** Room for one datagram. */
class Datagram {
  readonly bytes: Buffer;
  readonly start: bigint;
  private readonly memory = new Memory(maxDatagram);

  constructor() {
    this.bytes = Buffer.from(this.memory.buffer);
    this.start = this.memory.pointer(0, maxDatagram);
  }
}

interface Memories {
  readonly incoming: Datagram;
  readonly outgoing: Datagram;
  readonly received: Messages;
  readonly toSend: Messages;
  /** A socket address and its length. */
  readonly name: Memory;
}

let shared: Memories | undefined;

/** Always the same: what only a pointer refers to may be freed before the call. */
function memories(): Memories {
  shared ??= {
    incoming: new Datagram(),
    outgoing: new Datagram(),
    received: new Messages({ slots, slotLength: maxDatagram, family: undefined, packetInfo: false }),
    toSend: new Messages({ slots, slotLength: sendLength, family: undefined, packetInfo: false }),
    name: new Memory((nameStride + 1) * 4),
  };
  return shared;
}

/** Where a socket is to send to and from, as the kernel lays it out. */
export class ClientAddresses {
  readonly family: 4 | 6;
  readonly length: number;
  readonly bound: boolean;
  private readonly memory = new Memory(3 * nameStride * 4);
  readonly peer: bigint;
  readonly source: bigint;
  /** The address of no family, which disconnects. */
  readonly nobody: bigint;

  constructor(address: string, port: number, source: string | undefined) {
    this.family = address.includes(':') ? 6 : 4;
    this.length = nameSize[this.family];
    this.bound = source !== undefined;
    const words = new Int32Array(this.memory.buffer);
    words.set(socketAddress(address, port), 0);
    if (source !== undefined) words.set(socketAddress(source, 0), nameStride);
    this.peer = this.memory.pointer(0, this.length);
    this.source = this.memory.pointer(nameStride * 4, this.length);
    this.nobody = this.memory.pointer(2 * nameStride * 4, this.length);
  }
}

/** A UDP socket that does not block. */
export class ClientDescriptor {
  /** -1 once closed, so that a later call cannot hit what the system opened under the same number. */
  fd: number;
  private readonly addresses: ClientAddresses;

  /** Throws an Error with `code` and `syscall`, as Node's own do. */
  constructor(addresses: ClientAddresses) {
    const { functions } = native();
    this.addresses = addresses;
    this.fd = succeed('socket', functions.socket(addressFamily[addresses.family], datagramSocket, 0));
    if (!addresses.bound) return;
    try {
      // To port 0: that does not tie it to a port for longer than to its first peer.
      succeed('bind', functions.bind(this.fd, addresses.source, addresses.length));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Takes a port that the kernel chooses at random, and hears the peer alone. Returns 0 or an error number below zero. */
  connect(): number {
    if (this.fd < 0) return -badDescriptor;
    return native().functions.connect(this.fd, this.addresses.peer, this.addresses.length) < 0 ? -errorNumber() : 0;
  }

  /** Gives the port back: nothing can come any more. Returns 0 or an error number below zero. */
  disconnect(): number {
    if (this.fd < 0) return -badDescriptor;
    return native().functions.connect(this.fd, this.addresses.nobody, this.addresses.length) < 0 ? -errorNumber() : 0;
  }

  /** Sends one datagram. Returns 0 or an error number below zero. */
  send(message: Uint8Array): number {
    if (this.fd < 0) return -badDescriptor;
    const { outgoing } = memories();
    inRange(message.length, 0, maxDatagram);
    outgoing.bytes.set(message);
    return native().functions.write(this.fd, outgoing.start, BigInt(message.length)) < 0n ? -errorNumber() : 0;
  }

  /** Sends datagrams, as many as one call takes. Returns how many from `first` on went out, or an error number below zero. */
  sendSome(messages: readonly Uint8Array[], first: number): number {
    if (this.fd < 0) return -badDescriptor;
    const { toSend } = memories();
    let count = 0;
    while (count < slots && first + count < messages.length) {
      const message = messages[first + count] as Uint8Array;
      if (message.length > sendLength) break;
      toSend.data[count]?.set(message);
      toSend.setLength(count, message.length);
      count++;
    }
    if (count < 2) return this.send(messages[first] as Uint8Array) || 1;
    const sent = native().functions.sendmmsg(this.fd, toSend.pointer(0, count), count, doNotWait);
    return sent < 0 ? -errorNumber() : sent;
  }

  /** Receives as many datagrams as are there, of which {@link copyOf} gives the bytes, at most a few. Returns how many, or an error number below zero. */
  receiveSome(): number {
    if (this.fd < 0) return -badDescriptor;
    const { received } = memories();
    received.clear();
    const count = native().functions.recvmmsg(this.fd, received.pointer(0, slots), slots, doNotWait, 0n);
    if (count < 0) return -errorNumber();
    received.fill(count);
    return count;
  }

  /** Receives one datagram, of which {@link copyReceived} gives the bytes. Returns its length or an error number below zero. */
  receive(): number {
    if (this.fd < 0) return -badDescriptor;
    const length = Number(native().functions.read(this.fd, memories().incoming.start, roomForDatagram));
    return length < 0 ? -errorNumber() : length;
  }

  /** The address and port that it sends from; undefined when the system does not tell. */
  local(): { readonly address: string; readonly port: number } | undefined {
    if (this.fd < 0) return undefined;
    const { name } = memories();
    const words = new Int32Array(name.buffer);
    words[nameStride] = nameStride * 4;
    const result = native().functions.getsockname(this.fd, name.pointer(0, nameStride * 4), name.pointer(nameStride * 4, 4));
    return result < 0 ? undefined : addressOf(words);
  }

  close(): void {
    if (this.fd >= 0) native().functions.close(this.fd);
    this.fd = -1;
  }
}

/** The datagram in a slot that {@link ClientDescriptor.receiveSome} has filled. */
export function copyOf(slot: number): Buffer {
  const { received } = memories();
  const length = received.length(slot);
  const message = Buffer.allocUnsafe(length);
  received.data[slot]?.copy(message, 0, 0, length);
  return message;
}

/** The first `length` octets of the datagram that was received last. */
export function copyReceived(length: number): Buffer {
  inRange(length, 0, maxDatagram);
  const message = Buffer.allocUnsafe(length);
  memories().incoming.bytes.copy(message, 0, 0, length);
  return message;
}
