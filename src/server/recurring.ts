// What an instance does again and again while its configuration is in use: a task by the clock, and a file that is looked at.
import { messageOf } from '../config/error.ts';
import type { WatchedFile } from '../config/watched-file.ts';
import type { Logger } from '../log/logger.ts';
import type { Awaitable } from '../plugin/awaitable.ts';

/** When to do it, how long, and where errors are told. */
export interface Recurrence {
  readonly milliseconds: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Milliseconds a timer can wait; asked for more, it would not wait at all. */
const longestDelay = 0x7fffffff;

/** Runs the task each time that long has passed; an error is logged and does not end it. */
export function every({ milliseconds, signal, log }: Recurrence, task: () => Awaitable<void>): void {
  const run = () => void Promise.try(task).catch((error: unknown) => log.error(messageOf(error)));
  const timer = setInterval(run, Math.min(milliseconds, longestDelay));
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** Looks at the file each time that long has passed, once at a time, and tells what it holds when it has changed. */
export function watch(recurrence: Recurrence, file: WatchedFile, changed: (content: Buffer) => Awaitable<void>): void {
  const { log } = recurrence;
  let isLooking = false;
  let isLost = false;
  const look = async () => {
    const content = await read();
    if (content !== undefined) await changed(content);
  };
  const read = async () => {
    try {
      const content = await file.readChange();
      isLost = false;
      return content;
    } catch (error) {
      const isExpected = (error as NodeJS.ErrnoException).code === 'ENOENT' && file.writtenAt === undefined;
      if (!isLost && !isExpected) log.warn(`${file.path} cannot be read, what it said before stays in use: ${messageOf(error)}`);
      isLost = true;
      return undefined;
    }
  };
  every(recurrence, async () => {
    if (isLooking) return;
    isLooking = true;
    await look().finally(() => {
      isLooking = false;
    });
  });
}
