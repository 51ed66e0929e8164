// Tells when there is something to receive, without receiving it: libuv's poll handle on the event loop of this thread.
import { setImmediate } from 'node:timers';
import { Memory, native, systemError } from './library.ts';

const pollHandle = 8;
const readableEvent = 1;

/** A poll handle of libuv. */
interface Watch {
  /** What libuv keeps the handle in, until it says that it is closed. */
  readonly memory: Memory;
  readonly pointer: bigint;
  stopped: boolean;
}

/** Every handle that libuv knows. They stay here, and so their memory is not freed, for as long as libuv may touch it. */
const watches = new Set<Watch>();
let exitObserved = false;

/**
 * Calls `readable` in a turn of its own, at most once in a round of the event loop, whenever the descriptor is readable, until the returned
 * function is called. That one resolves when the handle is gone; the descriptor may be closed as soon as it was called.
 * A worker thread with an open watch must not be ended by `terminate()`, which runs no JavaScript: Node then aborts the process.
 */
export function watchDescriptor(fd: number, readable: () => void): () => Promise<void> {
  const { lib, functions, loop } = native();
  const size = Number(functions.uv_handle_size(pollHandle));
  const memory = new Memory(size);
  const watch: Watch = { memory, pointer: memory.pointer(0, size), stopped: false };
  let scheduled = false;
  let restart = false;
  const start = () => {
    restart = false;
    succeed('uv_poll_start', functions.uv_poll_start(watch.pointer, readableEvent, onEvent));
  };
  const run = () => {
    scheduled = false;
    if (watch.stopped) return;
    readable();
    if (restart && !watch.stopped) start();
  };
  // libuv calls outside of any JavaScript turn, where promises and ticks are not run and an exception ends the process.
  const onEvent = lib.registerCallback({ arguments: ['pointer', 'i32', 'i32'], return: 'void' }, (_handle, status) => {
    // libuv stops at an error of the socket; receiving takes the error away.
    if (status < 0) restart = true;
    if (!scheduled) setImmediate(run);
    scheduled = true;
  });
  succeed('uv_poll_init', functions.uv_poll_init(loop, watch.pointer, fd));
  watches.add(watch);
  observeExit();
  start();
  return async () => {
    await closed(watch);
    lib.unregisterCallback(onEvent);
  };
}

/** Closes a handle. Resolves when libuv has let go of it. */
function closed(watch: Watch): Promise<void> {
  const { lib, functions } = native();
  watch.stopped = true;
  return new Promise((resolve) => {
    const onClose = lib.registerCallback({ arguments: ['pointer'], return: 'void' }, () => {
      setImmediate(() => {
        lib.unregisterCallback(onClose);
        watches.delete(watch);
        resolve();
      });
    });
    functions.uv_close(watch.pointer, onClose);
  });
}

/** Closes what is still open when the thread ends by itself: Node aborts the process when a worker leaves a handle behind. */
function observeExit(): void {
  if (exitObserved) return;
  exitObserved = true;
  process.on('exit', () => {
    for (const watch of watches) {
      if (!watch.stopped) native().functions.uv_close(watch.pointer, 0n);
      watch.stopped = true;
    }
  });
}

function succeed(call: string, result: number): void {
  if (result < 0) throw systemError(call, -result);
}
