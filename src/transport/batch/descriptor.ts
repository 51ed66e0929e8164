// A UDP socket of the system: opened, asked for its name, received from and sent to.
import { addressWord } from './address.ts';
import { errorNumber, Memory, native, succeed, systemError } from './library.ts';
import { type Messages, nameStride } from './messages.ts';
import { watchDescriptor } from './readiness.ts';

// Numbers of Linux that are the same on x64 and arm64.
const addressFamily = { 4: 2, 6: 10 } as const;
const datagramSocket = 2 | 0o4000 | 0o2000000; // SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC
const socketLevel = 1;
const reuseAddress = 2;
const reusePort = 15;
/** Options for the sizes of the kernel's buffers; `force` goes beyond the system's limit and is for the privileged. */
const buffers = [
  { size: 7, force: 32 },
  { size: 8, force: 33 },
] as const;
const ipLevel = { 4: 0, 6: 41 } as const;
const receivePacketInfo = { 4: 8, 6: 49 } as const;
const nameSize = { 4: 16, 6: 28 } as const;
const ipv6Only = 26;
const doNotWait = 0x40;
const badDescriptor = 9;

/** ::1 and 127.0.0.1 as words in the order of the network. */
const loopback = { 4: [0x0100007f], 6: [0, 0, 0, 0x01000000] } as const;

let scratchMemory: Memory | undefined;

/** A socket address and one more word to hand to a call. Always the same: what only a pointer refers to may be freed before the call. */
function scratch(): { readonly words: Int32Array; readonly memory: Memory } {
  scratchMemory ??= new Memory((nameStride + 1) * 4);
  return { words: new Int32Array(scratchMemory.buffer), memory: scratchMemory };
}

/** Lets other sockets of this user that say so too have the address and port of a socket that is bound already (SO_REUSEPORT). */
export function sharePort(fd: number): void {
  const { words, memory } = scratch();
  words[0] = 1;
  succeed('setsockopt', native().functions.setsockopt(fd, socketLevel, reusePort, memory.pointer(0, 4), 4));
}

/** Where a socket is to be bound, and how. */
export interface OpenOptions {
  readonly family: 4 | 6;
  /** The socket address as the kernel lays it out. */
  readonly name: Int32Array;
  /** Lets other sockets that say so too share the port (SO_REUSEADDR). */
  readonly shared: boolean;
  /** Lets sockets of other processes that say so too have the same address and port (SO_REUSEPORT). */
  readonly reusePort?: boolean;
  /** Received messages tell the local address they were sent to. */
  readonly packetInfo: boolean;
  /** Octets wished for the kernel's buffers. Never makes them smaller; the system's limits hold, except for the privileged. */
  readonly bufferSize: number;
}

/** A bound UDP socket that does not block. */
export class UdpDescriptor {
  /** -1 once closed, so that a later call cannot hit what the system opened under the same number. */
  private fd: number;
  private readonly family: 4 | 6;

  /** Throws an Error with `code` and `syscall`, as Node's own do. */
  constructor(options: OpenOptions) {
    const { family } = options;
    this.family = family;
    const { functions } = native();
    this.fd = succeed('socket', functions.socket(addressFamily[family], datagramSocket, 0));
    try {
      if (family === 6) this.setOption(ipLevel[6], ipv6Only, 1);
      if (options.shared) this.setOption(socketLevel, reuseAddress, 1);
      if (options.reusePort === true) this.share();
      if (options.packetInfo) this.setOption(ipLevel[family], receivePacketInfo[family], 1);
      this.raiseBuffers(options.bufferSize);
      const { words, memory } = scratch();
      words.set(options.name.subarray(0, nameStride));
      succeed('bind', functions.bind(this.fd, memory.pointer(0, nameSize[family]), nameSize[family]));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The socket address that it is bound to, as the kernel lays it out. */
  name(): Int32Array {
    const { words, memory } = scratch();
    words[nameStride] = nameStride * 4;
    succeed('getsockname', native().functions.getsockname(this.fd, memory.pointer(0, nameStride * 4), memory.pointer(nameStride * 4, 4)));
    return words.slice(0, nameStride);
  }

  /** Receives what has arrived into the slots from the first on. Returns how many messages, or an error number below zero. */
  receive(messages: Messages): number {
    if (this.fd < 0) return -badDescriptor;
    messages.clear();
    const count = native().functions.recvmmsg(this.fd, messages.pointer(0, messages.slots), messages.slots, doNotWait, 0n);
    if (count < 0) return -errorNumber();
    messages.fill(count);
    return count;
  }

  /** Sends `count` messages from the slot `first` on. Returns how many went out, or the error number of the first below zero. */
  send(messages: Messages, first: number, count: number): number {
    if (this.fd < 0) return -badDescriptor;
    const sent = native().functions.sendmmsg(this.fd, messages.pointer(first, count), count, doNotWait);
    return sent < 0 ? -errorNumber() : sent;
  }

  /** Calls `readable` from the event loop whenever there is something to receive, until the returned function was called. */
  watch(readable: () => void): () => Promise<void> {
    if (this.fd < 0) throw systemError('watch', badDescriptor);
    return watchDescriptor(this.fd, readable);
  }

  /**
   * Leaves what comes to the port to the other sockets that share it: connected to its own address, a socket is sent nothing from elsewhere.
   * What has arrived can still be received, and anybody sent to. Should the system refuse, all stays as it was.
   */
  leave(): void {
    const { words, memory } = scratch();
    const name = this.name();
    const address = addressWord[this.family];
    const wildcard = name.subarray(address, address + (this.family === 4 ? 1 : 4)).every((word) => word === 0);
    if (wildcard) name.set(this.family === 4 ? loopback[4] : loopback[6], address);
    words.set(name);
    native().functions.connect(this.fd, memory.pointer(0, nameSize[this.family]), nameSize[this.family]);
  }

  /** Lets other sockets have the same address and port. */
  share(): void {
    if (this.fd >= 0) sharePort(this.fd);
  }

  close(): void {
    if (this.fd >= 0) native().functions.close(this.fd);
    this.fd = -1;
  }

  private raiseBuffers(wished: number): void {
    for (const { size, force } of buffers) {
      if (this.option(socketLevel, size) >= wished) continue;
      this.setOption(socketLevel, size, wished);
      // The kernel reports twice of what it was asked for when that is within its limit.
      if (this.option(socketLevel, size) < wished) this.trySetOption(socketLevel, force, wished);
    }
  }

  private option(level: number, name: number): number {
    const { words, memory } = scratch();
    words[1] = 4;
    succeed('getsockopt', native().functions.getsockopt(this.fd, level, name, memory.pointer(0, 4), memory.pointer(4, 4)));
    return words[0] as number;
  }

  private setOption(level: number, name: number, value: number): void {
    succeed('setsockopt', this.trySetOption(level, name, value));
  }

  private trySetOption(level: number, name: number, value: number): number {
    const { words, memory } = scratch();
    words[0] = value;
    return native().functions.setsockopt(this.fd, level, name, memory.pointer(0, 4), 4);
  }
}
