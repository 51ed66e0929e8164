// Tells which of many descriptors have something to receive: an epoll descriptor and the memory that it reports into.
import { errorNumber, inRange, Memory, native, succeed } from './library.ts';
import { watchDescriptor } from './readiness.ts';

const closeOnExec = 0o2000000;
const add = 1;
const readable = 1;
const badDescriptor = 9;
/** 32-bit words of a struct epoll_event, and the one at which its data start: packed on x64 alone. */
const layout = process.arch === 'x64' ? { stride: 3, data: 1 } : { stride: 4, data: 2 };
/** Descriptors that one call reports. */
const maxEvents = 64;

/** A set of descriptors, each under a ticket: a slot, and a generation that tells apart those that had the slot one after the other. */
export class Poller {
  readonly maxEvents = maxEvents;
  /** -1 once closed, so that a later call cannot hit what the system opened under the same number. */
  private fd: number;
  private readonly memory: Memory;
  private readonly words: Int32Array;
  private readonly events: bigint;

  /** Throws the system's error when there is no descriptor left. */
  constructor() {
    const size = layout.stride * 4 * maxEvents;
    this.memory = new Memory(size);
    this.words = new Int32Array(this.memory.buffer);
    this.events = this.memory.pointer(0, size);
    this.fd = succeed('epoll_create1', native().functions.epoll_create1(closeOnExec));
  }

  /** Reports `fd` under this ticket whenever it is readable or has an error, until it is closed. */
  add(fd: number, slot: number, generation: number): void {
    this.words[0] = readable;
    this.words[layout.data] = slot;
    this.words[layout.data + 1] = generation;
    succeed('epoll_ctl', native().functions.epoll_ctl(this.fd, add, fd, this.memory.pointer(0, layout.stride * 4)));
  }

  /** How many descriptors are readable, at most {@link maxEvents}, without waiting for any; or an error number below zero. */
  poll(): number {
    if (this.fd < 0) return -badDescriptor;
    const count = native().functions.epoll_wait(this.fd, this.events, maxEvents, 0);
    return count < 0 ? -errorNumber() : count;
  }

  slot(event: number): number {
    inRange(event, 0, maxEvents - 1);
    return this.words[event * layout.stride + layout.data] as number;
  }

  generation(event: number): number {
    inRange(event, 0, maxEvents - 1);
    return this.words[event * layout.stride + layout.data + 1] as number;
  }

  /** Calls `ready` from the event loop whenever {@link poll} has something to tell, until the returned function was called. */
  watch(ready: () => void): () => Promise<void> {
    return watchDescriptor(this.fd, ready);
  }

  close(): void {
    if (this.fd >= 0) native().functions.close(this.fd);
    this.fd = -1;
  }
}
