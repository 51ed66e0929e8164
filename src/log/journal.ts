// Whether journald reads what is written: systemd says so by JOURNAL_STREAM (systemd.exec(5)).
import { fstatSync } from 'node:fs';
import type { LogForm } from './logger.ts';

/** The form of lines for whoever reads a file descriptor: a service that is started by hand has the variable too, but another stream. */
export function defaultLogForm(fd: number, { JOURNAL_STREAM: stream }: NodeJS.ProcessEnv): LogForm {
  if (stream === undefined) return 'text';
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}` ? 'journal' : 'text';
  } catch {
    // It is closed.
    return 'text';
  }
}
