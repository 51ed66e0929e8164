// Has what connections bring written into memory that is used again. Node can do that (`onread` of a Socket), but cannot be told so of those that a server accepts.
import type { Socket } from 'node:net';

/** Octets that are read at once at most. */
const length = 65536;

/** Where all connections are read into, one after the other. Node keeps its address: it is here for good. */
let room: Buffer | undefined;

/** The parts of Node's Socket that `onread` fills. */
interface Parts {
  readonly _handle?: { useUserBuffer?(buffer: Uint8Array): void } | null;
  [part: symbol]: unknown;
}

/**
 * Calls `take` with what comes by a connection; the bytes are its to use until it returns. They come by `data` events, which cost a fifth of the CPU time
 * of an answer, where something was read before, as the header of a proxy or a handshake, and where a version of Node has other parts. Says whether they
 * come without.
 */
export function readInto(socket: Socket, take: (bytes: Buffer) => void): boolean {
  const parts = socket as unknown as Parts;
  const handle = parts._handle;
  const symbols = Object.getOwnPropertySymbols(socket);
  const [buffer, callback] = ['kBuffer', 'kBufferCb'].map((name) => symbols.find(({ description }) => description === name));
  if (buffer === undefined || callback === undefined || typeof handle?.useUserBuffer !== 'function' || socket.bytesRead > 0) {
    socket.on('data', take);
    return false;
  }
  room ??= Buffer.allocUnsafeSlow(length);
  const memory = room;
  parts[buffer] = memory;
  parts[callback] = (received: number) => {
    take(memory.subarray(0, received));
    return true;
  };
  handle.useUserBuffer(memory);
  return true;
}
