// Messages as recvmmsg and sendmmsg take them: the layout of struct mmsghdr and all that it points to.
import { inRange, Memory } from './library.ts';

// On little-endian 64-bit Linux with glibc or musl; in octets unless "word" is said.
const headerSize = 64;
const headerWords = headerSize / 4;
const header = { name: 0, nameLength: 8, vector: 16, vectorLength: 24, control: 32, controlLength: 40, flags: 48, length: 56 } as const;
const vectorSize = 16;
const vectorWords = vectorSize / 4;
const nameSize = { 4: 16, 6: 28 } as const;
const controlSize = { 4: 32, 6: 40 } as const;
const controlLength = { 4: 28, 6: 36 } as const;
const controlLevel = { 4: 0, 6: 41 } as const;
const controlType = { 4: 8, 6: 50 } as const;
const truncatedFlag = 0x20;

/** 32-bit words from one slot's socket address to the next in {@link Messages.names}. */
export const nameStride = 8;
/** 32-bit words from one slot's control message to the next in {@link Messages.controls}. */
export const controlStride = 10;
/** Word of a control message at which its struct in_pktinfo or in6_pktinfo starts. */
export const packetInfoWord = 4;

/** How many messages, how long each may be, of which family, and whether they carry the local address. Those of a connected socket have no family: no addresses. */
export interface MessagesOptions {
  readonly slots: number;
  readonly slotLength: number;
  readonly family: 4 | 6 | undefined;
  readonly packetInfo: boolean;
}

/** Messages that one system call receives or sends, with their addresses: an array of struct mmsghdr and all that it points to. */
export class Messages {
  readonly slots: number;
  readonly slotLength: number;
  /** The octets of each message's slot. */
  readonly data: readonly Buffer[];
  /** The socket address of each message, {@link nameStride} words apart, as the kernel lays it out. */
  readonly names: Int32Array;
  /** The control message of each message, {@link controlStride} words apart, as the kernel lays it out. */
  readonly controls: Int32Array;
  private readonly memory: Memory;
  private readonly headers: Int32Array;
  private readonly pointers: readonly bigint[];
  private readonly vectors: Int32Array;
  private readonly nameSize: number;
  private readonly controlSize: number;
  private filled: number;

  constructor({ slots, slotLength, family, packetInfo: withControl }: MessagesOptions) {
    inRange(slots, 1, 1024);
    inRange(slotLength, 1, 0x10000);
    this.slots = slots;
    this.slotLength = slotLength;
    this.nameSize = family === undefined ? 0 : nameSize[family];
    this.controlSize = withControl && family !== undefined ? controlSize[family] : 0;
    // An odd number of cache lines: slots that start on the same lines of different pages would push each other out of the cache.
    const stride = (Math.ceil(slotLength / 64) | 1) * 64;
    const at = { vectors: slots * headerSize, names: 0, controls: 0, data: 0 };
    at.names = at.vectors + slots * vectorSize;
    at.controls = at.names + slots * nameStride * 4;
    at.data = Math.ceil((at.controls + slots * controlStride * 4) / 64) * 64;
    this.memory = new Memory(at.data + slots * stride);
    const { buffer } = this.memory;
    this.headers = new Int32Array(buffer, 0, slots * headerWords);
    this.vectors = new Int32Array(buffer, at.vectors, slots * vectorWords);
    this.names = new Int32Array(buffer, at.names, slots * nameStride);
    this.controls = new Int32Array(buffer, at.controls, slots * controlStride);
    this.data = Array.from({ length: slots }, (_, slot) => Buffer.from(buffer, at.data + slot * stride, slotLength));
    this.pointers = Array.from({ length: slots }, (_, slot) => this.memory.pointer(slot * headerSize, (slots - slot) * headerSize));
    const view = new DataView(buffer);
    for (let slot = 0; slot < slots; slot++) {
      const start = slot * headerSize;
      const vector = at.vectors + slot * vectorSize;
      const name = this.memory.pointer(at.names + slot * nameStride * 4, this.nameSize);
      view.setBigUint64(start + header.name, this.nameSize > 0 ? name : 0n, true);
      view.setBigUint64(start + header.vector, this.memory.pointer(vector, vectorSize), true);
      view.setBigUint64(start + header.vectorLength, 1n, true);
      const control = this.memory.pointer(at.controls + slot * controlStride * 4, this.controlSize);
      view.setBigUint64(start + header.control, this.controlSize > 0 ? control : 0n, true);
      view.setBigUint64(vector, this.memory.pointer(at.data + slot * stride, slotLength), true);
      if (this.controlSize > 0 && family !== undefined) this.writeControlHeader(slot, family);
    }
    this.filled = slots;
    this.clear();
  }

  /** Octets of the message in a slot. */
  length(slot: number): number {
    inRange(slot, 0, this.slots - 1);
    const length = this.headers[slot * headerWords + header.length / 4] as number;
    return Math.min(length, this.slotLength);
  }

  /** Says how long the message to send from a slot is. */
  setLength(slot: number, length: number): void {
    inRange(slot, 0, this.slots - 1);
    inRange(length, 0, this.slotLength);
    this.vectors[slot * vectorWords + 2] = length;
  }

  /** Whether a received message was longer than its slot. */
  isTruncated(slot: number): boolean {
    return ((this.headers[slot * headerWords + header.flags / 4] as number) & truncatedFlag) !== 0;
  }

  /** Whether a received message came with a whole socket address. */
  hasName(slot: number): boolean {
    return this.headers[slot * headerWords + header.nameLength / 4] === this.nameSize;
  }

  /** Whether a received message came with the local address. */
  hasPacketInfo(slot: number): boolean {
    return this.controlSize > 0 && (this.headers[slot * headerWords + header.controlLength / 4] as number) >= this.controlSize;
  }

  /** Says how many slots were received into; {@link clear} makes those ready for the next call. */
  fill(count: number): void {
    inRange(count, 0, this.slots);
    this.filled = count;
  }

  /** Makes the slots that were received into ready again: the kernel writes over the lengths it was given. */
  clear(): void {
    for (let slot = 0; slot < this.filled; slot++) {
      const start = slot * headerWords;
      this.headers[start + header.nameLength / 4] = this.nameSize;
      this.headers[start + header.controlLength / 4] = this.controlSize;
      this.vectors[slot * vectorWords + 2] = this.slotLength;
    }
    this.filled = 0;
  }

  /** The address of the headers from `first` on, `count` of them. */
  pointer(first: number, count: number): bigint {
    inRange(count, 1, this.slots);
    inRange(first, 0, this.slots - count);
    return this.pointers[first] as bigint;
  }

  private writeControlHeader(slot: number, family: 4 | 6): void {
    const start = slot * controlStride;
    this.controls[start] = controlLength[family];
    this.controls[start + 2] = controlLevel[family];
    this.controls[start + 3] = controlType[family];
  }
}
