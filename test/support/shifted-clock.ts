// Preloaded into a process whose wall clock a test sets: by as many milliseconds as a file `clock` in its folder says. The monotonic clock goes on.
import { readFileSync } from 'node:fs';

const Unshifted = Date;
let shift = 0;

function read(): void {
  shift = Number(readFileSync('clock', 'utf8')) || 0;
}

class ShiftedDate extends Unshifted {
  constructor(...args: readonly unknown[]) {
    super(...((args.length === 0 ? [ShiftedDate.now()] : args) as [number]));
  }

  static override now(): number {
    return Unshifted.now() + shift;
  }
}

read();
setInterval(read, 10).unref();
globalThis.Date = ShiftedDate as DateConstructor;
