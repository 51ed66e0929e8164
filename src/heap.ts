// Imported before all else: keeps the memory of this process small. V8 lets the young generation grow to 32 MiB and the old one to twice of what is
// in use, and glibc has an arena of its own for each thread; a server that makes little and keeps bytes gains nothing by that.
import { memoryReturn, shareArena } from './transport/batch/library.ts';

/** Memory is given back when so many octets have been taken since the last time; milliseconds between two looks at that. */
const enough = 4 * 2 ** 20;
const look = 1000;

shareArena();
// Octets of a piece of memory that small buffers share, which is there for as long as one of them is: 64 KiB in Node 26, nearly all of which outlived the
// young generation for the sake of some queries on their way.
Buffer.poolSize = 8192;
const giveBack = memoryReturn();
if (giveBack !== undefined) {
  let least = 0;
  const watch = () => {
    if (process.memoryUsage.rss() - least < enough) return;
    giveBack();
    least = process.memoryUsage.rss();
  };
  setInterval(watch, look).unref();
}

/**
 * Bounds the heap of V8. Called when the program is loaded and has not begun to run: Node's own modules come compiled, and V8 takes what was compiled under
 * other flags for nothing; but what a configuration makes while it is loaded would let the young generation grow, and it never shrinks.
 */
export function boundHeap(): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  // The young generation stays as large as the start has made it: 1 or 2 MiB in use, and as much to copy to.
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * Bounds the rest. Called when the start is over. Collections find little while the start fills the old generation, as with all of a large cluster. Maglev,
 * the middle one of V8's compilers, is left out: its queue has no bound, and what waits in it takes 20 to 40 MiB when the first load makes hundreds of
 * functions hot at once. Turbofan compiles the hottest ones either way; but before the start is over, that it does so would have its own code read from the
 * file, which is 4 MiB.
 */
export function boundStarted(): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  // Percent by which the old generation grows before it is collected.
  setFlagsFromString('--heap-growing-percent=30');
  setFlagsFromString('--no-maglev');
}
