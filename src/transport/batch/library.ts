// libc and libuv by node:ffi, and memory that they may read and write. Pointers exist only in this folder's library, messages, descriptor, client-descriptor, poller,
// readiness and unix-datagram.
import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { markAsUntransferable } from 'node:worker_threads';

type Ffi = typeof import('node:ffi');

const signatures = {
  __errno_location: { return: 'pointer', arguments: [] },
  socket: { return: 'i32', arguments: ['i32', 'i32', 'i32'] },
  bind: { return: 'i32', arguments: ['i32', 'pointer', 'u32'] },
  getsockname: { return: 'i32', arguments: ['i32', 'pointer', 'pointer'] },
  getsockopt: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'pointer', 'pointer'] },
  setsockopt: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'pointer', 'u32'] },
  recvmmsg: { return: 'i32', arguments: ['i32', 'pointer', 'u32', 'i32', 'pointer'] },
  sendmmsg: { return: 'i32', arguments: ['i32', 'pointer', 'u32', 'i32'] },
  // Calls with a pointer and more than three arguments take a slow way through node:ffi: hence read and write instead of recv and send.
  connect: { return: 'i32', arguments: ['i32', 'pointer', 'u32'] },
  read: { return: 'i64', arguments: ['i32', 'pointer', 'u64'] },
  write: { return: 'i64', arguments: ['i32', 'pointer', 'u64'] },
  epoll_create1: { return: 'i32', arguments: ['i32'] },
  epoll_ctl: { return: 'i32', arguments: ['i32', 'i32', 'i32', 'pointer'] },
  epoll_wait: { return: 'i32', arguments: ['i32', 'pointer', 'i32', 'i32'] },
  close: { return: 'i32', arguments: ['i32'] },
  uv_handle_size: { return: 'u64', arguments: ['i32'] },
  uv_poll_init: { return: 'i32', arguments: ['pointer', 'pointer', 'i32'] },
  uv_poll_start: { return: 'i32', arguments: ['pointer', 'i32', 'pointer'] },
  uv_close: { return: 'void', arguments: ['pointer', 'pointer'] },
} as const;

function bindLibraries(ffi: Ffi) {
  return { ffi, ...ffi.dlopen(null, signatures), loop: ffi.getCurrentEventLoop() };
}

type Libraries = ReturnType<typeof bindLibraries>;
let libraries: Libraries | null | undefined;

/** Whether this process can make the calls: Linux on x64 or arm64, and a Node with node:ffi that is not switched off. */
export function isNativeAvailable(): boolean {
  libraries ??= load();
  return libraries !== null;
}

function load(): Libraries | null {
  return withFfi(bindLibraries);
}

/** What `use` makes of node:ffi; null where there is none, and where it throws. */
function withFfi<T>(use: (ffi: Ffi) => T): T | null {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch) || endianness() !== 'LE') return null;
  const { emitWarning } = process;
  try {
    // Loading node:ffi says that it is experimental. The operator cannot act on that; every other warning is left alone.
    process.emitWarning = () => {};
    const ffi = process.getBuiltinModule('node:ffi');
    return ffi === undefined ? null : use(ffi);
  } catch {
    return null;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Options of glibc's mallopt. */
const M_ARENA_MAX = -8;
const M_TRIM_THRESHOLD = -1;

/**
 * Makes the threads of this process share one arena of glibc's malloc, and give back what is free at its end: each keeps what its busiest moment took.
 * Does nothing where there is no glibc, or no node:ffi.
 */
export function shareArena(): void {
  withFfi((ffi) => {
    const { mallopt } = ffi.dlopen(null, { mallopt: { return: 'i32', arguments: ['i32', 'i32'] } }).functions;
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
  });
}

/**
 * What gives back memory that malloc has kept, also between what is in use: 1 ms for 10 MiB. The compiler and buffers that come and go leave much of it.
 * Undefined where there is no glibc, or no node:ffi.
 */
export function memoryReturn(): (() => void) | undefined {
  const trim = withFfi((ffi) => ffi.dlopen(null, { malloc_trim: { return: 'i32', arguments: ['u64'] } }).functions.malloc_trim);
  return trim === null ? undefined : () => void trim(0n);
}

/** The libraries. Throws where {@link isNativeAvailable} says no. */
export function native(): Libraries {
  if (!isNativeAvailable()) throw new Error('node:ffi is not available here');
  return libraries as Libraries;
}

/**
 * Memory for C: zeroed, never moved, resized or transferred. It is freed with this object: whoever hands a pointer to C keeps the object
 * for as long as C may use it, in a field or a set and not in a local variable, which the engine may forget after its last use.
 */
export class Memory {
  readonly buffer: ArrayBuffer;
  private readonly start: bigint;

  constructor(length: number) {
    this.buffer = new ArrayBuffer(length);
    markAsUntransferable(this.buffer);
    this.start = native().ffi.getRawPointer(this.buffer);
  }

  /** The address of `length` octets at `at`. Throws a RangeError when they are not all inside. */
  pointer(at: number, length: number): bigint {
    inRange(length, 0, this.buffer.byteLength);
    inRange(at, 0, this.buffer.byteLength - length);
    return this.start + BigInt(at);
  }
}

/** Throws a RangeError unless `value` is an integer from `least` to `most`. */
export function inRange(value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) throw new RangeError(`${value} is not between ${least} and ${most}`);
}

/** The number of the error that the last call which failed met. To be read before anything else is called. */
export function errorNumber(): number {
  const { ffi, functions } = native();
  return ffi.getInt32(functions.__errno_location());
}

/** Passes on what a call returned. Throws an Error with `code` and `syscall`, as Node's own do, when it failed. */
export function succeed(syscall: string, result: number): number {
  if (result < 0) throw systemError(syscall, errorNumber());
  return result;
}

export function systemError(syscall: string, errno: number): NodeJS.ErrnoException {
  const code = errorName(errno);
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: -errno, syscall });
}

/** The name of an error number, as EAGAIN. */
export function errorName(errno: number): string {
  return errno > 0 ? getSystemErrorName(-errno) : 'unknown error';
}
